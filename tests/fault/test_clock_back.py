"""A clock that is set back under a running service: no figure, order, ETag, lead or readiness shows it."""

from __future__ import annotations

import asyncio
import datetime as dt
from random import Random

import httpx
import pytest

from projections.store.live.projection import Projection
from tests.fault.cluster import Cluster, running_cluster
from tests.fault.interposed import interposed
from tests.fault.load import Clerk, Structure
from tests.fault.projecting import eventually
from tests.fault.publishing import publishing
from tests.fault.reading import Reader
from tests.fault.settling import reached
from tests.fault.test_disk_full import hold, say_much
from tests.oracle.telling import ROOT
from tests.property.reading import reader_of
from tests.property.strategies import log_of
from tests.property.system import messages, system_on

HOUR = 3600
BACK = (-HOUR, -48 * HOUR, -49 * HOUR)


async def readiness(cluster: Cluster) -> tuple[bool, str]:
    found = []
    async with httpx.AsyncClient(timeout=60) as client:
        for url in (cluster.api, f"http://{cluster.settings.projector_http}"):
            try:
                found.append(await client.get(f"{url}/readyz"))
            except httpx.TransportError as error:
                return False, str(error)
    return all(answer.status_code == 200 for answer in found), " ".join(answer.text for answer in found)


async def becomes(cluster: Cluster, *, ready: bool) -> None:
    async def so() -> bool:
        return (await readiness(cluster))[0] == ready

    await eventually(so, f"it is never ready={ready}: {await readiness(cluster)}")


async def told_by(cluster: Cluster, seconds: int) -> None:
    """Wait until the projector's last sign of life is by the clock as it was set."""

    async def so() -> bool:
        async with httpx.AsyncClient(base_url=cluster.api, timeout=60) as client:
            seen = dt.datetime.fromisoformat((await client.get("/v1/status")).json()["worker"]["seen_at"])
        return abs(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds) - seen) < dt.timedelta(minutes=10)

    await eventually(so, "the clock is not set back")


@pytest.mark.long
async def test_all_goes_on_and_a_dead_projector_is_not_taken_for_a_live_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with interposed(monkeypatch) as clock:
        async with running_cluster() as cluster, publishing(cluster.settings.nats_url) as publisher:
            structure, clerk = Structure(Random(5)), Clerk(0, Random(6))
            await publisher.send_in_turn((*structure.tree(), *structure.late()))
            reader = Reader(cluster.api, Random(7))
            reading = asyncio.create_task(reader.run())
            await say_much(publisher, clerk, 3)
            await reached(cluster.api, max(one.position for one in publisher.acked))
            await becomes(cluster, ready=True)
            leads = cluster.log_of("projector").count("leading")
            for seconds in BACK:
                clock.set_clock(seconds)
                await say_much(publisher, clerk, 3)
                await reached(cluster.api, max(one.position for one in publisher.acked))
                await becomes(cluster, ready=True)
                await told_by(cluster, seconds)
            assert cluster.log_of("projector").count("leading") == leads
            assert not reading.done() or reading.exception() is None, reading.exception()
            reading.cancel()
            await hold(cluster, publisher)
            cluster.kill(["projector"], Random(8))
            clock.set_clock(BACK[-1] - HOUR)
            async with httpx.AsyncClient(base_url=cluster.api, timeout=60) as client:
                troubles = (await client.get("/v1/status")).json()["troubles"]
            assert troubles, "a dead projector is taken for a live one until its last word is past"
            await cluster.revive(["projector"])
            await becomes(cluster, ready=True)


async def test_a_bus_whose_time_goes_back_changes_no_figure(database: str) -> None:
    """nats-server's clock can't be set under it: the messages are those of a bus whose was."""
    forward = messages(log_of(Random(9)))
    back = [one._replace(published_at=one.published_at - dt.timedelta(hours=2 * n)) for n, one in enumerate(forward)]
    found = []
    for log in (forward, back):
        async with system_on(database) as system:
            await system.deliver([], [])
            projection = await Projection.open(database, root=ROOT)
            for n in range(0, len(log), 7):
                await projection.apply(log[n : n + 7])
            await projection.close()
            found.append(await system.dump())
    chains = [dump.pop("chain") for dump in found]
    assert chains[0] != chains[1], "the bus's time is in the chain"
    assert found[0] == found[1]
    async with reader_of(database) as reader:
        report = await reader.get(f"/v1/units/{ROOT}/report", {"from": "2019-01-01", "to": "2024-12-31"})
    assert report["position"] == len(back)
    assert dt.datetime.fromisoformat(report["as_of"]) == back[-1].published_at
