"""Receipts of what was sent over HTTP, kept in a table: what was sent, never what became of it (contract, section 8).

One is written before its events are published, and again when the bus has answered: whoever is killed in between leaves
one that the log completes. That of a sheet has a part for each thousand rows, each of which is written in this way.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from services.access.audit import Entry, record
from services.send_answers import ACCEPTED

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy

A_PART: Final = 1_000
"""Events of a part."""
_WRITE: Final = """
INSERT INTO receipt (id, part, account, total, items, accepted) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id, part) DO UPDATE SET items = excluded.items, accepted = excluded.accepted, answered_at = NULL
"""
_COMPLETE: Final = """
UPDATE receipt SET items = $3, accepted = $4, answered_at = clock_timestamp() WHERE id = $1 AND part = $2
"""
_OF_IMPORT: Final = "UPDATE import SET receipt = $2 WHERE id = $1 AND receipt IS NULL"
_FORGET: Final = """
DELETE FROM receipt WHERE id = $1 AND NOT EXISTS (SELECT FROM receipt WHERE id = $1 AND accepted > 0)
"""
_OF_NO_IMPORT: Final = """
UPDATE import SET receipt = NULL WHERE receipt = $1 AND NOT EXISTS (SELECT FROM receipt WHERE id = $1)
"""
_READ: Final = """
SELECT (SELECT max(total) FROM receipt WHERE id = $1 AND account = $2) AS total, items, answered_at
FROM (VALUES (true)) AS always LEFT JOIN receipt ON id = $1 AND account = $2 AND part = $3
"""
_OF_SHEET: Final = """
SELECT items, answered_at, total FROM receipt
WHERE id = (SELECT receipt FROM import WHERE id = $1) AND part = $2
"""
_PAGE: Final = """
SELECT id, made_at, total, (SELECT sum(each.accepted) FROM receipt AS each WHERE each.id = receipt.id) AS accepted
FROM receipt WHERE part = 0 AND account = $1 AND (made_at, id) < ($2, $3)
ORDER BY made_at DESC, id DESC LIMIT $4
"""
_SWEEP: Final = """
DELETE FROM receipt WHERE id IN (
    SELECT id FROM receipt AS old WHERE part = 0 AND made_at < now() - make_interval(days => $1)
    AND NOT EXISTS (SELECT FROM import WHERE import.receipt = old.id)
)
"""
_END: Final = (dt.datetime(9999, 1, 1, tzinfo=dt.UTC), "")


class KeptItem(msgspec.Struct, array_like=True):
    """An event of a receipt. ``position``: where it stands in the log, None while nobody knows; digest of its body.

    ``row`` is its number in the sheet that it is of.
    """

    publisher: str | None
    id: str | None
    status: str
    position: int | None = None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    digest: str | None = None
    row: int | None = None


class KeptReceipt(NamedTuple):
    """A part of a receipt as it is kept; where it was not ``answered``, what it says was not sent may be in the log.

    ``total`` counts the events of all parts; ``items`` is None where this one was not begun.
    """

    items: list[KeptItem] | None
    answered: bool
    total: int


class ReceiptHead(NamedTuple):
    """A receipt in a list."""

    id: str
    made_at: dt.datetime
    items: int
    accepted: int


class ReceiptPart(NamedTuple):
    """Which part of which receipt is written, of whose, and how many events all parts have."""

    receipt: str
    account: str
    total: int
    part: int = 0
    of_import: str | None = None


_items: Final = msgspec.json.Decoder(list[KeptItem]).decode


def new_id() -> str:
    """Make an id that nobody guesses."""
    return f"r-{secrets.token_hex(16)}"


async def begin(pool: Pool[Record], part: ReceiptPart, items: Sequence[KeptItem], said: Entry | None) -> None:
    """Write a part, and in the audit log who sends, in one transaction. Raises what asyncpg raises."""
    row = (part.receipt, part.part, part.account, part.total, _written(items), _accepted(items))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_WRITE, *row)
        if part.of_import is not None:
            await connection.execute(_OF_IMPORT, part.of_import, part.receipt)
        if said is not None:
            await record(connection, said)


async def complete(pool: Pool[Record], part: ReceiptPart, items: Sequence[KeptItem]) -> None:
    """Write what the bus has answered. Raises what asyncpg and the network raise."""
    await pool.execute(_COMPLETE, part.receipt, part.part, _written(items), _accepted(items))


async def forget(pool: Pool[Record], receipt: str) -> None:
    """Take a receipt away of which nothing was accepted. Raises what asyncpg and the network raise."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_FORGET, receipt)
        await connection.execute(_OF_NO_IMPORT, receipt)


async def find(pool: Pool[Record], receipt: str, account: str, part: int = 0) -> KeptReceipt | None:
    """Return a part of a receipt of an account, None where the account has no such receipt."""
    row = await pool.fetchrow(_READ, receipt, account, part)
    return None if row is None or row["total"] is None else _kept(row)


async def of_import(connection: PoolConnectionProxy[Record], import_: str, part: int) -> KeptReceipt | None:
    """Return a part of the receipt of a sheet, None where there is none; in the caller's transaction."""
    row = await connection.fetchrow(_OF_SHEET, import_, part)
    return None if row is None else _kept(row)


async def parts_of(pool: Pool[Record], receipt: str) -> dict[int, KeptReceipt]:
    """Return all parts of a receipt that were begun."""
    rows = await pool.fetch("SELECT part, items, answered_at, total FROM receipt WHERE id = $1", receipt)
    return {row["part"]: _kept(row) for row in rows}


async def page(
    pool: Pool[Record], account: str, *, before: tuple[dt.datetime, str] | None, limit: int
) -> tuple[list[ReceiptHead], tuple[dt.datetime, str] | None]:
    """Return receipts of an account, the newest first, and before which one the next page begins."""
    rows = await pool.fetch(_PAGE, account, *(before or _END), limit + 1)
    found = [ReceiptHead(*row.values()) for row in rows[:limit]]
    return found, (found[-1].made_at, found[-1].id) if len(rows) > limit else None


async def sweep(pool: Pool[Record], keep_days: int) -> None:
    """Take away what is older than so many days, and of no import that is kept."""
    await pool.execute(_SWEEP, keep_days)


def _kept(row: Record) -> KeptReceipt:
    items = None if row["items"] is None else _items(row["items"])
    return KeptReceipt(items, row["answered_at"] is not None, row["total"])


def _written(items: Sequence[KeptItem]) -> str:
    return msgspec.json.encode(items).decode()


def _accepted(items: Sequence[KeptItem]) -> int:
    return sum(item.status == ACCEPTED for item in items)
