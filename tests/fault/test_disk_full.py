"""A disk without room, under PostgreSQL or under the bus: it is said, nothing is lost, and all goes on with room."""

from __future__ import annotations

import asyncio
import io
from random import Random

import asyncpg
import httpx
import nats
import pytest

from projections.store.log.outcome_sql import DECIDED
from services.publishing.connection import connect as connect_publisher
from services.publishing.flow import PUBLISHED, Flow, LineOutcome
from tests.fault.cluster import Cluster, running_cluster
from tests.fault.disk import Disk, small_disk
from tests.fault.expectation import Expectation
from tests.fault.load import CELLS, Clerk, Structure
from tests.fault.projecting import eventually
from tests.fault.publishing import Publisher, publishing
from tests.fault.reading import Reader
from tests.fault.settling import hold_counters, hold_figures, hold_ledger, reached
from tests.oracle.telling import admitted
from tests.servers import connect

MUCH = 40


async def said(cluster: Cluster, part: str, *words: str) -> None:
    async def so() -> bool:
        return all(word in cluster.log_of(part) for word in words)

    await eventually(so, f"{part} never says {words}:\n{cluster.log_of(part)}")


async def not_ready(cluster: Cluster, *words: str) -> None:
    """Wait until the projector says of itself what is wrong."""
    url = f"http://{cluster.settings.projector_http}/readyz"

    async def so() -> bool:
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.get(url)
        troubles = " ".join(answer.json()["troubles"])
        return answer.status_code == 503 and all(word in troubles for word in words)

    await eventually(so, f"the projector never says {words}")


async def hold(cluster: Cluster, publisher: Publisher) -> None:
    """Hold every outcome, counter and figure to what was acknowledged."""
    expected = Expectation(publisher.acked)
    await reached(cluster.api, max(one.position for one in publisher.acked))
    connection = await connect(cluster.settings.database_url)
    try:
        await hold_ledger(connection, publisher.acked, expected)
        await hold_counters(connection, expected)
        aside = f"SELECT count(*) FROM {DECIDED} AS said WHERE detail LIKE '%could not be processed%'"
        assert await connection.fetchval(aside) == 0
    finally:
        await connection.close()
    await hold_figures(cluster.api, Reader(cluster.api, Random(0)), expected)


async def say_much(publisher: Publisher, clerk: Clerk, groups: int = MUCH) -> None:
    for _ in range(groups):
        for group in clerk.group(60):
            await publisher.send(group)


async def begin(publisher: Publisher, cluster: Cluster) -> Clerk:
    """Tell of the units and of something in them."""
    structure, clerk = Structure(Random(3)), Clerk(0, Random(4))
    await publisher.send_in_turn((*structure.tree(), *structure.late()))
    await say_much(publisher, clerk, 1)
    await reached(cluster.api, max(one.position for one in publisher.acked))
    return clerk


@pytest.mark.long
async def test_a_database_without_room_is_waited_for() -> None:
    with small_disk(160) as disk:
        async with running_cluster(postgres=disk.path) as cluster, publishing(cluster.settings.nats_url) as publisher:
            clerk = await begin(publisher, cluster)
            disk.fill()
            await say_much(publisher, clerk)
            await not_ready(cluster, "đĩa của cơ sở dữ liệu đã đầy", "disk is full", "No space left")
            await said(cluster, "projector", "đĩa của cơ sở dữ liệu đã đầy", "DiskFullError")
            attempts = cluster.log_of("projector").count("DiskFullError")
            async with httpx.AsyncClient(base_url=cluster.api, timeout=60) as client:
                assert (await client.get("/readyz")).status_code in {200, 503}  # never 500
            assert attempts < 20, "it tries without a pause"
            disk.make_room()
            await hold(cluster, publisher)


async def use_up_the_log(connection: asyncpg.Connection) -> None:
    """Leave no room for PostgreSQL's own log: a PANIC, and then no recovery either."""
    for n in range(1000):
        await connection.execute(f"SELECT pg_switch_wal(); CREATE TABLE spoils_{n} ()")


