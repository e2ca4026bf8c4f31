"""Comparing two generations at one position, row by row: each difference with what is and what should be."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from projections.store.rebuilding.comparing import breakdown_rows
from projections.store.rebuilding.comparing.compared_tables import COMPARED, PACKED, PAST, ComparedTable
from projections.store.rebuilding.comparing.packed_rows import packed_differences
from projections.store.rebuilding.comparing.past_rows import past_differences
from projections.store.rebuilding.row_difference import RowDifference

MOST: Final = 1000
"""Differences of a table that are listed; all are counted."""

_DIGESTS = """
SELECT coalesce(u.id, '#' || d.unit) AS unit, d.copies, d.digest
FROM (
    SELECT t.unit, count(*) AS copies, sum({digest}) AS digest FROM {source} AS t WHERE {where} GROUP BY 1
) AS d LEFT JOIN {own}.unit AS u ON u.no = d.unit
"""
_UNITS_THAT_DIFFER = """
SELECT unit FROM ({one}) AS a FULL JOIN ({two}) AS b USING (unit)
WHERE (a.copies, a.digest) IS DISTINCT FROM (b.copies, b.digest)
"""
_ROWS = "SELECT {columns}, count(*) AS copies FROM {source} AS t {joins} WHERE {where} GROUP BY {numbers}"
_DIFFERENCES = """
SELECT jsonb_build_object({key}) AS key, CASE WHEN a.copies IS NOT NULL THEN jsonb_build_object({one}) END AS is_now,
    CASE WHEN b.copies IS NOT NULL THEN jsonb_build_object({two}) END AS should, count(*) OVER () AS of
FROM ({a}) AS a FULL JOIN ({b}) AS b USING ({using})
WHERE ({a_values}) IS DISTINCT FROM ({b_values})
ORDER BY 1 LIMIT {most}
"""
_NUMBERS_OF = """
t.{unit} = ANY(ARRAY(
    SELECT no FROM {own}.unit WHERE id = ANY($1::text[])
    UNION ALL SELECT substr(id, 2)::integer FROM unnest($1::text[]) AS id WHERE id LIKE '#%'
))
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two generations compared: how many rows of each table differ, and the first of these."""

    position: int
    counts: dict[str, int]
    listed: list[RowDifference]

    def __bool__(self) -> bool:
        return any(self.counts.values())


async def compare(
    connection: asyncpg.Connection,
    now: str,
    should: str,
    position: int,
    units: Collection[str] | None = None,
    *,
    tables: Sequence[ComparedTable] = COMPARED,
) -> Comparison:
    """Compare the generation in one schema with that in another, in these tables; of some units alone where given.

    The caller owns a transaction in which both stand at the position. It does not change.
    """
    counts, listed = dict[str, int](), list[RowDifference]()
    for compared in tables:
        found, total = await differences_in(connection, compared, now, should, units=units, most=MOST)
        counts[compared.table] = total
        listed += found
    return Comparison(position, counts, listed)


async def differences_in(
    connection: asyncpg.Connection,
    compared: ComparedTable,
    now: str,
    should: str,
    *,
    units: Collection[str] | None = None,
    most: int | None = None,
) -> tuple[list[RowDifference], int]:
    """Return the rows of a table that differ, at most so many, and their number."""
    if compared is PACKED:
        return await packed_differences(connection, now, should, most)
    if compared is PAST:
        return await past_differences(connection, now, should, most)
    if compared.table in (breakdown_rows.MONTHS, breakdown_rows.YEARS):
        return await breakdown_rows.breakdown_differences(connection, compared.table, (now, should), units, most)
    if compared.digest is not None and units is None:
        one, two = (_digests(compared, *sides) for sides in ((now, should), (should, now)))
        units = [unit for (unit,) in await connection.fetch(_UNITS_THAT_DIFFER.format(one=one, two=two))]
        if not units:
            return [], 0
        units = None if len(units) > MOST else units
    of_units = units is not None and bool(compared.units)
    query = _differences(compared, now, should, of_units=of_units, most=most)
    rows = await connection.fetch(query, *([list(units or ())] if of_units else []))
    found = [
        RowDifference(compared.table, *(_plain(row[name]) for name in ("key", "is_now", "should"))) for row in rows
    ]
    return found, rows[0]["of"] if rows else 0


async def ids_of(connection: asyncpg.Connection, schema: str, numbers: Collection[int]) -> list[str]:
    """Return the ids of units by their numbers in a generation, as far as it has them."""
    rows = await connection.fetch(f"SELECT id FROM {schema}.unit WHERE no = ANY($1::integer[])", list(numbers))
    return [id_ for (id_,) in rows]


def _digests(compared: ComparedTable, own: str, other: str) -> str:
    where = compared.where.format(own=own, other=other)
    return _DIGESTS.format(own=own, source=compared.digest_source(own), digest=compared.digest, where=where)


def _differences(compared: ComparedTable, now: str, should: str, *, of_units: bool, most: int | None) -> str:
    values = (*compared.values, "copies")
    return _DIFFERENCES.format(
        key=_pairs(compared.key, ""),
        one=_pairs(values, "a."),
        two=_pairs(values, "b."),
        a=_rows(compared, now, should, of_units=of_units),
        b=_rows(compared, should, now, of_units=of_units),
        using=", ".join(compared.key),
        a_values=_said(compared, values, "a", "b"),
        b_values=_said(compared, values, "b", "a"),
        most=most or "ALL",
    )


def _said(compared: ComparedTable, values: Sequence[str], own: str, other: str) -> str:
    return ", ".join(
        f"coalesce({own}.{name}, {other}.{name})" if name in compared.may_lack else f"{own}.{name}" for name in values
    )


def _rows(compared: ComparedTable, own: str, other: str, *, of_units: bool) -> str:
    columns, joins = [], []
    for name in (*compared.key, *compared.values):
        if name in compared.units:
            joins.append(f"LEFT JOIN {own}.unit AS {name}_unit ON {name}_unit.no = t.{name}")
            columns.append(f"coalesce({name}_unit.id, '#' || t.{name}) AS {name}")
        else:
            columns.append(f"t.{name}")
    where = compared.where.format(own=own, other=other)
    if of_units:
        where += " AND " + _NUMBERS_OF.format(unit=compared.units[0], own=own)
    numbers = ", ".join(str(n) for n in range(1, len(columns) + 1))
    return _ROWS.format(
        columns=", ".join(columns), source=compared.source(own), joins=" ".join(joins), where=where, numbers=numbers
    )


def _pairs(names: Sequence[str], prefix: str) -> str:
    return ", ".join(f"'{name}', {prefix}{name}" for name in names)


def _plain(text: str | None) -> Any:
    return None if text is None else json.loads(text)
