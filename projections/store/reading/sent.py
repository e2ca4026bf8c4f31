"""What a sender is told of events by their keys and positions: from the ledger, as the bus's receipts have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from projections.store.reading.receipts import TOLD
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

_AT: Final = f"{TOLD} WHERE position = ANY($1::bigint[]) ORDER BY position"
# Found by their keys first: a join of the whole ledger with its verdicts is more than PostgreSQL sees through.
_UNDER: Final = f"""{TOLD} WHERE position = ANY(ARRAY(
    SELECT position FROM unnest($1::text[], $2::text[]) AS asked (publisher, id)
    JOIN ledger ON ledger.id = asked.id AND ledger.publisher = asked.publisher AND ledger.first
)) ORDER BY position"""


async def told_at(snapshot: Snapshot, positions: Sequence[int]) -> list[Record]:
    """Return what became of the messages at positions, as `receipts` does; whoever asks may know it.

    How many are asked for is for the caller to bound.
    """
    rows: list[Record] = await snapshot.connection.fetch(_AT, list(positions))
    return rows


async def told_under(snapshot: Snapshot, keys: Sequence[tuple[str, str]]) -> list[Record]:
    """Return what became of the first message under each (publisher, id), in the same way."""
    publishers, ids = [publisher for publisher, _ in keys], [id_ for _, id_ in keys]
    rows: list[Record] = await snapshot.connection.fetch(_UNDER, publishers, ids)
    return rows
