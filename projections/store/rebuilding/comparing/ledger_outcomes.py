"""The outcomes in the ledger: those of the generation in force, written there for all who ask (decision 0016)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import asyncpg

from events.catalogue import CATALOGUE
from projections.store.rebuilding.row_difference import RowDifference

_FACT_TYPES: Final = [row.type for row in CATALOGUE.values() if row.kind == "fact"]
_COLUMNS: Final = (
    *("outcome", "reason", "field", "detail", "first", "first_position"),
    *("held_at", "rejected_at", "retracted_at", "retracted_by"),
)

# A message without a verdict simply holds.
_OUTCOME_OF: Final = """
SELECT coalesce(v.outcome, CASE WHEN ledger.type = ANY($1::text[]) THEN 'counted' ELSE 'applied' END) AS outcome,
    v.reason, v.field, v.detail, coalesce(v.first, true) AS first, v.first_position,
    CASE WHEN v.outcome IS NULL THEN ledger.position ELSE v.held_at END AS held_at,
    v.rejected_at, v.retracted_at, v.retracted_by
"""
_WRITE: Final = """
UPDATE ledger SET {columns}
FROM (
    SELECT ledger.position, should.*
    FROM ledger LEFT JOIN {schema}.verdict AS v USING (position) CROSS JOIN LATERAL ({outcome}) AS should
    WHERE ledger.position = ANY($2::bigint[])
) AS s
WHERE ledger.position = s.position
"""
_DIFFERENT: Final = """
SELECT ledger.position, jsonb_build_object({is_now}) AS is_now, to_jsonb(should) AS should
FROM ledger LEFT JOIN {schema}.verdict AS v USING (position) CROSS JOIN LATERAL ({outcome}) AS should
WHERE ({columns}) IS DISTINCT FROM ROW(should.*) AND ledger.position <= $2
ORDER BY 1
"""
_MARKS: Final = """
SELECT as_of, (SELECT published_at FROM ledger WHERE ledger.position = $1) AS published_at FROM checkpoint
"""
_BEYOND: Final = "SELECT position, publisher, id FROM ledger WHERE position > $1 ORDER BY position"
_UNLIKE: Final = """
SELECT coalesce(a.position, b.position)
FROM {now}.verdict AS a FULL JOIN {should}.verdict AS b ON a.position = b.position
WHERE ROW(a.*) IS DISTINCT FROM ROW(b.*)
"""


async def write_outcomes(connection: asyncpg.Connection, now: str, should: str) -> int:
    """Write the outcomes of one generation into the ledger where those of another differ; return how many did.

    The caller owns the transaction.
    """
    positions = [position for (position,) in await connection.fetch(_UNLIKE.format(now=now, should=should))]
    await write_outcomes_at(connection, should, positions)
    return len(positions)


async def write_outcomes_at(connection: asyncpg.Connection, schema: str, positions: Sequence[int]) -> None:
    """Write a generation's outcomes of some messages into the ledger. The caller owns the transaction."""
    if positions:
        columns = ", ".join(f"{name} = s.{name}" for name in _COLUMNS)
        write = _WRITE.format(schema=schema, outcome=_OUTCOME_OF, columns=columns)
        await connection.execute(write, _FACT_TYPES, list(positions))


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


async def different_outcomes(connection: asyncpg.Connection, schema: str, position: int) -> list[RowDifference]:
    """Return the messages up to a position of which the ledger says something else than a generation decides."""
    query = _DIFFERENT.format(
        schema=schema,
        outcome=_OUTCOME_OF,
        is_now=", ".join(f"'{name}', ledger.{name}" for name in _COLUMNS),
        columns=", ".join(f"ledger.{name}" for name in _COLUMNS),
    )
    return [
        RowDifference("ledger", {"position": row["position"]}, json.loads(row["is_now"]), json.loads(row["should"]))
        for row in await connection.fetch(query, _FACT_TYPES, position)
    ]
