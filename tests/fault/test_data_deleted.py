"""Data folders deleted under the running service and its readers: each comes back by its command, every figure too."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx
import pytest

from services.migration import migrate
from tests.fault.cluster import Cluster, running_cluster
from tests.fault.load import Clerk
from tests.fault.projecting import eventually
from tests.fault.publishing import publishing
from tests.fault.reading import Reader, asked
from tests.fault.settling import reached
from tests.fault.test_disk_full import begin, hold, say_much
from tests.oracle.telling import ROOT

SERVERS = ("postgres", "nats")


async def figures(cluster: Cluster, units: Sequence[str]) -> dict[tuple[str, str, str], Any]:
    found = {}
    async with httpx.AsyncClient(base_url=cluster.api, timeout=30) as client:
        for unit in units:
            for basis in ("as-was", "as-now"):
                for by in ("child", "month", "facet:sex"):
                    answer = await client.get(f"/v1/units/{unit}/report", params=asked(by) | {"basis": basis})
                    assert answer.status_code == 200, answer.text
                    found[unit, basis, by] = answer.json()
    return found


async def run(cluster: Cluster, name: str, *options: str) -> None:
    """Run a command to its end."""
    command = cluster.command(name, *options)
    command.start()

    async def ended() -> bool:
        return not command.process.alive

    try:
        await eventually(ended, f"it goes on: {command.process.tail()}")
    finally:
        command.kill()
    assert command.process.exit == "exit code 0", command.process.tail(60)


def delete(cluster: Cluster, *names: str) -> None:
    """Delete the data of servers that run; then they end, as they do by themselves sooner or later."""
    for name in names:
        shutil.rmtree(getattr(cluster, name).data_dir, ignore_errors=True)
    cluster.kill(names, Random(0))
    for name in names:
        shutil.rmtree(getattr(cluster, name).data_dir, ignore_errors=True)


@pytest.mark.long
async def test_each_comes_back_and_so_do_both() -> None:
    async with running_cluster() as cluster, publishing(cluster.settings.nats_url) as publisher:
        clerk: Clerk = await begin(publisher, cluster)
        reader = Reader(cluster.api, Random(21))
        reading = asyncio.create_task(reader.run())
        units = (ROOT, "p0", "u1", "u2", "c1", "c5", "late1")

        async def last_figures() -> dict[tuple[str, str, str], Any]:
            await reached(cluster.api, max(one.position for one in publisher.acked))
            return await figures(cluster, units)

        async def same(before: dict[tuple[str, str, str], Any]) -> None:
            assert await last_figures() == before
            assert not reading.done() or reading.exception() is None, reading.exception()
            answers = reader.answers

            async def answered() -> bool:
                return reader.answers > answers + 5

            await eventually(answered, "readers get no answers")
            await say_much(publisher, clerk, 1)

        before = await last_figures()
        delete(cluster, "postgres")
        reader.begin_anew()
        await cluster.revive(["postgres"])
        await run(cluster, "restore", "--from-log")
        await revived(cluster)
        await same(before)

        before = await last_figures()
        delete(cluster, "nats")
        await cluster.revive(["nats"])
        await run(cluster, "restore", "--from-ledger")
        await revived(cluster)
        await same(before)

        before = await last_figures()
        copy = cluster.nats.data_dir.parent / "copy"
        await run(cluster, "backup", str(copy))
        delete(cluster, *SERVERS)
        reader.begin_anew()
        await cluster.revive(SERVERS)
        await run(cluster, "restore", "--backup", str(copy))
        await revived(cluster)
        await same(before)

        reading.cancel()
        await hold(cluster, publisher)


async def revived(cluster: Cluster) -> None:
    """Make the consumer again, which a restored stream lacks, and start a projector that refused the empty one.

    Where the database was lost it would go on by itself, after the pause that it makes.
    """
    await migrate(cluster.settings, notice=lambda _: None)
    cluster.kill(["projector"], Random(0))
    await cluster.revive(["projector"])
