"""Repairing the generation in use by one that was made from the ledger, row by row, with a record of each.

One transaction, fenced like every other writer: the checkpoint's count of repairs is part of the fence, so that a
projector loads anew what it may have loaded wrong, and part of each answer's ETag.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import asyncpg

from projections.rules.counting.periods import MONTH_BASE, YEAR_BASE
from projections.store.batch import breakdowns
from projections.store.batch.packing import pack_all
from projections.store.checkpoint import NOTIFICATIONS, lock_checkpoint
from projections.store.generations import enter
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.comparing import breakdown_rows
from projections.store.rebuilding.comparing.compare_generations import Comparison, differences_in
from projections.store.rebuilding.comparing.compared_tables import PACKED, PAST, VERIFIED, ComparedTable
from projections.store.rebuilding.comparing.ledger_outcomes import different_marks
from projections.store.rebuilding.making.generation import Generation
from projections.store.rebuilding.row_difference import RowDifference

_NAMES = "UPDATE ledger SET type = $2, subject = $3 WHERE position = $1"
_AS_OF = "UPDATE checkpoint SET as_of = (SELECT published_at FROM ledger WHERE ledger.position = checkpoint.position)"
_REPAIRED = "UPDATE checkpoint SET repairs = repairs + 1"
_RECORD = """
INSERT INTO repair (generation, position, what, unit, measure, period, key, was, is_now)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, $9::text::jsonb)
"""
_RECORDS = """
SELECT no, at, generation, position, what, unit, measure, period, key::text, was::text, is_now::text
FROM repair ORDER BY no DESC LIMIT $1
"""

# The number of a unit that is missing is free, unless it was given to another one meanwhile.
_MISSING_UNITS: Final = """
INSERT INTO {now}.unit (no, id, established, since, dissolved, successor, name, level, large, vast, running)
SELECT CASE WHEN EXISTS (SELECT FROM {now}.unit AS taken WHERE taken.no = s.no)
        THEN (SELECT max(no) FROM {now}.unit) + row_number() OVER (ORDER BY s.no) ELSE s.no END,
    s.id, s.established, s.since, s.dissolved, NULL, s.name, s.level, s.large, s.vast, s.running
FROM {should}.unit AS s WHERE NOT EXISTS (SELECT FROM {now}.unit AS known WHERE known.id = s.id)
"""

_NUMBER_HERE: Final = "(SELECT h.no FROM {now}.unit AS h JOIN {should}.unit AS w USING (id) WHERE w.no = t.{name})"
_NUMBERED: Final = """t.unit = CASE WHEN $1 LIKE '#%' THEN substr($1, 2)::integer
    ELSE (SELECT no FROM {own}.unit WHERE id = $1) END"""
_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


_TAKE_SUMS: Final = f"""
DELETE FROM {{now}}.running_sum AS t WHERE t.period = $2::integer AND {_NUMBERED.format(own="{now}")}
"""
_PUT_SUMS: Final = f"""
INSERT INTO {{now}}.running_sum (unit, period, sums)
SELECT (SELECT no FROM {{now}}.unit WHERE id = $1::text), t.period, t.sums FROM {{should}}.running_sum AS t
WHERE t.period = $2::integer AND {_NUMBERED.format(own="{should}")}
"""


_TAKE_PASTS: Final = "DELETE FROM {now}.as_now_past"

_ASKED: Final = "unnest($1::text[], $2::integer[]) AS asked(id, year) JOIN {now}.unit AS here USING (id)"
_THERE: Final = f"{_ASKED} JOIN {{should}}.unit AS there USING (id)"
_IN_YEAR: Final = f"{YEAR_BASE} + (t.month - {MONTH_BASE}) / 100 = asked.year"
_BREAKDOWNS: Final = (
    f"DELETE FROM {{now}}.breakdown AS t USING {_ASKED} WHERE t.unit = here.no AND {_IN_YEAR}",
    f"DELETE FROM {{now}}.breakdown_year AS t USING {_ASKED} WHERE t.unit = here.no AND t.year = asked.year",
    f"""
