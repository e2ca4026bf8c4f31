"""Many moves in one batch: each counter is written once, and nothing is mixed up by their going together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import asyncpg

from projections.rules.counting.batch_changes import Enlargement, Piece, Reattribution
from projections.rules.counting.state import Sizes
from projections.rules.hierarchy.unit import FOREVER
from projections.rules.log.message import Message
from projections.store.batch.pipeline import Pipeline, Ready, commit
from projections.store.batch.preparing import load
from projections.store.batch.rollup_moves import MOVES, in_groups
from projections.store.batch.writing import write
from tests.oracle.broken_down import FACTS
from tests.oracle.telling import ROOT, admitted, founded, moved, root
from tests.property.rebuilding import dump_of, make
from tests.property.system import System, messages, system_on
from tests.servers import connect

DAY = "2023-07-01"
CELLS = 300
_UPDATED = "SELECT n_tup_upd + n_tup_ins FROM pg_stat_xact_user_tables WHERE relname = $1"


def step(unit: int, leaves: int, joins: int) -> Reattribution:
    piece = Piece(dt.date(2023, 7, 1), FOREVER, (leaves,), (joins,), None, ())
    return Reattribution(unit, (piece,), frozenset(), frozenset(), frozenset())


def test_moves_go_together_until_one_moves_what_another_changed() -> None:
    many = [step(unit, 1, 2) for unit in range(10, 10 + MOVES + 1)]
    assert [len(group) for group in in_groups(many)] == [MOVES, 1]
    assert list(in_groups([step(10, 1, 2), step(1, 3, 4)])) == [[step(10, 1, 2)], [step(1, 3, 4)]]
    assert list(in_groups([step(10, 1, 2), Enlargement(2), step(11, 1, 2)])) == [
        [step(10, 1, 2)],
        [Enlargement(2)],
        [step(11, 1, 2)],
    ]


async def test_a_counter_is_written_once_however_many_units_are_moved(database: str) -> None:
    told = [root(), founded("from", ROOT, "2010-01-01"), founded("to", ROOT, "2010-01-01")]
    told += [founded(f"c{n}", "from", "2010-01-01", "cell") for n in range(CELLS)]
    told += [admitted(f"c{n}", "2023-08-01", f"a{n}", facets={"sex": "female"}) for n in range(CELLS)]
    moves = [moved(f"c{n}", "to", DAY, f"m{n}") for n in range(CELLS)]
    connection = await connect(database)
    try:
        await commit(connection, await _ready(connection, messages(told)))
        ready = await _ready(connection, messages([*told, *moves])[len(told) :])
        async with connection.transaction():
            await write(connection, ready.changes, ready.rendered)
            written = {table: await connection.fetchval(_UPDATED, table) for table in ("counter", "breakdown")}
    finally:
        await connection.close()
    assert written["counter"] <= CELLS / 10  # a few periods of a few units, again where one becomes large or vast
    assert written["breakdown"] <= CELLS / 10


async def _ready(connection: asyncpg.Connection, batch: Sequence[Message]) -> Ready:
    state = await load(connection, ROOT, Sizes(large=32, vast=100))
    return await Pipeline(connection, state).make_ready(batch, lambda _, event: event)


async def test_units_that_change_places_take_their_breakdowns_along(database: str) -> None:
    """Their sums are the same, so that no counter changes; what is in them is not."""
    log = [root(), founded("a", ROOT, "2010-01-01"), founded("b", ROOT, "2010-01-01")]
    for over, sex in (("a", "female"), ("b", "male")):
        cells = [f"{over}{n}" for n in range(6)]
        log += [founded(cell, over, "2010-01-01", "cell") for cell in cells]
        log += [admitted(cell, "2023-08-01", f"in-{cell}", facets={"sex": sex}) for cell in cells]
    log += [moved("a0", "b", DAY, "m1"), moved("b0", "a", DAY, "m2")]
    async with system_on(database) as system:
        await system.deliver(log, [(0, len(log) - 2, False), (len(log) - 2, len(log), False)])
        await _hold_to_a_rebuild(system, len(log))


async def _hold_to_a_rebuild(system: System, last: int) -> None:
    live = await _breakdowns(system, "g" + str(await system.connection.fetchval("SELECT generation FROM checkpoint")))
    await make(system, last)
    (name,) = await system.connection.fetchrow("SELECT name FROM generation")
    assert live == await _breakdowns(system, name)
    assert await dump_of(system, name)


async def _breakdowns(system: System, schema: str) -> list[tuple[object, ...]]:
    rows = await system.connection.fetch(
        "SELECT u.id, b.month, b.measure, b.day, b.facets, b.n"
        f" FROM ({FACTS.format(schema=f'{schema}.')}) AS b JOIN {schema}.unit u ON u.no = b.unit ORDER BY 1, 2, 3, 4, 5"
    )
    return [tuple(row) for row in rows]
