"""Counting everything at once: counters and breakdowns from the facts that hold and the dated edges, in sets.

No chain is walked and no event is read: a day's facts climb the edges of that day, one level of the tree a statement.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from projections.core.breakdown import matches_sql
from projections.core.periods import MONTH_BASE, YEAR_BASE
from projections.store.rebuilding.making import make_indexes
from projections.store.restructuring import DAY

_MEMORY = ("SET LOCAL work_mem = '128MB'", "SET LOCAL maintenance_work_mem = '256MB'", "SET LOCAL jit = off")
"""What one statement may sort or hash in memory, however large the log is: the rest goes through files."""

_FORGET_RETRACTED = """
DELETE FROM fact USING verdict WHERE verdict.position = fact.position AND verdict.outcome = 'retracted'
"""

_ON_ITS_DAY = "{rows}.day >= edge.since AND ({rows}.day < edge.until OR edge.until = 'infinity')"

_FIRST_STEP = f"""
CREATE TEMP TABLE height_1 ON COMMIT DROP AS
SELECT edge.parent AS unit, fact.day, fact.measure, count(*) AS n
FROM fact JOIN edge ON edge.unit = fact.unit AND {_ON_ITS_DAY.format(rows="fact")}
WHERE edge.parent IS NOT NULL
GROUP BY 1, 2, 3
"""

_STEP = """
CREATE TEMP TABLE height_{next} ON COMMIT DROP AS
SELECT edge.parent AS unit, below.day, below.measure, sum(below.n)::bigint AS n
FROM height_{height} AS below JOIN edge ON edge.unit = below.unit AND {on_its_day}
WHERE edge.parent IS NOT NULL
GROUP BY 1, 2, 3
"""

# One row a day of all facts: to work out a period once a day is cheaper than once a row.
_CALENDAR = f"""
CREATE TEMP TABLE calendar ON COMMIT DROP AS
SELECT f.day, {DAY} AS period FROM (SELECT DISTINCT day FROM fact) AS f
"""

_DAYS = """
INSERT INTO counter
SELECT unit, period, measure, sum(n)::int FROM ({heights}) AS every JOIN calendar USING (day)
GROUP BY unit, period, measure ORDER BY unit, period, measure
"""

_MONTHS_AND_YEARS = f"""
INSERT INTO counter
SELECT counter.unit, base + counter.period / part, counter.measure, sum(counter.n)::int
FROM counter JOIN unit ON unit.no = counter.unit AND unit.large,
    (VALUES ({MONTH_BASE}, 100), ({YEAR_BASE}, 10000)) AS kind (base, part)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

# Who is strictly below a vast unit, and on which days.
_BELOW_VAST = """
CREATE TEMP TABLE below_vast ON COMMIT DROP AS
WITH RECURSIVE below AS (
    SELECT unit.no AS upper, edge.unit, edge.since, edge.until
    FROM unit JOIN edge ON edge.parent = unit.no WHERE unit.vast
    UNION ALL
    SELECT below.upper, edge.unit, greatest(below.since, edge.since), least(below.until, edge.until)
    FROM below JOIN edge ON edge.parent = below.unit AND edge.since < below.until AND edge.until > below.since
)
SELECT * FROM below
"""

_BREAKDOWNS = f"""
INSERT INTO breakdown
SELECT edge.upper, {MONTH_BASE} + calendar.period / 100, fact.measure, {matches_sql("fact.facets")}
FROM fact JOIN below_vast AS edge ON edge.unit = fact.unit AND {_ON_ITS_DAY.format(rows="fact")}
JOIN calendar ON calendar.day = fact.day
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

HIGHEST: Final = 1000
"""Steps up after which facts that still climb go round in a ring, which no log makes (contract §1, `cycle`)."""


class RingError(RuntimeError):
    """The dated edges make a ring on some day."""


async def finish_facts(connection: asyncpg.Connection, schema: str, like: str) -> None:
    """Drop the facts that were taken back after all, and index the rest. The caller owns the transaction."""
    await _allow_memory(connection)
    await connection.execute(_FORGET_RETRACTED)
    await make_indexes(connection, "fact", schema, like)


async def count_counters(connection: asyncpg.Connection, schema: str, like: str) -> None:
    """Make all counters: days for every unit, months and years for the large ones. The caller owns the transaction."""
    await _allow_memory(connection)
    await connection.execute("ANALYZE edge, unit")
    await connection.execute(_CALENDAR)
    risen, height = await connection.execute(_FIRST_STEP), 1
    while risen != "SELECT 0":
        if height > HIGHEST:
            raise RingError("facts climb the edges for ever: verify the database")
        await connection.execute(f"ANALYZE height_{height}")
        step = _STEP.format(next=height + 1, height=height, on_its_day=_ON_ITS_DAY.format(rows="below"))
        risen, height = await connection.execute(step), height + 1
    heights = " UNION ALL ".join(f"SELECT * FROM height_{each}" for each in range(1, height + 1))
    await connection.execute(_DAYS.format(heights=heights))
    await connection.execute(_MONTHS_AND_YEARS)
    await make_indexes(connection, "counter", schema, like)


async def count_breakdowns(connection: asyncpg.Connection, schema: str, like: str) -> None:
    """Make the breakdowns of the vast units. The caller owns the transaction."""
    await _allow_memory(connection)
    await connection.execute(_CALENDAR)
    await connection.execute(_BELOW_VAST)
    await connection.execute("ANALYZE calendar, below_vast")
    await connection.execute(_BREAKDOWNS)
    await make_indexes(connection, "breakdown", schema, like)


async def _allow_memory(connection: asyncpg.Connection) -> None:
    for setting in _MEMORY:
        await connection.execute(setting)
