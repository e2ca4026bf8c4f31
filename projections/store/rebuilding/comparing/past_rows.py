"""What units have as-now before a day, compared with what the tables of the other generation come to.

Rows that are missing are no difference: they are made when nothing else is to be done, and read where they are there.
"""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from projections.store.batch.as_now_pasts import made
from projections.store.rebuilding.row_difference import RowDifference

TABLE: Final = "as_now_past"

# Who reads asks for those of this edition and of the rules that wrote last.
_IS_NOW: Final = """
SELECT past.unit, unit.id, past.until, {others} AS others, encode(sha256(past.days), 'hex') AS days
FROM {now}.as_now_past AS past JOIN public.checkpoint USING (repairs, rules)
LEFT JOIN {now}.unit ON unit.no = past.unit
ORDER BY past.unit
"""
_SHOULD: Final = """
SELECT unit.id, made.until, {others} AS others, encode(sha256(made.days), 'hex') AS days
FROM ({made}) AS made JOIN {should}.unit ON unit.no = made.unit
"""
# Of another generation the numbers are others.
_OTHERS: Final = """
coalesce((SELECT array_agg(id ORDER BY id COLLATE "C") FROM {schema}.unit WHERE no = ANY({row}.others)), '{{}}')
"""
_NUMBERS: Final = "SELECT no FROM {should}.unit WHERE id = ANY($1::text[])"


async def past_differences(
    connection: asyncpg.Connection, now: str, should: str, most: int | None
) -> tuple[list[RowDifference], int]:
    """Return the rows of a schema that differ from what another one comes to, at most so many, and their number."""
    rows = await connection.fetch(_IS_NOW.format(now=now, others=_OTHERS.format(schema=now, row="past")))
    if not rows:
        return [], 0
    known = [row["id"] for row in rows if row["id"] is not None]
    numbers = [no for (no,) in await connection.fetch(_NUMBERS.format(should=should), known)]
    others = _OTHERS.format(schema=should, row="made")
    query = _SHOULD.format(made=made(f"{should}."), should=should, others=others)
    right = {row["id"]: _said(row) for row in await connection.fetch(query, numbers)}
    found = [
        RowDifference(TABLE, {"unit": row["id"] or f"#{row['unit']}"}, _said(row), right.get(row["id"]))
        for row in rows
        if _said(row) != right.get(row["id"])
    ]
    return found[:most], len(found)


def _said(row: asyncpg.Record) -> dict[str, Any]:
    return {"until": row["until"].isoformat(), "others": row["others"], "days": row["days"]}