@pytest.mark.long
async def test_a_database_that_goes_down_for_want_of_room_is_waited_for() -> None:
    with small_disk(160) as disk:
        async with running_cluster(postgres=disk.path) as cluster, publishing(cluster.settings.nats_url) as publisher:
            clerk = await begin(publisher, cluster)
            connection = await asyncpg.connect(cluster.settings.database_url)
            disk.fill()
            with pytest.raises((asyncpg.PostgresError, OSError)):
                await use_up_the_log(connection)

            async def down() -> bool:
                return not cluster.postgres.process.alive

            await eventually(down, cluster.log_of("postgres"))
            assert "PANIC" in cluster.log_of("postgres")
            await say_much(publisher, clerk)
            await not_ready(cluster, "waiting")
            disk.make_room()
            await cluster.revive(["postgres"])
            await hold(cluster, publisher)


async def unstuck(cluster: Cluster, disk: Disk) -> None:
    """Do what the supervisor of `tonghop up` does."""
    assert "no space left" in (cluster.nats.stuck() or "")
    disk.make_room()
    assert "no space left" in (cluster.nats.stuck() or "")
    await asyncio.to_thread(cluster.nats.stop)
    await cluster.revive(["nats"])
    assert cluster.nats.stuck() is None


@pytest.mark.long
async def test_a_bus_without_room_loses_nothing_that_it_acknowledged() -> None:
    with small_disk(48) as disk:
        async with running_cluster(nats=disk.path) as cluster, publishing(cluster.settings.nats_url) as publisher:
            clerk = await begin(publisher, cluster)
            disk.fill()
            speaking = asyncio.create_task(say_much(publisher, clerk, 4))

            async def stuck() -> bool:
                return cluster.nats.stuck() is not None

            await eventually(stuck, "the bus takes everything")
            assert not speaking.done()
            await unstuck(cluster, disk)
            await speaking
            await hold(cluster, publisher)


@pytest.mark.long
async def test_publishing_says_that_the_bus_has_no_room_and_goes_on_when_it_has() -> None:
    with small_disk(48) as disk:
        async with running_cluster(nats=disk.path) as cluster, publishing(cluster.settings.nats_url) as publisher:
            await begin(publisher, cluster)
            file = disk.path.parent / "events.jsonl"
            facts = [admitted(CELLS[0], "2023-01-01", f"f-{n}").body for n in range(2_000)]
            file.write_bytes(b"\n".join(facts))
            disk.fill()
            command = cluster.command("publish", str(file), "--nats", cluster.settings.nats_url, "--patience", "inf")
            command.start()

            async def so() -> bool:
                return "đĩa có thể đã đầy" in command.process.tail()

            await eventually(so, command.process.tail())
            assert command.process.alive
            await unstuck(cluster, disk)

            async def ended() -> bool:
                return not command.process.alive

            await eventually(ended, command.process.tail())
            assert command.process.exit == "exit code 0", command.process.tail()
            assert "2.000" in command.process.tail()
            connection = await connect(cluster.settings.database_url)
            try:
                counted = f"SELECT count(*) FROM {DECIDED} AS said WHERE id LIKE 'f-%' AND outcome = 'counted'"
                assert await connection.fetchval(counted) == len(facts)
            finally:
                await connection.close()


async def test_a_stream_at_its_limit_is_said_and_waited_for(party: str) -> None:
    client = await nats.connect(party)
    jetstream = client.jetstream()
    config = (await jetstream.stream_info("PARTY")).config
    await jetstream.update_stream(config.evolve(max_bytes=100_000))
    noticed: list[object] = []
    told: list[LineOutcome] = []
    lines = io.BytesIO(b"\n".join(admitted("u1", "2023-01-01", f"f-{n}").body for n in range(1_000)))
    try:
        async with connect_publisher(party, notice=noticed.append) as bus:
            flow = Flow(bus, batches=True, patience=None, tell=told.append, sent=lambda _: None, notice=noticed.append)
            running = asyncio.create_task(flow.run(lines))

            async def full() -> bool:
                return any("bus đã đầy" in str(said) and "maximum bytes" in str(said) for said in noticed)

            await eventually(full, f"it says {noticed}")
            await jetstream.update_stream(config)
            await running
        assert [one.outcome for one in told] == [PUBLISHED] * 1_000
        assert (await jetstream.stream_info("PARTY")).state.messages == 1_000
    finally:
        await client.close()
