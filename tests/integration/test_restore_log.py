"""The database is lost: `tonghop restore --from-log` brings every figure back from the stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.log.configuration import stream_config
from services.log.intake import Intake
from services.settings import Settings
from tests import servers
from tests.fault.projecting import bench
from tests.integration.odd_log import LENGTH, publish, publish_odd_log
from tests.integration.restoring import client_of, fetch, figures, fresh, project, remove_stream, tonghop
from tests.oracle.telling import admitted

LOST = "lost"


@pytest.fixture
async def lost(postgres: PostgresServer) -> AsyncIterator[str]:
    """Name a database that isn't there."""
    yield postgres.database_url(LOST)
    await servers.execute(postgres, f"DROP DATABASE IF EXISTS {LOST} WITH (FORCE)")


async def test_a_dropped_database_comes_back_figure_by_figure(
    nats_server: NatsServer, database: str, lost: str
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings)
        # What the projector's consumer has acknowledged it is not given again.
        intake = Intake(client, "PARTY", "projector")
        await intake.open()
        taken = await intake.take(LENGTH, 5)
        while taken.messages[-1].position < LENGTH:
            taken = await intake.take(LENGTH, 5)
        await intake.acknowledge(taken.replies[-1])
        await intake.close()
        before = await figures(settings)
        anew = replace(settings, database_url=lost)
        done = await tonghop(anew, "restore", "--from-log")
        assert done.code == 0, done.said
        assert f"all {LENGTH} messages" in done.said
        assert "tonghop account bootstrap" in done.said, "accounts are not made from the log"
        assert await figures(anew) == before
        assert await fetch(anew, "SELECT count(*) FROM worker") == 0
        async with bench(anew.nats_url, lost) as on:
            with on.projector():
                await on.reached(await publish(client, admitted("u1", "2023-09-01", "after")))
            assert len(await on.outcomes()) == LENGTH + 1


async def test_a_database_with_figures_is_not_touched(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
    await project(settings, 9)
    before = await figures(settings)
    done = await tonghop(settings, "restore", "--from-log")
    assert done.code == 1
    assert "up to position 9" in done.said
    assert "nothing was changed" in done.said
    assert await figures(settings) == before


async def test_without_a_whole_stream_there_is_nothing_to_restore_from(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await remove_stream(client)
        done = await tonghop(settings, "restore", "--from-log")
        assert done.code == 1
        assert "no stream PARTY" in done.said
        assert "--backup" in done.said
        await client.jetstream().add_stream(stream_config(Settings()).evolve(first_seq=100))
        await publish(client, admitted("u1", "2023-09-01", "after"))
        done = await tonghop(settings, "restore", "--from-log")
        assert done.code == 1
        assert "begins at 100" in done.said
    assert await fetch(settings, "SELECT count(*) FROM ledger") == 0


async def test_a_projector_that_leads_is_not_disturbed(
    nats_server: NatsServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.recovery.database._PATIENCE", 0.5)
    settings = await fresh(nats_server, database)
    async with bench(settings.nats_url, database) as on, client_of(settings) as client:
        with on.projector() as running:
            await on.reached(await publish(client, admitted("u1", "2023-09-01", "after")))
            await running.becomes(ready=True)
            done = await tonghop(settings, "restore", "--from-log")
            assert done.code == 1
            assert "stop it first" in done.said


async def test_the_command_wants_one_way_alone() -> None:
    for wrong in ((), ("--from-log", "--from-ledger"), ("--from-log", "--only", "stream")):
        done = await tonghop(Settings(), "restore", *wrong)
        assert done.code == 2
        assert "choose exactly one" in done.said


async def test_a_bus_that_is_away_is_said() -> None:
    done = await tonghop(replace(Settings(), nats_url="nats://127.0.0.1:1"), "restore", "--from-log")
    assert done.code == 1
    assert "TONGHOP_NATS_URL" in done.said
