"""What a move costs, against the units and the events that are moved: it should follow days × measures alone."""

import datetime as dt
import time
from typing import Final

import nats

from tests.bench.bench import Bench
from tests.bench.catching_up import Commits, listening, publish, publish_one
from tests.bench.figures import Aim, Figure, Floor
from tests.bench.moving import Subtree, Top
from tests.bench.rig import Rig
from tests.bench.usage import costliest_statements, forget_statements
from tests.bench.world import HISTORY_FIRST, LAST_DAY, twenty_years_in_order

DAYS: Final = {"today": LAST_DAY, "20 years ago": HISTORY_FIRST}
"""From when on the move holds. Told in this order, each there and back, every move has all of its days to move."""
SHARES: Final = (1000, 10, 1)
AIM: Final = Aim(at_most=1000)

_DISTINCT = """
SELECT count(*) FROM (
    SELECT DISTINCT day, measure FROM fact WHERE unit = (SELECT no FROM unit WHERE id = $1)
) moved
"""


async def moves(bench: Bench) -> None:
    """Move subtrees of three sizes with three numbers of facts, from one province to another and back."""
    rig, found = bench.rig, dict[tuple[int, int, str], float]()
    home, away, *_ = bench.world.provinces
    subtree = Subtree(home, away, bench.parameters.subtree)
    stages = [bench.parameters.moved // share for share in SHARES]
    await rig.start_missing()
    connection = await rig.connect_database()
    await forget_statements(connection)
    async with listening(rig) as commits:
        await commits.reach((await publish(rig, subtree.establishments())).last)
        before = 0
        for facts in stages:
            number, cells = facts - before, [(subtree.cell, subtree.cell)]
            backlog = await publish(rig, bench.facts.make(number, twenty_years_in_order(number), cells))
            await commits.reach(backlog.last)
            before = facts
            rows = await connection.fetchval(_DISTINCT, subtree.cell)
            bench.found(Figure(f"days × measures in {facts:,} facts", rows, "rows"))
            for top in subtree.tops:
                for when, seconds in (await _there_and_back(rig, commits, subtree, top)).items():
                    found[top.units, facts, when] = seconds
    bench.statements["moves"] = await costliest_statements(connection)
    await connection.close()
    for when in reversed(DAYS):
        ordinary = (subtree.tops[1].units, stages[1], when)
        for (units, facts, told), seconds in found.items():
            if told == when:
                floor = Floor(f"of {ordinary[0]:,} units, {ordinary[1]:,} facts", found[ordinary] * 1000)
                name = f"move of {units:,} units, {facts:,} facts, since {when}"
                bench.found(Figure(name, seconds * 1000, "ms", floor, AIM))


async def _there_and_back(rig: Rig, commits: Commits, subtree: Subtree, top: Top) -> dict[str, float]:
    """Move a unit away and home with effect from each of the days; the seconds of the slower, publish to commit."""
    slower: dict[str, float] = {}
    client = await nats.connect(rig.nats.url)

    async def move(parent: str, since: dt.date) -> float:
        told = subtree.move(top, parent, since)
        started = time.perf_counter()
        return await commits.reach(await publish_one(client.jetstream(), told)) - started

    try:
        await move(subtree.home, HISTORY_FIRST)
        for when, since in DAYS.items():
            slower[when] = max([await move(parent, since) for parent in (subtree.away, subtree.home)])
        for since in DAYS.values():
            await move(top.parent, since)
    finally:
        await client.close()
    return slower
