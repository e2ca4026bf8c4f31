"""SIGKILL on the real processes at random moments under load: nothing is lost, nothing counts twice, sums always hold.

`python -m pytest -m long tests/fault` is the long run; TONGHOP_FAULT_ROUNDS says how many rounds it has.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from random import Random

import pytest

from tests.fault.cluster import BACKEND, PARTS, Cluster, running_cluster
from tests.fault.expectation import Expectation
from tests.fault.load import Clerk, Structure
from tests.fault.publishing import Publisher, publishing
from tests.fault.reading import Reader, all_answered
from tests.fault.settling import hold_counters, hold_figures, hold_ledger, reached
from tests.servers import connect

CLERKS = 4
READERS = 3
ROUNDS = int(os.environ.get("TONGHOP_FAULT_ROUNDS", "12"))


def victims(random: Random) -> list[Sequence[str]]:
    """Choose whom a round of kills takes: each alone, several, all at once, in any order."""
    several = [random.sample(PARTS, 2), random.sample(PARTS, 3)]
    chosen = [*((part,) for part in PARTS), (BACKEND,), *several, PARTS]
    random.shuffle(chosen)
    return chosen


async def storm(cluster: Cluster, random: Random, rounds: int) -> None:
    """Kill and start again, with everything at a random moment."""
    for _ in range(rounds):
        for names in victims(random):
            await asyncio.sleep(random.uniform(0.2, 1.2))
            cluster.kill(names, random)
            await asyncio.sleep(random.choice((0, random.uniform(0, 0.8))))
            await cluster.revive(names)


async def clerk(publisher: Publisher, number: int, random: Random, done: asyncio.Event) -> None:
    telling = Clerk(number, random)
    while not done.is_set():
        for group in telling.group(20):
            await publisher.send(group)
            await asyncio.sleep(0.02)


async def tell_late(publisher: Publisher, structure: Structure, random: Random, done: asyncio.Event) -> None:
    for told in structure.late():
        await asyncio.wait({asyncio.ensure_future(done.wait())}, timeout=random.uniform(0, 1.5))
        await publisher.send([told])


async def survive(cluster: Cluster, seed: str, rounds: int) -> None:
    """Go through a storm under load with readers, then hold everything against what was acknowledged."""

    def chance(of: str) -> Random:
        return Random(f"{seed} {of}")

    structure = Structure(chance("structure"))
    readers = [Reader(cluster.api, chance(f"reader {n}")) for n in range(READERS)]
    async with publishing(cluster.settings.nats_url) as publisher:
        await publisher.send_in_turn(structure.tree())
        asking = [asyncio.create_task(reader.run()) for reader in readers]
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number in range(CLERKS):
                group.create_task(clerk(publisher, number, chance(f"clerk {number}"), done))
            group.create_task(tell_late(publisher, structure, chance("late"), done))
            await storm(cluster, chance("storm"), rounds)
            done.set()
        expected = Expectation(publisher.acked)
        await reached(cluster.api, max(one.position for one in publisher.acked))
        await all_answered(readers)
        for task in asking:
            assert not task.done() or task.exception() is None, task.exception()
            task.cancel()
        connection = await connect(cluster.settings.database_url)
        try:
            await hold_ledger(connection, publisher.acked, expected)
            await hold_counters(connection, expected)
        finally:
            await connection.close()
        for reader in readers[:1]:
            await hold_figures(cluster.api, reader, expected)
    seen = set(expected.outcomes.values())
    assert seen == {"counted", "applied", "duplicate", "parked", "rejected", "retracted"}


@pytest.mark.long
async def test_kills_of_any_process_at_any_moment_show_in_no_figure() -> None:
    async with running_cluster() as cluster:
        await survive(cluster, "short", 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", ["a", "b", "c"])
async def test_kills_go_on_for_long(seed: str) -> None:
    async with running_cluster() as cluster:
        await survive(cluster, seed, ROUNDS)
