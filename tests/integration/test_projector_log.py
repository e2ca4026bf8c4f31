"""The projector and its servers: it refuses a log that isn't its own, and waits for what comes back."""

from __future__ import annotations

import asyncpg
import nats
import pytest

from services.embedded.nats import NatsServer
from services.log.configuration import stream_config
from services.migration import migrate
from services.settings import Settings
from tests import servers
from tests.fault.cluster import running_cluster
from tests.fault.load import told_of
from tests.fault.projecting import Bench, Projector, bench, eventually
from tests.fault.publishing import publishing
from tests.oracle.telling import Said, admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))


def facts(first: int, end: int) -> list[Said]:
    return [admitted("u1", "2023-01-01", f"e{n}") for n in range(first, end)]


async def project(on: Bench, *log: Said) -> None:
    """Publish a log and have it projected, by a projector that then ends."""
    with on.projector("projector-before") as running:
        await on.publish(*log)
        await on.settled()
        running.command.stop()


async def refused(projector: Projector, *words: str) -> None:
    """Wait until the projector has ended by itself, with the code and the words of a refusal."""
    assert await projector.ends() == "exit code 3"
    for word in (*words, "Nothing was changed", "TONGHOP_DATABASE_URL"):
        assert word in projector.said


async def test_a_stream_made_anew_is_refused(party: str, database: str, nats_server: NatsServer) -> None:
    async with bench(party, database) as on:
        await project(on, *WORLD, *facts(0, 8))
        await servers.fresh_party(nats_server)
        await on.publish(*facts(20, 25))
        before = await on.outcomes()
        with on.projector() as running:
            await refused(running, "ends at 5", "behind the checkpoint of the figures at 10", "made anew")
        assert await on.outcomes() == before
        assert await on.connection.fetchval("SELECT state FROM worker") == "refused"


async def test_another_stream_of_the_same_length_is_refused(party: str, database: str, nats_server: NatsServer) -> None:
    async with bench(party, database) as on:
        await project(on, *WORLD, *facts(0, 8))
        await servers.fresh_party(nats_server)
        await on.publish(*facts(20, 40))
        with on.projector() as running:
            await refused(running, "another message at 10", "another stream")


async def test_a_stream_without_its_beginning_is_refused(party: str, database: str, nats_server: NatsServer) -> None:
    async with bench(party, database) as on:
        client = await nats.connect(party)
        jetstream = client.jetstream()
        await jetstream.delete_stream("PARTY")
        config = stream_config(Settings())
        config.first_seq = 100
        await jetstream.add_stream(config)
        await client.close()
        await migrate(on.settings, notice=lambda _: None)
        await on.publish(*WORLD)
        with on.projector() as running:
            await refused(running, "begins at 100", "messages between are missing")
        assert await on.outcomes() == []


async def test_a_stream_made_anew_under_a_running_projector_is_refused(
    party: str, database: str, nats_server: NatsServer
) -> None:
    async with bench(party, database) as on:
        with on.projector() as running:
            await on.publish(*WORLD, *facts(0, 8))
            await on.settled()
            await servers.fresh_party(nats_server)
            await refused(running, "behind the checkpoint")


@pytest.mark.parametrize("name", [pytest.param("postgres", marks=pytest.mark.long), "nats"])
async def test_a_server_that_is_restarted_is_waited_for(name: str) -> None:
    async with running_cluster() as cluster, publishing(cluster.settings.nats_url) as publisher:
        server = getattr(cluster, name)
        said = iter([*WORLD, *facts(0, 18)])
        for number in range(2):
            for _ in range(5):
                await publisher.send([told_of(next(said))])
            server.stop()
            server.start()
            for _ in range(5):
                await publisher.send([told_of(next(said))])
            await reflected(cluster.settings, 10 * (number + 1))


async def reflected(settings: Settings, position: int) -> None:
    """Wait until the ledger holds a position, over connections of its own: the server comes and goes."""
    connection = await asyncpg.connect(settings.database_url)

    async def there() -> bool:
        return bool(await connection.fetchval("SELECT count(*) FROM ledger") == position)

    try:
        await eventually(there, f"{position} is not reached")
    finally:
        await connection.close()
