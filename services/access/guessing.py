"""Guessing is slowed down: by name, by address, and by both; in the database, for all processes together.

Each key has a bucket that holds some tries and is emptied at a steady pace: nobody is ever locked out, an attacker
waits, and who has a bucket of his own does not wait for him. A name that is guessed at from everywhere is slow for
strangers alone: for an address from which the account signed in lately only its own tries count.
"""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from projections.bilingual import Bilingual
from services.access.refusals import AccessError

if TYPE_CHECKING:
    from services.access.database import Connected


class AllowedTries(NamedTuple):
    """How many tries a bucket holds, and in how many seconds one of them is worked off."""

    burst: int
    seconds: float


OF_BOTH: Final = AllowedTries(5, 60)
"""One name from one address."""
OF_NAME: Final = AllowedTries(20, 60)
"""One name from all addresses that are strange to it."""
OF_ADDRESS: Final = AllowedTries(50, 5)
"""All names from one address: an office behind one address signs in within a minute."""
TOLD_AGAIN_AFTER: Final = dt.timedelta(minutes=10)
FORGOTTEN_AFTER: Final = dt.timedelta(hours=1)

_TAKE: Final = """
INSERT INTO attempt AS a (key, free_at) VALUES ($1, $2::timestamptz + $3)
ON CONFLICT (key) DO UPDATE SET free_at = greatest(a.free_at, $2) + $3 WHERE greatest(a.free_at, $2) - $2 <= $4
RETURNING true
"""
_GIVE_BACK: Final = "UPDATE attempt SET free_at = free_at - $2::interval WHERE key = $1"
_TELL: Final = """
UPDATE attempt SET told_at = $2 WHERE key = $1 AND (told_at IS NULL OR told_at <= $2::timestamptz - $3::interval)
RETURNING true
"""
_FORGET: Final = """
DELETE FROM attempt WHERE key IN (
    SELECT key FROM attempt WHERE free_at < $1::timestamptz - $2::interval LIMIT 100 FOR UPDATE SKIP LOCKED)
"""


class SlowedDownError(AccessError):
    """Too many tries: 429. ``seconds`` until the next; ``tell``: the audit log wasn't told lately."""

    def __init__(self, seconds: int, *, tell: bool) -> None:
        super().__init__(
            Bilingual(f"Thử quá nhiều lần; hãy đợi {seconds} giây", f"Too many tries: wait for {seconds} seconds")
        )
        self.seconds = seconds
        self.tell = tell


class _FullError(Exception):
    """A bucket holds no more; what was put into the others is taken back with the transaction."""

    def __init__(self, key: bytes, pace: AllowedTries) -> None:
        super().__init__()
        self.key, self.pace = key, pace


class Try(NamedTuple):
    """A try to sign in, by whom and from where; `familiar`: the account signed in from there lately."""

    name_key: str
    address: str
    familiar: bool = False

    def buckets(self) -> list[tuple[bytes, AllowedTries]]:
        """Return the buckets that it goes into, always in this order, so that no two tries wait for each other."""
        both = (_key("both", self.name_key, self.address), OF_BOTH)
        name = [] if self.familiar else [(_key("name", self.name_key), OF_NAME)]
        return [both, *name, (_key("address", self.address), OF_ADDRESS)]


async def take(connection: Connected, tried: Try, now: dt.datetime) -> None:
    """Count a try before it is looked at, in a transaction of its own. Raises SlowedDownError where it is one too many.

    What is refused is not counted: whoever knocks on does not keep the door shut.
    """
    try:
        async with connection.transaction():
            for key, pace in tried.buckets():
                await _put_into(connection, key, pace, now)
            await connection.execute(_FORGET, now, FORGOTTEN_AFTER)
    except _FullError as full:
        raise await _slowed(connection, full.key, full.pace, now) from None


async def _put_into(connection: Connected, key: bytes, pace: AllowedTries, now: dt.datetime) -> None:
    each = dt.timedelta(seconds=pace.seconds)
    if not await connection.fetchval(_TAKE, key, now, each, each * (pace.burst - 1)):
        raise _FullError(key, pace)


async def give_back(connection: Connected, tried: Try) -> None:
    """Take a try back that was right: it is the guesses that count."""
    both, *others = tried.buckets()
    await connection.execute("DELETE FROM attempt WHERE key = $1", both[0])
    for key, pace in others:
        await connection.execute(_GIVE_BACK, key, dt.timedelta(seconds=pace.seconds))


async def _slowed(connection: Connected, key: bytes, pace: AllowedTries, now: dt.datetime) -> SlowedDownError:
    free_at = await connection.fetchval("SELECT free_at FROM attempt WHERE key = $1", key)
    full = dt.timedelta(seconds=pace.seconds * (pace.burst - 1))
    seconds = 1 if free_at is None else max(1, round((free_at - now - full).total_seconds() + 0.5))
    tell = await connection.fetchval(_TELL, key, now, TOLD_AGAIN_AFTER)
    return SlowedDownError(seconds, tell=bool(tell))


def _key(*parts: str) -> bytes:
    """Make the key of a bucket: what is typed into the field of a name may be anything, a password for example."""
    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()
