"""Signing in with a name and a password. An unknown name, a wrong password and a disabled account are one and the same.

One and the same in what is answered, in the work that is done, and in how it is slowed down.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from projections.bilingual import Bilingual
from services.access import audit, guessing, sessions
from services.access.audit import Entry, record
from services.access.guessing import SlowedDownError, Try
from services.access.passwords import Passwords
from services.access.refusals import AccessError
from services.access.sign_in_names import LONGEST, key_of

if TYPE_CHECKING:
    from asyncpg import Pool, Record

_FIND: Final = """
SELECT id, CASE WHEN disabled_at IS NULL AND signs_in = 'local' THEN password END AS password,
    EXISTS (SELECT FROM session WHERE account = account.id AND came_from = $2) AS familiar
FROM (SELECT 1) AS one LEFT JOIN account ON name_key = $1
"""
_STILL: Final = "SELECT password = $2 AND disabled_at IS NULL FROM account WHERE id = $1 FOR UPDATE"


class WrongPasswordError(AccessError):
    """Name and password don't belong together, or not any more: 401."""

    def __init__(self) -> None:
        super().__init__(
            Bilingual("Tên đăng nhập hoặc mật khẩu không đúng", "The sign-in name or the password is not right")
        )


async def sign_in(
    pool: Pool[Record],
    passwords: Passwords,
    name: str,
    password: str,
    *,
    hours: int,
    came_from: str,
    instead_of: str | None,
    now: dt.datetime,
) -> str:
    """Begin a session and return its secret. ``now``: the clock by which guessing is slowed down.

    Raises WrongPasswordError, SlowedDownError, TooBusyError.
    """
    name_key = key_of(name[: LONGEST + 1])
    async with pool.acquire() as connection:
        row = await connection.fetchrow(_FIND, name_key, came_from)
        assert row is not None, "of one row there is always one"  # noqa: S101
        tried = Try(name_key, came_from, bool(row["familiar"]))
        try:
            await guessing.take(connection, tried, now)
        except SlowedDownError as slowed:
            if slowed.tell:
                await record(connection, _refusal(row["id"], came_from, "slowed down"))
            raise
    right = await passwords.verify(row["password"], password)  # without a connection: it takes its time
    if not right:
        await record(pool, _refusal(row["id"], came_from, "wrong"))
        raise WrongPasswordError
    renewed = await passwords.hash(password) if passwords.is_dated(row["password"]) else None
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(_STILL, row["id"], row["password"]):
            raise WrongPasswordError
        if renewed is not None:
            await connection.execute("UPDATE account SET password = $2 WHERE id = $1", row["id"], renewed)
        await guessing.give_back(connection, tried)
        return await sessions.begin(
            connection, row["id"], by="password", hours=hours, came_from=came_from, instead_of=instead_of
        )


def _refusal(account: str | None, came_from: str, why: str) -> Entry:
    """Tell of a refusal. What was typed as the name is never written down: it may be a password."""
    return Entry(audit.SIGN_IN_REFUSED, account=account, came_from=came_from, detail={"by": "password", "why": why})