INSERT INTO {{now}}.breakdown (unit, month, summed, rows)
SELECT here.no, t.month, t.summed, t.rows
FROM {_THERE} JOIN {{should}}.breakdown AS t ON t.unit = there.no AND {_IN_YEAR}
""",
    f"""
INSERT INTO {{now}}.breakdown_year (unit, year, measure, codes, pairs)
SELECT here.no, t.year, t.measure, t.codes, t.pairs
FROM {_THERE} JOIN {{should}}.breakdown_year AS t ON t.unit = there.no AND t.year = asked.year
""",
)


class Repair(NamedTuple):
    """One row that was repaired: when, at which position of which generation, what it was and is now."""

    no: int
    at: dt.datetime
    generation: int
    position: int
    difference: RowDifference


async def repair_rows(generation: Generation) -> Comparison:
    """Bring the generation in use to what the other one holds; return what was repaired. One transaction."""
    writer = generation.writer
    async with writer.transaction():
        locked = await lock_checkpoint(writer)
        number, position = locked.generation, locked.position
        await generation.follow_here(position)
        counts, repaired = dict[str, int](), list[RowDifference]()
        for compared in VERIFIED:
            found, _ = await differences_in(writer, compared, generation.like, generation.schema)
            if found and compared.table == "unit":
                await writer.execute(_MISSING_UNITS.format(now=generation.like, should=generation.schema))
            if compared is PACKED:
                await _pack_again(generation, found)
                counts[compared.table] = len(found)
                repaired += found
                continue
            if compared is PAST:  # those of this edition are of no use any more
                await writer.execute(_TAKE_PASTS.format(now=generation.like))
            elif compared.table in (breakdown_rows.MONTHS, breakdown_rows.YEARS):
                await _mend_breakdowns(generation, found)
            else:
                for each in found:
                    await _mend_row(writer, compared, generation, each)
            counts[compared.table] = len(found)
            repaired += found
        misnamed = generation.misnamed_up_to(position)
        for each in misnamed:
            await writer.execute(_NAMES, each.key["position"], *(each.should or {}).values())
        marks = await different_marks(writer, position)
        if marks:
            await writer.execute(_AS_OF)
        counts |= {"ledger": len(misnamed), "checkpoint": len(marks)}
        repaired += [*misnamed, *marks]
        await _require_repaired(generation)
        for each in repaired:
            values = (json.dumps(each.key), _json(each.is_now), _json(each.should))
            await writer.execute(_RECORD, number, position, each.table, each.unit, each.measure, each.period, *values)
        await writer.execute(_REPAIRED)
        await writer.execute(f"NOTIFY {NOTIFICATIONS}, '{position}'")
    return Comparison(position, counts, repaired)


async def repairs(connection: asyncpg.Connection, limit: int) -> list[Repair]:
    """Return the latest repairs, the last one first."""
    return [
        Repair(
            row["no"],
            row["at"],
            row["generation"],
            row["position"],
            RowDifference(row["what"], json.loads(row["key"]), _read(row["was"]), _read(row["is_now"])),
        )
        for row in await connection.fetch(_RECORDS, limit)
    ]


async def _pack_again(generation: Generation, found: Sequence[RowDifference]) -> None:
    """Pack anew what is in use, whose other tables are mended, where any of it differs."""
    if found:
        await enter(generation.writer, generation.like)
        await pack_all(generation.writer)
        await enter(generation.writer, generation.schema)


async def _require_repaired(generation: Generation) -> None:
    for compared in VERIFIED:
        left, _ = await differences_in(generation.writer, compared, generation.like, generation.schema)
        if left:
            raise RebuildError(f"{compared.table} can't be repaired row by row, nothing was changed: rebuild instead")


async def _mend_row(
    connection: asyncpg.Connection, compared: ComparedTable, generation: Generation, difference: RowDifference
) -> None:
    """Take out whatever has the key, and put in what should have it, with the numbers that units have here."""
    now, should = generation.like, generation.schema
    if compared.table == "unit":
        await _mend_unit(connection, now, should, difference)
        return
    if compared.table == "running_sum":
        await _mend_sums(connection, now, should, difference)
        return
    columns = await _columns(connection, should, compared.table)
    named = " AND ".join(f"t.{name} = ${n}::text::{columns[name]}" for n, name in enumerate(compared.key, start=1))
    here = [await _as_stored(connection, now, compared, name, difference) for name in compared.key]
    await connection.execute(f"DELETE FROM {now}.{compared.table} AS t WHERE {named}", *here)
    if difference.should is None:
        return
    there = [await _as_stored(connection, should, compared, name, difference) for name in compared.key]
    taken = [
        _NUMBER_HERE.format(now=now, should=should, name=name) if name in compared.units else f"t.{name}"
        for name in columns
    ]
    await connection.execute(
        f"INSERT INTO {now}.{compared.table} ({', '.join(columns)})"
        f" SELECT {', '.join(taken)} FROM {should}.{compared.table} AS t WHERE {named}",
        *there,
    )


async def _as_stored(
    connection: asyncpg.Connection, schema: str, compared: ComparedTable, name: str, difference: RowDifference
) -> str:
    """Return a part of a key as text, of a unit its number in a generation."""
    value = str(difference.key[name])
    if name not in compared.units:
        return value
    if value.startswith("#"):
        return value[1:]
    return str(await connection.fetchval(f"SELECT no FROM {schema}.unit WHERE id = $1", value))


async def _mend_unit(connection: asyncpg.Connection, now: str, should: str, difference: RowDifference) -> None:
    unit = difference.key["id"]
    if difference.should is None:
        await connection.execute(f"DELETE FROM {now}.unit WHERE id = $1", unit)
        return
    plain = (
        "established",
        "since",
        "dissolved",
        "name",
        "level",
        "large",
        "vast",
        "running",
        "parked_own",
        "parked_below",
    )
    await connection.execute(
        f"UPDATE {now}.unit AS t SET {', '.join(f'{name} = s.{name}' for name in plain)}, successor = ("
        f"SELECT h.no FROM {now}.unit h JOIN {should}.unit w USING (id) WHERE w.no = s.successor)"
        f" FROM {should}.unit AS s WHERE s.id = t.id AND t.id = $1",
        unit,
    )


async def _mend_sums(connection: asyncpg.Connection, now: str, should: str, difference: RowDifference) -> None:
    """Take out the row of the month, or the year, and put in the one that should be there."""
    period = difference.key["period"]
    of_year = period >= MONTH_BASE
    period = YEAR_BASE + (period - MONTH_BASE) // 100 if of_year else MONTH_BASE + period // 100
    unit = difference.key["unit"]
    await connection.execute(_TAKE_SUMS.format(now=now), unit, period)
    await connection.execute(_PUT_SUMS.format(now=now, should=should), unit, period)


async def _mend_breakdowns(generation: Generation, found: Sequence[RowDifference]) -> None:
    """Take out the years of units in which anything differs, pieces and sums, and put in those that should be there."""
    named = {(each.key["unit"], each.key.get("year") or breakdowns.year_of(each.key["month"])) for each in found}
    asked = [unit for unit, _ in sorted(named)], [year for _, year in sorted(named)]
    for statement in _BREAKDOWNS:
        await generation.writer.execute(statement.format(now=generation.like, should=generation.schema), *asked)


async def _columns(connection: asyncpg.Connection, schema: str, table: str) -> dict[str, str]:
    """Return the columns of a table in their order, each with its type."""
    return {name: type_ for name, type_ in await connection.fetch(_COLUMNS, f"{schema}.{table}")}  # noqa: C416 - records are not pairs to a checker


def _json(row: dict[str, object] | None) -> str | None:
    return None if row is None else json.dumps(row, ensure_ascii=False)


def _read(text: str | None) -> dict[str, Any] | None:
    return None if text is None else cast("dict[str, Any]", json.loads(text))
