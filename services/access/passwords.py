"""Passwords, by argon2id: what it costs, how many are tried at a time, and that an unknown name costs the same.

Trying one takes a tenth of a second and the memory of the setting, on purpose; in threads of its own, so few that those
who sign in can't take processor and memory from those who ask for figures.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from projections.bilingual import Bilingual
from services.access.refusals import AccessError, UnfitError

Result = TypeVar("Result")

AT_A_TIME: Final = 4
WAITING: Final = 50
"""Tries that may wait for their turn; further ones are sent away."""
SHORTEST, LONGEST = 12, 256
"""Characters."""


class TooBusyError(AccessError):
    """More passwords are tried than there is room for: 503."""


class Passwords:
    """Makes and tries hashes; one a process. `memory` is in megabytes."""

    def __init__(self, memory: int) -> None:
        self._hasher = PasswordHasher(time_cost=3, memory_cost=memory * 1024, parallelism=1, type=Type.ID)
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="password")
        self._under_way = 0
        self._nobodys: str | None = None
        self.tried = 0
        """How many tries have been worked out: the same work for every name."""

    async def hash(self, password: str) -> str:
        """Make the hash of a new password. Raises UnfitError where it is too short or too long, and TooBusyError."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise UnfitError(
                "password",
                Bilingual(
                    f"mật khẩu cần {SHORTEST}-{LONGEST} ký tự", f"a password has {SHORTEST}-{LONGEST} characters"
                ),
            )
        return await self._in_a_thread(self._hasher.hash, _form(password))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Tell whether a password is the one of a hash; without a hash never, and after the same work.

        Raises TooBusyError.
        """
        if self._nobodys is None:
            self._nobodys = await self._in_a_thread(self._hasher.hash, secrets.token_hex(16))
        self.tried += 1
        right = await self._in_a_thread(self._try, hashed or self._nobodys, _form(password[: LONGEST + 1]))
        return right and hashed is not None

    def is_dated(self, hashed: str) -> bool:
        """Tell whether a hash was made at another cost than that of now."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        """Begin no other try."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _try(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_a_thread(self, work: Callable[..., Result], *given: str) -> Result:
        if self._under_way >= AT_A_TIME + WAITING:
            raise TooBusyError(Bilingual("Quá nhiều người đang đăng nhập", "Too many are signing in at this moment"))
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._under_way -= 1


def _form(password: str) -> str:
    """Return the one form of a password that different keyboards write differently."""
    return unicodedata.normalize("NFKC", password)
