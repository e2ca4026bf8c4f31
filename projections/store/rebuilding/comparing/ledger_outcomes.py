"""What the ledger and the checkpoint themselves say, held to each other; and how many outcomes a switch alters."""

from __future__ import annotations

from typing import Final

import asyncpg

from projections.store.rebuilding.row_difference import RowDifference

_MARKS: Final = """
SELECT as_of, (SELECT published_at FROM ledger WHERE ledger.position = $1) AS published_at FROM checkpoint
"""
_BEYOND: Final = "SELECT position, publisher, id FROM ledger WHERE position > $1 ORDER BY position"
_UNLIKE: Final = """
SELECT count(*)
FROM {now}.verdict AS a FULL JOIN {should}.verdict AS b ON a.position = b.position
WHERE ROW(a.*) IS DISTINCT FROM ROW(b.*)
"""


async def unlike_outcomes(connection: asyncpg.Connection, now: str, should: str) -> int:
    """Return of how many messages two generations say something else: what a switch between them alters."""
    return int(await connection.fetchval(_UNLIKE.format(now=now, should=should)))


async def different_marks(connection: asyncpg.Connection, position: int) -> list[RowDifference]:
    """Return what the checkpoint says otherwise than the ledger does of its position: the bus's time there."""
    row = await connection.fetchrow(_MARKS, position)
    if row is None or row["as_of"] == row["published_at"]:
        return []
    says, should = ({"as_of": None if at is None else at.isoformat()} for at in row)
    return [RowDifference("checkpoint", {"position": position}, says, should)]


async def beyond(connection: asyncpg.Connection, position: int) -> list[RowDifference]:
    """Return the messages in the ledger after a position where it ends: nobody decided them."""
    rows = await connection.fetch(_BEYOND, position)
    return [
        RowDifference("ledger", {"position": at}, {"publisher": publisher, "id": id_}, None)
        for at, publisher, id_ in rows
    ]
