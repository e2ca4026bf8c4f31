"""A rebuild beside the live service under load and readers: killed at random moments, gone on with, switched to."""

from __future__ import annotations

import asyncio
import os
from random import Random

import httpx
import pytest

from tests.fault.cluster import Cluster, Command, running_cluster
from tests.fault.expectation import Expectation
from tests.fault.load import Clerk, Structure
from tests.fault.projecting import eventually
from tests.fault.publishing import Publisher, publishing
from tests.fault.reading import Reader, all_answered
from tests.fault.settling import hold_counters, hold_figures, hold_ledger, reached
from tests.servers import connect

CLERKS = 3
READERS = 3
ROUNDS = int(os.environ.get("TONGHOP_FAULT_ROUNDS", "12"))


async def ended(command: Command) -> str:
    """Wait until a command ends by itself, and tell how."""

    async def over() -> bool:
        return not command.process.alive

    await eventually(over, f"it goes on:\n{command.process.tail()}")
    return command.process.exit


async def generation_of(cluster: Cluster) -> int:
    async with httpx.AsyncClient(base_url=cluster.api, timeout=60) as client:
        answer = await client.get("/v1/status")
    return int(answer.json()["generation"])


async def clerk(publisher: Publisher, number: int, random: Random, done: asyncio.Event) -> None:
    telling = Clerk(number, random)
    while not done.is_set():
        for group in telling.group(20):
            await publisher.send(group)
            await asyncio.sleep(0.05)


async def rebuild(cluster: Cluster, random: Random, kills: int) -> None:
    """Rebuild slowly, killed some times, and at last as fast as it can be."""
    for _ in range(kills):
        command = cluster.command("rebuild", "--throttle", "1500")
        command.start()
        await asyncio.sleep(random.uniform(0.8, 2.5))
        command.kill()
    command = cluster.command("rebuild")
    command.start()
    assert await ended(command) == "exit code 0", command.process.tail(60)


async def survive(cluster: Cluster, seed: str, rounds: int, kills: int) -> None:
    """Switch to new generations and back under load with readers, then hold everything against what was said."""

    def chance(of: str) -> Random:
        return Random(f"{seed} {of}")

    structure = Structure(chance("structure"))
    readers = [Reader(cluster.api, chance(f"reader {n}")) for n in range(READERS)]
    async with publishing(cluster.settings.nats_url) as publisher:
        await publisher.send_in_turn(structure.tree())
        await reached(cluster.api, 1)
        asking = [asyncio.create_task(reader.run()) for reader in readers]
        done, late = asyncio.Event(), structure.late()
        async with asyncio.TaskGroup() as group:
            for number in range(CLERKS):
                group.create_task(clerk(publisher, number, chance(f"clerk {number}"), done))
            for n in range(rounds):
                for told in late[n::rounds]:
                    await publisher.send([told])
                before = await generation_of(cluster)
                await rebuild(cluster, chance(f"kills {n}"), kills)
                assert await generation_of(cluster) > before
            there = await generation_of(cluster)
            back = cluster.command("rebuild", "--back")
            back.start()
            assert await ended(back) == "exit code 0", back.process.tail(60)
            assert await generation_of(cluster) < there
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
        await hold_figures(cluster.api, readers[0], expected)


@pytest.mark.long
async def test_switches_under_load_show_in_no_figure() -> None:
    async with running_cluster() as cluster:
        await survive(cluster, "short", 1, 2)


@pytest.mark.long
@pytest.mark.parametrize("seed", ["a", "b"])
async def test_switches_go_on_for_long(seed: str) -> None:
    async with running_cluster() as cluster:
        await survive(cluster, seed, ROUNDS, 4)
