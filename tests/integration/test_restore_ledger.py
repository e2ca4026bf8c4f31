"""The stream is lost or cut: `tonghop restore --from-ledger` brings it back, byte for byte, at the same positions."""

from __future__ import annotations

import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError

from projections.rules.log.message import Message
from services.embedded.nats import NatsServer
from services.log.configuration import stream_config
from services.migration import MigrationError, migrate
from services.recovery.log import Log
from services.settings import Settings
from tests.fault.projecting import bench
from tests.integration.odd_log import BATCH, LENGTH, publish, publish_odd_log
from tests.integration.restoring import (
    client_of,
    fetch,
    figures,
    fresh,
    project,
    put_stream,
    read,
    remove_stream,
    tonghop,
)
from tests.oracle.telling import admitted


async def restored(settings: Settings) -> str:
    """Restore the stream and return what is said."""
    done = await tonghop(settings, "restore", "--from-ledger")
    assert done.code == 0, done.said
    return done.said


async def refused(settings: Settings, *words: str) -> None:
    """Find the restore refused, with these words."""
    done = await tonghop(settings, "restore", "--from-ledger")
    assert done.code == 1
    for word in words:
        assert word in done.said


async def odd(client: Client, settings: Settings, end: int | None = None) -> list[Message]:
    """Publish a log of everything, have it projected up to a position, and return the whole of it."""
    await publish_odd_log(client)
    await project(settings, end)
    return await read(client)


async def test_a_stream_that_was_deleted_comes_back_to_the_byte(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings)
        assert len(before) == LENGTH
        known = await figures(settings)
        await remove_stream(client)
        assert f"positions 1 to {LENGTH} byte for byte" in await restored(settings)
        # Its time is the ledger's: to the microsecond, as it is read here too.
        assert await read(client) == before
        # It is the stream that a migration wants, and the projector goes on where it was.
        await migrate(settings, notice=lambda _: None)
        consumer = await client.jetstream().consumer_info("PARTY", "projector")
        assert consumer.ack_floor is not None
        assert (consumer.ack_floor.stream_seq, consumer.num_pending) == (LENGTH, 0)
        assert await figures(settings) == known
        async with bench(settings.nats_url, database) as on:
            with on.projector():
                position = await publish(client, admitted("u1", "2023-09-01", "after"))
                assert position == LENGTH + 1
                await on.reached(position)


async def test_a_projector_that_runs_stands_by_and_goes_on(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with bench(settings.nats_url, database) as on, client_of(settings) as client:
        await publish_odd_log(client)
        with on.projector() as running:
            await on.reached(LENGTH)
            before = await read(client)
            await remove_stream(client)
            await running.becomes(ready=False)
            await restored(settings)
            assert await read(client) == before
            await on.reached(await publish(client, admitted("u1", "2023-09-01", "after")))


@pytest.mark.parametrize("end", [1, BATCH[3], BATCH[-1], LENGTH - 1])
async def test_of_a_cut_stream_what_is_missing_comes_back(nats_server: NatsServer, database: str, end: int) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings)
        await put_stream(client, before[:end])
        await restored(settings)
        assert await read(client) == before


async def test_a_ledger_that_ends_within_a_batch_gives_its_part_of_it(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings, BATCH[4])
        await remove_stream(client)
        await restored(settings)
        assert await read(client) == before[: BATCH[4]]


async def test_a_stream_that_was_made_anew_and_is_empty_is_filled(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings)
        await remove_stream(client)
        with pytest.raises(MigrationError, match="--from-ledger"):
            await migrate(settings, notice=lambda _: None)
        await client.jetstream().add_stream(stream_config(settings))
        await restored(settings)
        assert await read(client) == before


async def test_what_the_stream_has_beyond_the_ledger_stays(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings, 9)
        assert f"it ends at {LENGTH}" in await restored(settings)
        assert await read(client) == before


async def test_a_stream_that_differs_is_refused_and_left(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings)
        for other in (
            before[6]._replace(body=before[7].body),
            before[6]._replace(headers=None),
            before[6]._replace(bus_subject="party.v1.u1.member.departed"),
        ):
            await put_stream(client, [*before[:6], other, *before[7:20]])
            found = await read(client)
            await refused(settings, "another message at 7", "Nothing was changed", "nats stream rm PARTY")
            assert await read(client) == found
            assert await publish(client, admitted("u1", "2023-09-01", f"{len(found)}")) == 21


async def test_a_stream_with_a_gap_before_what_only_it_has_is_refused(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings, 12)
        await put_stream(client, [*before[:3], *before[4:]])
        await refused(settings, "lacks 1 messages", f"from 13 to {LENGTH}")
        assert len(await read(client)) == LENGTH - 1


async def test_a_gap_within_the_ledger_is_filled(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings)
        await put_stream(client, [*before[2:9], *before[12:]])
        await restored(settings)
        assert await read(client) == before


async def test_a_stream_that_a_killed_restore_left_closed_is_opened(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        before = await odd(client, settings)
        await Log(client, settings).close("ledger")
        said = admitted("u1", "2023-09-01", "after")
        with pytest.raises(NoRespondersError):
            await client.request(said.bus_subject, said.body)
        with pytest.raises(MigrationError, match="restore"):
            await migrate(settings, notice=lambda _: None)
        await restored(settings)
        assert await read(client) == before
        assert await publish(client, said) == LENGTH + 1


async def test_a_ledger_that_was_spoilt_or_is_empty_gives_nothing(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await refused(settings, "no ledger either", "--from-log", "--backup")
        await odd(client, settings)
        await remove_stream(client)
        await fetch(settings, "DELETE FROM ledger WHERE position = 8")
        await refused(settings, f"{LENGTH - 1} of its {LENGTH} messages")


async def test_a_message_larger_than_is_taken_today_comes_back_too(nats_server: NatsServer, database: str) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        jetstream = client.jetstream()
        await jetstream.update_stream(stream_config(settings).evolve(max_msg_size=-1))
        await jetstream.publish("party.v1.trung-uong.unit.renamed", b"x" * 40_000)
        await project(settings)
        before = await read(client)
        await remove_stream(client)
        await restored(settings)
        assert await read(client) == before
        assert (await jetstream.stream_info("PARTY")).config.max_msg_size == 18_432
