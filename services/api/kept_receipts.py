"""Receipts of what was sent over HTTP, kept in a table: what was sent, never what became of it (contract, section 8).

One is written before its events are published, and again when the bus has answered: whoever is killed in between leaves
one that the log completes.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from services.access.audit import Entry, record

if TYPE_CHECKING:
    from asyncpg import Pool, Record

_WRITE: Final = "INSERT INTO receipt (id, account, items) VALUES ($1, $2, $3)"
_COMPLETE: Final = "UPDATE receipt SET items = $2, answered_at = clock_timestamp() WHERE id = $1"
_READ: Final = "SELECT items, answered_at FROM receipt WHERE id = $1 AND account = $2"
_PAGE: Final = """
SELECT id, made_at, items FROM receipt WHERE account = $1 AND (made_at, id) < ($2, $3)
ORDER BY made_at DESC, id DESC LIMIT $4
"""
_END: Final = (dt.datetime(9999, 1, 1, tzinfo=dt.UTC), "")


class KeptItem(msgspec.Struct, array_like=True):
    """An event of a receipt. ``position``: where it stands in the log, None while nobody knows; digest of its body."""

    publisher: str | None
    id: str | None
    status: str
    position: int | None = None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    digest: str | None = None


class KeptReceipt(NamedTuple):
    """A receipt as it is kept; where it was not ``answered``, what it says was not sent may stand in the log."""

    items: list[KeptItem]
    answered: bool


class ReceiptHead(NamedTuple):
    """A receipt in a list."""

    id: str
    made_at: dt.datetime
    items: list[KeptItem]


_items: Final = msgspec.json.Decoder(list[KeptItem]).decode


def new_id() -> str:
    """Make an id that nobody guesses."""
    return f"r-{secrets.token_hex(16)}"


async def begin(pool: Pool[Record], receipt: str, account: str, items: Sequence[KeptItem], said: Entry) -> None:
    """Write a receipt, and in the audit log who sends, in one transaction. Raises what asyncpg raises."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_WRITE, receipt, account, msgspec.json.encode(items).decode())
        await record(connection, said)


async def complete(pool: Pool[Record], receipt: str, items: Sequence[KeptItem]) -> None:
    """Write what the bus has answered. Raises what asyncpg and the network raise."""
    await pool.execute(_COMPLETE, receipt, msgspec.json.encode(items).decode())


async def forget(pool: Pool[Record], receipt: str) -> None:
    """Take a receipt away of which nothing was accepted. Raises what asyncpg and the network raise."""
    await pool.execute("DELETE FROM receipt WHERE id = $1", receipt)


async def find(pool: Pool[Record], receipt: str, account: str) -> KeptReceipt | None:
    """Return a receipt of an account, None where it has no such one."""
    row = await pool.fetchrow(_READ, receipt, account)
    return None if row is None else KeptReceipt(_items(row["items"]), row["answered_at"] is not None)


async def page(
    pool: Pool[Record], account: str, *, before: tuple[dt.datetime, str] | None, limit: int
) -> tuple[list[ReceiptHead], tuple[dt.datetime, str] | None]:
    """Return receipts of an account, the newest first, and before which one the next page begins."""
    rows = await pool.fetch(_PAGE, account, *(before or _END), limit + 1)
    found = [ReceiptHead(row["id"], row["made_at"], _items(row["items"])) for row in rows[:limit]]
    return found, (found[-1].made_at, found[-1].id) if len(rows) > limit else None
