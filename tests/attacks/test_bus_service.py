"""The service's own users on the shipped bus: each may do its part, and none can be used to change or lose the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import nats
import nats.errors
import pytest
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from services.bus_accounts import POSITION
from services.log.configuration import consumer_config, stream_config
from services.settings import Settings
from tests.attacks.guarded import Guarded, guarded_somewhere, refused, told
from tests.attacks.signed import signed_somewhere

USERS = ("migrate", "projector", "api", "reader", "backup")
"""Those that publish no event."""
ISOLATED = ("migrate", "api", "reader")
"""Those that are in an account of their own: nothing that answers them can be sent where it does harm."""
NOBODYS = (
    *("STREAM.DELETE.PARTY", "STREAM.UPDATE.PARTY", "STREAM.PURGE.PARTY", "STREAM.RESTORE.PARTY"),
    *("STREAM.MSG.DELETE.PARTY", "CONSUMER.DELETE.PARTY.projector", "CONSUMER.CREATE.PARTY"),
    *("CONSUMER.CREATE.PARTY.other", "CONSUMER.DURABLE.CREATE.PARTY.other", "CONSUMER.PAUSE.PARTY.projector"),
    *("STREAM.CREATE.OTHER", "STREAM.PEER.REMOVE.PARTY", "STREAM.LEADER.STEPDOWN.PARTY", "ACCOUNT.PURGE.PARTY"),
)
READ = ("STREAM.INFO.PARTY", "STREAM.MSG.GET.PARTY", "DIRECT.GET.PARTY", "CONSUMER.INFO.PARTY.projector")
MADE = ("STREAM.CREATE.PARTY", "CONSUMER.CREATE.PARTY.projector", "CONSUMER.DURABLE.CREATE.PARTY.projector")
WHAT_GRANTS = "party.v1.gia-binh.access.granted"
REPLIES = ("$JS.API.STREAM.DELETE.PARTY", "$JS.API.CONSUMER.DELETE.PARTY.projector", "party.v1.gia-binh.x.y")


class Bus(NamedTuple):
    """The shipped bus with a log, the operator's view of it, and where it stood when the attack began."""

    server: Guarded
    jetstream: JetStreamContext
    before: int

    async def untouched(self) -> None:
        """Check that the log holds what it held, and that its consumer is the projector's."""
        info = await self.jetstream.stream_info("PARTY")
        assert (info.state.messages, info.state.last_seq, info.config.max_msgs) == (self.before, self.before, -1)
        assert (await self.jetstream.consumer_info("PARTY", "projector")).config.deliver_subject is None


