"""Counting everything at once: counters and breakdowns from the facts that hold and the dated edges, in sets.

No lineage is walked and no event is read. Years are counted by themselves, on as many connections as there are
processors: no more than some years' facts are sorted at once, however long the log is.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import asyncpg

from projections.rules.counting.batch_changes import PERIOD_SHIFT, UNIT_SHIFT
from projections.store.calendar_sql import end_period_of, period_of
from projections.store.connecting import connect
from projections.store.generations import enter
from projections.store.hierarchy_sql import above, below
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.counting.blocks import ABOVE, CALENDAR, FACTS, PATH, PATHS, Block, count_block
from projections.store.rebuilding.generation_schema import SEARCHED, make_indexes

_MEMORY = ("SET LOCAL work_mem = '128MB'", "SET LOCAL maintenance_work_mem = '256MB'", "SET LOCAL jit = off")
"""What one statement may sort or hash in memory, however large the log is: the rest goes through files."""
SESSION: Final = {"application_name": "tonghop rebuild", "client_connection_check_interval": "1s"}

CONNECTIONS: Final = os.cpu_count() or 1
FACTS_AT_ONCE: Final = 1_500_000
"""Of a block; a year that has more is one nevertheless."""
WORTH_DIVIDING: Final = 50_000
"""Facts of a block that are worth one: each block joins the whole hierarchy once."""

HIGHEST: Final = 1000
"""Steps up after which facts that still climb go round in a ring, which no log makes (contract §1, `cycle`)."""
_FOREVER: Final = 2**31 - 1

_FORGET_RETRACTED = """
DELETE FROM fact USING verdict WHERE verdict.position = fact.position AND verdict.outcome = 'retracted'
"""

_BEGIN: Final = "UPDATE generation SET touched_at = clock_timestamp() WHERE name = $1 RETURNING touched_at"
_STILL: Final = "SELECT true FROM generation WHERE name = $1 AND touched_at = $2 FOR SHARE"

_BLOCK: Final = "counting_block"
"""What there is to count: days, facts, done."""
_SHARED: Final = (CALENDAR, FACTS, ABOVE, PATHS, PATH, _BLOCK)
_MAKE_BLOCK: Final = f"CREATE TABLE {_BLOCK} (days text, facts bigint, done boolean NOT NULL DEFAULT false)"
_LEFT: Final = f"SELECT days, facts FROM {_BLOCK} WHERE NOT done ORDER BY facts DESC, days"
_DONE: Final = f"UPDATE {_BLOCK} SET done = true WHERE days = $1"
# One row a day of all facts: to work out a period once a day is cheaper than once a row.
_MAKE_CALENDAR: Final = f"""
CREATE TABLE {CALENDAR} AS
SELECT f.day, {period_of("f.day")} AS period, f.n FROM (SELECT day, count(*) AS n FROM fact GROUP BY day) AS f
"""
# In the order of their days, so that a block reads its own facts alone, however many there are.
_MAKE_FACTS: Final = f"""
CREATE TABLE {FACTS} AS
SELECT (fact.unit::bigint << {UNIT_SHIFT}) | (calendar.period::bigint << {PERIOD_SHIFT}) | fact.measure AS k,
    fact.facets, calendar.period
