"""Counting a block: all that the facts of some whole years add to counters and breakdowns, in one transaction.

Facts are joined with all that is above their unit on their day, and grouped once. The breakdowns are made of the units
that have the same vast units above them, and these together make those of each.
"""

from __future__ import annotations

from itertools import repeat
from typing import Final, NamedTuple

import asyncpg
import numpy as np

from projections.rules.counting.batch_changes import MEASURE_MASK, PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT
from projections.rules.counting.periods import DAY_BITS, MONTH_BASE, YEAR_BASE
from projections.rules.counting.running_sums import rows_of, stored
from projections.store.batch.breakdowns import BreakdownPiece, YearRow, piece_of, year_of, year_rows

CALENDAR: Final = "counting_calendar"
"""The days of all facts: day, period, n."""
FACTS: Final = "counting_fact"
"""All facts by their days: k, facets, period. A counter's key is one integer (`batch_changes`): sorted at once."""
ABOVE: Final = "counting_above"
"""Who is above a unit on its days: unit, since, until (exclusive), upper; days as periods."""
PATHS: Final = "counting_paths"
"""Which vast units are above a unit on its days: unit, since, until (exclusive), path, uppers."""
PATH: Final = "counting_path"
"""The vast units of a path: path, upper."""

_UNIT: Final = f"({{k}} >> {UNIT_SHIFT})::integer"
_PERIOD: Final = f"(({{k}} >> {PERIOD_SHIFT}) & {PERIOD_MASK})::integer"
_MEASURE: Final = f"({{k}} & {MEASURE_MASK})::smallint"
_SUMMED = f"""
CREATE TEMP TABLE summed ON COMMIT DROP AS
SELECT (above.upper::bigint << {UNIT_SHIFT}) | (below.k & {(1 << UNIT_SHIFT) - 1}) AS k, count(*)::integer AS n
FROM {FACTS} AS below JOIN {ABOVE} AS above ON above.unit = {_UNIT.format(k="below.k")}
    AND below.period >= above.since AND below.period < above.until
WHERE {{days}} GROUP BY 1 ORDER BY 1
"""
_DAYS = f"""
INSERT INTO counter SELECT {_UNIT.format(k="k")}, {_PERIOD.format(k="k")}, {_MEASURE.format(k="k")}, n
FROM summed JOIN unit ON unit.no = {_UNIT.format(k="k")} AND NOT unit.running
"""
# As bytes: there are as many as all other counters, and each is taken apart again.
_RUNNING = f"""
SELECT unit.no, string_agg(int8send(k) || int8send(n), NULL)
FROM summed JOIN unit ON unit.no = {_UNIT.format(k="k")} AND unit.running GROUP BY 1
"""
_COUNTED: Final = np.dtype([("k", ">i8"), ("n", ">i8")])
_UNITS_AT_ONCE: Final = 50
_COARSER = f"(k & {~((1 << UNIT_SHIFT) - 1)}) | ({{period}}::bigint << {PERIOD_SHIFT}) | (k & {MEASURE_MASK})"
_MONTHS = f"""
CREATE TEMP TABLE month ON COMMIT DROP AS
SELECT {_COARSER.format(period=f"({MONTH_BASE} + {_PERIOD.format(k='k')} / 100)")} AS k, sum(n)::integer AS n
FROM summed JOIN unit ON unit.no = {_UNIT.format(k="k")} AND unit.large AND NOT unit.running GROUP BY 1
"""
_YEARS = f"""
SELECT {_COARSER.format(period=f"({YEAR_BASE} + ({_PERIOD.format(k='k')} - {MONTH_BASE}) / 100)")} AS k,
    sum(n)::integer AS n
FROM month GROUP BY 1
"""
_MONTHS_AND_YEARS = f"""
INSERT INTO counter SELECT {_UNIT.format(k="k")}, {_PERIOD.format(k="k")}, {_MEASURE.format(k="k")}, n
FROM (SELECT k, n FROM month UNION ALL {_YEARS} ORDER BY 1) AS coarser
"""
_WHAT = f"({_MEASURE.format(k='below.k')}::integer << {DAY_BITS} | below.period % 100)::smallint"
_BREAKDOWNS = f"""
INSERT INTO breakdown (unit, month, summed, rows)
SELECT path.upper, month, true, string_agg(rows, ''::bytea)
FROM (
    SELECT paths.path, {MONTH_BASE} + below.period / 100 AS month,
        string_agg(int8send(below.facets) || int2send({_WHAT}), ''::bytea) AS rows
    FROM {FACTS} AS below JOIN {PATHS} AS paths ON paths.unit = {_UNIT.format(k="below.k")}
        AND below.period >= paths.since AND below.period < paths.until
    WHERE {{days}}
    GROUP BY 1, 2
) AS alike JOIN {PATH} AS path USING (path)
GROUP BY 1, 2 ORDER BY 1, 2
RETURNING unit, month, rows
"""
_PIECES_AT_ONCE: Final = 240


class Block(NamedTuple):
    """The facts of whole years: a condition on the period of a day, and how many they are."""

    days: str
    facts: int


async def count_block(connection: asyncpg.Connection, block: Block) -> None:
    """Count the facts of a block. The caller owns the transaction, and has made the tables that all blocks share."""
    await connection.execute(_SUMMED.format(days=block.days))
    await connection.execute(_DAYS)
    await _sum_up(connection)
    await connection.execute("ANALYZE summed")
    await connection.execute(_MONTHS)
    await connection.execute("ANALYZE month")
    await connection.execute(_MONTHS_AND_YEARS)
    await _break_down(connection, block)


async def _sum_up(connection: asyncpg.Connection) -> None:
    """Make the running sums of whole years, some units at a time."""
    cursor = await connection.cursor(_RUNNING)
    while units := await cursor.fetch(_UNITS_AT_ONCE):
        made: list[tuple[int, int, bytes]] = []
        for unit, counted in units:
            days = np.frombuffer(counted, _COUNTED)
            for rows in rows_of(days["k"].astype(np.int64), days["n"].astype(np.int64)):
                periods = ((rows.keys >> PERIOD_SHIFT) & PERIOD_MASK).tolist()
                made += zip(repeat(unit), periods, stored(rows.added.reshape(len(periods), -1)), strict=False)
        await connection.copy_records_to_table("running_sum", columns=("unit", "period", "sums"), records=made)


async def _break_down(connection: asyncpg.Connection, block: Block) -> None:
    """Make the breakdowns, and what they come to in whole years, which no other block has a part of."""
    cursor = await connection.cursor(_BREAKDOWNS.format(days=block.days))
    waiting: list[BreakdownPiece] = []
    made: list[YearRow] = []
    while pieces := await cursor.fetch(_PIECES_AT_ONCE):
        waiting += [piece_of(*row) for row in pieces]
        last = waiting[-1]
        done = [piece for piece in waiting if (piece.unit, year_of(piece.month)) != (last.unit, year_of(last.month))]
        made += year_rows(done)
        waiting = waiting[len(done) :]
    made += year_rows(waiting)
    await connection.copy_records_to_table(
        "breakdown_year", columns=YearRow._fields, records=[row.stored() for row in made]
    )