@pytest.fixture(scope="module", params=["passwords", "credentials"])
async def shared(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    with guarded_somewhere(operator=True) if request.param == "passwords" else signed_somewhere() as server:
        async with server.client("operator") as operator, server.client("gia-binh") as unit:
            await operator.jetstream().add_stream(stream_config(Settings()))
            await operator.jetstream().add_consumer("PARTY", consumer_config(Settings()))
            await unit.jetstream().publish("party.v1.gia-binh.x.y", b"")
            yield Bus(server, operator.jetstream(), 1)


@pytest.fixture
async def bus(shared: Bus) -> Bus:
    return shared._replace(before=(await shared.jetstream.stream_info("PARTY")).state.last_seq)


@pytest.mark.parametrize("user", USERS)
async def test_no_process_may_change_the_log_or_speak_as_a_unit(bus: Bus, user: str) -> None:
    server = bus.server
    asked = [
        *(f"$JS.API.{call}" for call in NOBODYS),
        "party.v1.gia-binh.x.y",
        WHAT_GRANTS,
        "tonghop.v1.receipts.gia-binh",
    ]
    async with server.client(user) as client:
        for subject in asked:
            await client.publish(subject, b"")
        await told(client)
    await refused(server, *(server.violation(user, "Publish", subject) for subject in asked))
    await bus.untouched()


async def test_the_gateway_publishes_as_any_unit_and_does_nothing_else(bus: Bus) -> None:
    server, jetstream, before = bus
    asked = [*(f"$JS.API.{call}" for call in (*NOBODYS, *READ, *MADE)), "tonghop.v1.receipts.gia-binh", "_INBOX.x"]
    async with server.client("gateway") as client:
        for reply in REPLIES[:2]:
            await client.publish("party.v1.gia-binh.x.y", b"", reply=reply)
        for subject in asked:
            await client.publish(subject, b"")
        assert (await client.jetstream().publish(WHAT_GRANTS, b"{}")).seq == before + 3
        await client.subscribe("party.v1.>")
        await told(client)
    await refused(server, *(server.violation("gateway", "Publish", subject) for subject in asked))
    await refused(server, server.violation("gateway", "Subscription", "party.v1.>"))
    info = await jetstream.stream_info("PARTY")
    assert info.state.messages == info.state.last_seq == before + 3


async def test_migrate_can_only_make_what_is_missing(bus: Bus) -> None:
    server, jetstream = bus.server, bus.jetstream
    found = (await jetstream.stream_info("PARTY")).config
    emptied = found.evolve(discard="old", max_msgs=1).as_dict()
    async with server.client("migrate") as client:
        answer = await client.request("$JS.API.STREAM.CREATE.PARTY", json.dumps(emptied).encode(), timeout=5)
        assert json.loads(answer.data)["error"]["err_code"] == 10058  # the name is in use
        pushed = {"durable_name": "projector", "deliver_subject": "$JS.API.STREAM.DELETE.PARTY", "ack_policy": "none"}
        request = json.dumps({"stream_name": "PARTY", "config": pushed}).encode()
        answer = await client.request("$JS.API.CONSUMER.CREATE.PARTY.projector", request, timeout=5)
        assert "error" in json.loads(answer.data)
    await bus.untouched()


@pytest.mark.parametrize("user", ISOLATED)
async def test_no_answer_to_an_isolated_process_does_harm(bus: Bus, user: str) -> None:
    async with bus.server.client(user) as client:
        for call in (*READ, *(MADE if user == "migrate" else ())):
            for reply in REPLIES:
                for body in (b"", b'{"seq":1}', b'{"seq":99}', b'{"batch":1,"seq":99}'):
                    await client.publish(f"$JS.API.{call}", body, reply=reply)
        await told(client)
        with suppress(nats.errors.Error):
            await client.jetstream().stream_info("PARTY")
    await bus.untouched()


async def test_nobody_hears_events_or_the_inbox_of_another(bus: Bus) -> None:
    server = bus.server
    subjects = ("party.v1.>", ">", "$JS.>")
    for user in USERS:
        async with server.client(user) as client:
            for subject in subjects:
                await client.subscribe(subject)
            await told(client)
        await refused(server, *(server.violation(user, "Subscription", subject) for subject in subjects))


async def test_the_position_is_told_by_the_projector_alone_and_heard_by_the_api_alone(bus: Bus) -> None:
    """Nobody's publication or reply gets there; a word of it would only have the database asked."""
    server = bus.server
    heard: list[bytes] = []
    async with server.client("api") as api, server.client("projector") as projector:
        await api.subscribe(POSITION, cb=partial(_note, heard))
        await told(api)
        for user in ("migrate", "api", "reader", "backup", "gateway", "gia-binh"):
            async with server.client(user) as client:
                await client.publish(POSITION, b"666")
                if user in {"gateway", "gia-binh"}:
                    await client.publish("party.v1.gia-binh.x.y", b"", reply=POSITION)
                if user != "api":
                    await client.subscribe(POSITION)
                await told(client)
            await refused(server, server.violation(user, "Publish", POSITION))
            if user != "api":
                await refused(server, server.violation(user, "Subscription", POSITION))
        await projector.publish(POSITION, b"7")
        await projector.flush()
        async with asyncio.timeout(60):
            while not heard:  # noqa: ASYNC110 - what comes is noted by the client
                await asyncio.sleep(0.01)
    assert heard == [b"7"]


async def _note(heard: list[bytes], message: Msg) -> None:
    heard.append(message.data)


async def test_the_operators_user_is_off_as_shipped() -> None:
    with guarded_somewhere() as server:
        for user in ("operator", "sys", "admin"):
            with pytest.raises(nats.errors.Error):
                await nats.connect(server.url(user), allow_reconnect=False, max_reconnect_attempts=0, error_cb=_quietly)
        assert any("authentication error" in line for line in server.log.read_text().splitlines())


async def _quietly(_: Exception) -> None:
    """Say nothing: what is wrong is raised."""