FROM fact JOIN {CALENDAR} AS calendar USING (day) ORDER BY calendar.period
"""
_FIND_FACTS: Final = f"CREATE INDEX ON {FACTS} USING brin (period) WITH (pages_per_range = 16)"
_SPAN: Final = f"{period_of('edge.since')} AS since, {end_period_of('edge.until', _FOREVER)} AS until"
_CLIMBED: Final = "climb.since < {walk}.until AND climb.until > {walk}.since"
_MAKE_ABOVE: Final = f"""
CREATE TABLE {ABOVE} AS
WITH RECURSIVE climb AS MATERIALIZED (
    SELECT edge.unit, {_SPAN}, edge.parent FROM edge WHERE edge.parent IS NOT NULL
), {
    above(
        "up",
        "SELECT parent, unit, since, until, 1 FROM climb",
        _CLIMBED.format(walk="up"),
        {
            "lower": "up.lower",
            "since": "greatest(up.since, climb.since)",
            "until": "least(up.until, climb.until)",
            "height": "up.height + 1",
        },
        where=f"up.height <= {HIGHEST}",
        table="climb",
    )
}
SELECT lower AS unit, since, until, unit AS upper, height FROM up
"""
_RING: Final = f"SELECT EXISTS (SELECT FROM {ABOVE} WHERE height > {HIGHEST})"
# The vast units above a unit, all together, on each of its days: many units have the same.
_MAKE_PATHS: Final = f"""
CREATE TABLE {PATHS} AS
WITH RECURSIVE climb AS MATERIALIZED (
    SELECT edge.unit, {_SPAN}, edge.parent, unit.vast FROM edge JOIN unit ON unit.no = edge.unit
), {
    below(
        "below",
        f"SELECT unit, 0, {_FOREVER}, ARRAY[]::integer[], vast FROM climb WHERE parent IS NULL",
        _CLIMBED.format(walk="below"),
        {
            "since": "greatest(below.since, climb.since)",
            "until": "least(below.until, climb.until)",
            "uppers": "CASE WHEN below.vast THEN below.uppers || below.unit ELSE below.uppers END",
            "vast": "climb.vast",
        },
        table="climb",
    )
}
SELECT unit, since, until, dense_rank() OVER (ORDER BY uppers) AS path, uppers FROM below WHERE uppers <> '{{}}'
"""
_MAKE_PATH: Final = f"""
CREATE TABLE {PATH} AS
SELECT path, unnest(uppers) AS upper FROM (SELECT DISTINCT ON (path) path, uppers FROM {PATHS}) AS each
"""


_MAKE_SHARED: Final = (
    *(_MAKE_CALENDAR, f"ANALYZE {CALENDAR}", _MAKE_FACTS, _FIND_FACTS),
    *(_MAKE_ABOVE, _MAKE_PATHS, _MAKE_PATH, _MAKE_BLOCK),
)


class RingError(RuntimeError):
    """The dated edges make a ring on some day."""


async def finish_facts(connection: asyncpg.Connection, schema: str, like: str) -> None:
    """Drop the facts that were taken back after all, index the rest and the names. The caller owns the transaction."""
    await _allow_memory(connection)
    await connection.execute(_FORGET_RETRACTED)
    for table in ("fact", SEARCHED):
        await make_indexes(connection, table, schema, like)


class CountingUnderWay(NamedTuple):
    """The counting of a generation that nobody else has begun anew since."""

    database_url: str
    schema: str
    token: dt.datetime
    blocks: Sequence[Block]


async def begin_counting(connection: asyncpg.Connection, database_url: str, schema: str) -> CountingUnderWay:
    """Make what all blocks share, or find it, and say what is not counted yet. The caller owns the transaction.

    Whoever still counts for a rebuild that was killed is waited for, and will count no further.
    """
    token = await connection.fetchval(_BEGIN, schema)
    if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.{_BLOCK}") is None:
        await _allow_memory(connection)
        await connection.execute("ANALYZE edge, unit")
        for statement in _MAKE_SHARED:
            await connection.execute(statement)
        await connection.execute(f"ANALYZE {', '.join(_SHARED)}")
        if await connection.fetchval(_RING):
            raise RingError("facts climb the edges for ever: verify the database")
        blocks = await _blocks(connection)
        await connection.executemany(f"INSERT INTO {_BLOCK} (days, facts) VALUES ($1, $2)", blocks)
    return CountingUnderWay(database_url, schema, token, [Block(*row) for row in await connection.fetch(_LEFT)])


async def count_blocks(
    counting: CountingUnderWay, progress: Callable[[int, int], None], throttle: float | None
) -> None:
    """Count all blocks, each in a transaction of its own, on some connections of its own.

    At most ``throttle`` facts a second, on one connection, where that is given. Raises RebuildError where another
    rebuild has begun to count.
    """
    total, counted, started = sum(block.facts for block in counting.blocks), 0, time.monotonic()
    waiting = list(reversed(counting.blocks))

    async def work() -> None:
        nonlocal counted
        connection = await connect(counting.database_url, server_settings=SESSION)
        try:
            await enter(connection, counting.schema)
            while waiting:
                block = waiting.pop()
                async with connection.transaction():
                    await _allow_memory(connection)
                    if not await connection.fetchval(_STILL, counting.schema, counting.token):
                        raise RebuildError(f"{counting.schema}: another rebuild is at work on it")
                    await count_block(connection, block)
                    await connection.execute(_DONE, block.days)
                counted += block.facts
                progress(counted, total)
                if throttle is not None:
                    await asyncio.sleep(max(0.0, started + counted / throttle - time.monotonic()))
        finally:
            connection.terminate()

    workers = 1 if throttle is not None else min(CONNECTIONS, len(waiting))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


async def finish_counting(connection: asyncpg.Connection, counting: CountingUnderWay, like: str) -> None:
    """Index what was counted, all of it. The caller owns the transaction."""
    await _allow_memory(connection)
    if not await connection.fetchval(_STILL, counting.schema, counting.token):
        raise RebuildError(f"{counting.schema}: another rebuild is at work on it")
    await connection.execute(f"DROP TABLE {', '.join(_SHARED)}")
    for table in ("counter", "running_sum", "breakdown"):
        await make_indexes(connection, table, counting.schema, like)


async def _blocks(connection: asyncpg.Connection) -> list[Block]:
    """Put years together to blocks, some for each connection."""
    rows = await connection.fetch(
        f"SELECT period / 10000, min(period), max(period), sum(n)::bigint FROM {CALENDAR} GROUP BY 1 ORDER BY 1"
    )
    at_once = min(FACTS_AT_ONCE, max(WORTH_DIVIDING, sum(n for *_, n in rows) // (2 * CONNECTIONS)))
    made: list[Block] = []
    first, facts = None, 0
    for index, (_, low, high, n) in enumerate(rows):
        first, facts = first or low, facts + n
        if index + 1 == len(rows) or facts + rows[index + 1][3] > at_once:
            made.append(Block(f"below.period BETWEEN {first} AND {high}", facts))
            first, facts = None, 0
    return made


async def _allow_memory(connection: asyncpg.Connection) -> None:
    for setting in _MEMORY:
        await connection.execute(setting)
