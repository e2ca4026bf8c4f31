"""A disk on which every fsync takes long: no storm of redelivery, no double count, the lag told, memory kept."""

from __future__ import annotations

import asyncio
from random import Random

import httpx
import nats
import psutil
import pytest

from tests.fault.cluster import Cluster, running_cluster
from tests.fault.interposed import interposed
from tests.fault.load import Clerk, Structure
from tests.fault.projecting import eventually
from tests.fault.publishing import publishing
from tests.fault.reading import Reader, all_answered
from tests.fault.settling import reached
from tests.fault.test_disk_full import hold, say_much

SLOW = 500
"""Milliseconds."""
MEGABYTES = 120


async def lag_of(cluster: Cluster) -> int:
    async with httpx.AsyncClient(base_url=cluster.api, timeout=30) as client:
        return int((await client.get("/v1/status")).json()["lag"])


async def deliveries(cluster: Cluster) -> int:
    """Count what the bus has given to the durable consumer, what it gave again included."""
    client = await nats.connect(cluster.settings.nats_url)
    try:
        info = await client.jetstream().consumer_info("PARTY", "projector")
        assert info.delivered is not None
        return info.delivered.consumer_seq
    finally:
        await client.close()


@pytest.mark.long
async def test_slow_commits_show_in_the_lag_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with interposed(monkeypatch) as disk:
        async with running_cluster() as cluster, publishing(cluster.settings.nats_url) as publisher:
            structure, clerk = Structure(Random(15)), Clerk(0, Random(16))
            await publisher.send_in_turn((*structure.tree(), *structure.late()))
            reader = Reader(cluster.api, Random(17))
            reading = asyncio.create_task(reader.run())
            await reached(cluster.api, max(one.position for one in publisher.acked))
            disk.slow_down(SLOW)
            leads = cluster.log_of("projector").count("leading")
            speaking = asyncio.create_task(say_much(publisher, clerk, 12))

            async def behind() -> bool:
                return await lag_of(cluster) > 0

            await eventually(behind, "the lag is not shown")
            await speaking
            await reached(cluster.api, max(one.position for one in publisher.acked))
            assert cluster.log_of("projector").count("leading") == leads, cluster.log_of("projector")
            assert await deliveries(cluster) == max(one.position for one in publisher.acked)
            assert psutil.Process(cluster.pid_of("projector")).memory_info().rss < MEGABYTES << 20
            await say_much(publisher, clerk, 2)
            for victims in (["projector"], ["postgres"], ["projector", "postgres"]):
                # With a commit under way: the next one takes at least so long.
                await say_much(publisher, clerk, 1)
                await asyncio.sleep(SLOW / 3_000)
                cluster.kill(victims, Random(18))
                disk.slow_down(0)  # recovery brings every file to the disk, one after the other
                await cluster.revive(victims)
                disk.slow_down(SLOW)
            await reached(cluster.api, max(one.position for one in publisher.acked))
            await all_answered([reader])
            assert not reading.done() or reading.exception() is None, reading.exception()
            reading.cancel()
            disk.slow_down(0)
            await hold(cluster, publisher)
