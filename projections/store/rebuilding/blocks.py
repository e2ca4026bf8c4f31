"""Counting a block: all that the facts of some whole years add to counters and breakdowns, in one transaction.

A day's facts climb the edges of that day, one level of the tree a statement. The breakdowns are made of the units that
have the same vast units above them, and these together make those of each.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import asyncpg

from projections.core.breakdown import SLOTS, matches_sql
from projections.core.changes import MEASURE_MASK, PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT
from projections.core.periods import MONTH_BASE, YEAR_BASE

CALENDAR: Final = "counting_calendar"
"""The days of all facts: day, period, n."""
CLIMB: Final = "counting_climb"
"""The edges by periods: unit, since, until (exclusive), parent."""
PATHS: Final = "counting_paths"
"""Which vast units are above a unit on its days: unit, since, until (exclusive), path, uppers."""
PATH: Final = "counting_path"
"""The vast units of a path: path, upper."""

HIGHEST: Final = 1000
"""Steps up after which facts that still climb go round in a ring, which no log makes (contract §1, `cycle`)."""

_UNIT: Final = f"({{k}} >> {UNIT_SHIFT})::integer"
_PERIOD: Final = f"(({{k}} >> {PERIOD_SHIFT}) & {PERIOD_MASK})::integer"
_MEASURE: Final = f"({{k}} & {MEASURE_MASK})::smallint"
# A counter's key is one integer (`core.changes`): it is hashed and sorted at once.
_OF_BLOCK = f"""
CREATE TEMP TABLE of_block ON COMMIT DROP AS
SELECT (fact.unit::bigint << {UNIT_SHIFT}) | (calendar.period::bigint << {PERIOD_SHIFT}) | fact.measure AS k,
    fact.facets
FROM fact JOIN {CALENDAR} AS calendar USING (day) WHERE {{days}}
"""
_RAISED = f"(edge.parent::bigint << {UNIT_SHIFT}) | (below.k & {(1 << UNIT_SHIFT) - 1})"
_EDGE = f"""
JOIN {CLIMB} AS edge ON edge.unit = {_UNIT.format(k="below.k")}
    AND {_PERIOD.format(k="below.k")} >= edge.since AND {_PERIOD.format(k="below.k")} < edge.until
"""
_FIRST_STEP = f"""
CREATE TEMP TABLE height_1 ON COMMIT DROP AS
SELECT {_RAISED} AS k, count(*) AS n FROM of_block AS below {_EDGE} GROUP BY 1
"""
_STEP = f"""
CREATE TEMP TABLE height_{{next}} ON COMMIT DROP AS
SELECT {_RAISED} AS k, sum(below.n)::bigint AS n FROM height_{{height}} AS below {_EDGE} GROUP BY 1
"""
_SUMMED = """
CREATE TEMP TABLE summed ON COMMIT DROP AS
SELECT k, sum(n)::integer AS n FROM ({heights}) AS every GROUP BY k ORDER BY k
"""
_DAYS = f"""
INSERT INTO counter SELECT {_UNIT.format(k="k")}, {_PERIOD.format(k="k")}, {_MEASURE.format(k="k")}, n FROM summed
"""
_MONTHS_AND_YEARS = f"""
INSERT INTO counter
SELECT unit.no, base + {_PERIOD.format(k="k")} / part, {_MEASURE.format(k="k")}, sum(n)::integer
FROM summed JOIN unit ON unit.no = {_UNIT.format(k="k")} AND unit.large,
    (VALUES ({MONTH_BASE}, 100), ({YEAR_BASE}, 10000)) AS kind (base, part)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_BREAKDOWNS = f"""
INSERT INTO breakdown
SELECT path.upper, month, measure, ARRAY[{", ".join(f"sum(codes[{i}])::integer" for i in range(1, len(SLOTS) + 1))}]
FROM (
    SELECT paths.path, {MONTH_BASE} + {_PERIOD.format(k="below.k")} / 100 AS month,
        {_MEASURE.format(k="below.k")} AS measure, {matches_sql("below.facets")} AS codes
    FROM of_block AS below JOIN {PATHS} AS paths ON paths.unit = {_UNIT.format(k="below.k")}
        AND {_PERIOD.format(k="below.k")} >= paths.since AND {_PERIOD.format(k="below.k")} < paths.until
    GROUP BY 1, 2, 3
) AS alike JOIN {PATH} AS path USING (path)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


class Block(NamedTuple):
    """The facts of whole years: a condition on `fact.day`, and how many they are."""

    days: str
    facts: int


class RingError(RuntimeError):
    """The dated edges make a ring on some day."""


async def count_block(connection: asyncpg.Connection, block: Block) -> None:
    """Count the facts of a block. The caller owns the transaction, and has made the tables that all blocks share."""
    await connection.execute(_OF_BLOCK.format(days=block.days))
    await connection.execute("ANALYZE of_block")
    risen, height = await connection.execute(_FIRST_STEP), 1
    while risen != "SELECT 0":
        if height > HIGHEST:
            raise RingError("facts climb the edges for ever: verify the database")
        await connection.execute(f"ANALYZE height_{height}")
        risen, height = await connection.execute(_STEP.format(next=height + 1, height=height)), height + 1
    heights = " UNION ALL ".join(f"SELECT * FROM height_{each}" for each in range(1, height + 1))
    await connection.execute(_SUMMED.format(heights=heights))
    await connection.execute(_DAYS)
    await connection.execute("ANALYZE summed")
    await connection.execute(_MONTHS_AND_YEARS)
    await connection.execute(_BREAKDOWNS)
