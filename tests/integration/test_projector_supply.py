"""The supply of messages: in order and without gaps, whatever the bus gives first."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats
import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from projections.rules.log.message import GapError
from services.log import intake as intaking
from services.log.configuration import consumer_config, stream_config
from services.log.intake import Intake
from services.log.supply import Supply
from services.settings import Settings
from tests import servers


@asynccontextmanager
async def supply_of(url: str, count: int) -> AsyncIterator[tuple[Supply, Intake, Client]]:
    """Put messages into a stream whose messages can be deleted, as only a test's can."""
    settings = Settings()
    client = await nats.connect(url)
    jetstream = client.jetstream()
    with suppress(NotFoundError):
        await jetstream.delete_stream("PARTY")
    config = stream_config(settings)
    config.deny_delete = False
    await jetstream.add_stream(config)
    await jetstream.add_consumer("PARTY", consumer_config(settings))
    for number in range(1, count + 1):
        await jetstream.publish("party.v1.u1.x", str(number).encode())
    intake = Intake(client, "PARTY", "projector")
    try:
        yield Supply(client, "PARTY", intake), intake, client
    finally:
        await client.close()


async def take(supply: Supply, position: int, last: int, most: int = 100) -> list[int]:
    """Take until something comes, and check that it is what follows the position."""
    messages: list[int] = []
    while not messages:
        taken, _ = await supply.take(position, most, 0.2, last)
        messages = [message.position for message in taken]
    assert messages == list(range(position + 1, position + 1 + len(messages)))
    return messages


async def test_what_another_was_given_is_read_in_front_of_what_is_given(party: str) -> None:
    async with supply_of(party, 20) as (supply, intake, client):
        other = await client.jetstream().pull_subscribe_bind("projector", "PARTY")
        assert len(await other.fetch(12)) == 12
        await intake.open()
        position = 0
        while position < 20:
            position = (await take(supply, position, 20, most=7))[-1]
        assert position == 20


async def test_what_another_was_given_is_read_where_nothing_else_comes(party: str) -> None:
    async with supply_of(party, 12) as (supply, intake, client):
        other = await client.jetstream().pull_subscribe_bind("projector", "PARTY")
        assert len(await other.fetch(12)) == 12
        await intake.open()
        assert await take(supply, 4, 12) == list(range(5, 13))


async def test_a_message_that_the_log_lacks_is_said(party: str) -> None:
    async with supply_of(party, 10) as (supply, intake, client):
        await client.jetstream().delete_msg("PARTY", 4)
        await intake.open()
        assert await take(supply, 0, 10) == [1, 2, 3]
        with pytest.raises(GapError, match="no message at 4"):
            await supply.take(3, 100, 0.2, 10)


async def test_a_bus_that_hangs_is_not_taken_for_one_that_has_nothing_to_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intaking, "_SILENCE", 0.05)
    with servers.short_folder() as folder, servers.running_nats(folder) as server:
        async with supply_of(server.url, 1) as (supply, intake, _):
            await intake.open()
            await take(supply, 0, 1)
            os.kill(server.pid, signal.SIGSTOP)
            try:
                for _ in range(4):
                    await supply.take(1, 10, 0.1, 1)
                assert intake.silent_for > 0.3
            finally:
                os.kill(server.pid, signal.SIGCONT)
