"""A unit with the shipped credential attacks the bus: by subject, by reply, by batches and by headers.

Its credential is a password, or is signed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import NamedTuple

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from services.log.configuration import consumer_config, stream_config
from services.settings import Settings
from tests.attacks.guarded import Guarded, guarded_somewhere, told
from tests.attacks.signed import signed_somewhere

OWN = "party.v1.gia-binh.member.admitted"
THEIRS = "party.v1.bac-ninh.unit.renamed"
API = ("STREAM.DELETE.PARTY", "STREAM.PURGE.PARTY", "CONSUMER.DELETE.PARTY.projector", "STREAM.MSG.DELETE.PARTY")
FORBIDDEN = (
    *(f"$JS.API.{call}" for call in API),
    *(f"log.{call}" for call in API),
    "$JS.API.STREAM.UPDATE.PARTY",
    "$JS.API.STREAM.RESTORE.PARTY",
    "$JS.API.STREAM.INFO.PARTY",
    "$JS.API.CONSUMER.CREATE.PARTY",
    "$JS.API.CONSUMER.MSG.NEXT.PARTY.projector",
    "$JS.API.DIRECT.GET.PARTY",
    "$JS.ACK.PARTY.projector.1.1.1.1.0",
    THEIRS,
    "party.v1.gia-binh-2.unit.renamed",
    "party.v1.gia-binh.access.granted",
    "tonghop.v1.receipts.bac-ninh",
    "tonghop.v1.receipts",
    "_INBOX_bac-ninh.x",
    "_R_.x",
    "$SYS.REQ.SERVER.PING",
)
REPLIES = tuple(subject for subject in FORBIDDEN if not subject.startswith(("_INBOX", "_R_")))
_numbers = itertools.count(1)


class Bus(NamedTuple):
    """The shipped bus with an empty log, a responder that answers receipts with nothing, and the operator's view."""

    server: Guarded
    jetstream: JetStreamContext
    asked: list[str]
    before: int
    """Where the log stood when the attack began."""

    async def stored(self) -> list[str]:
        """Give the subject of each message since, in order; NotFoundError where the log is gone."""
        state = (await self.jetstream.stream_info("PARTY")).state
        assert (state.first_seq, state.messages) == (1 if state.last_seq else 0, state.last_seq)
        return [
            str((await self.jetstream.get_msg("PARTY", n)).subject) for n in range(self.before + 1, state.last_seq + 1)
        ]

    async def untouched(self, *subjects: str) -> None:
        """Check that the log holds just this, that the projector's consumer is there, and nobody was asked anything."""
        assert await self.stored() == list(subjects)
        await self.unharmed()

    async def unharmed(self) -> None:
        """Check that the log holds the unit's own messages alone, and that nobody else was asked anything."""
        assert set(await self.stored()) <= {OWN}
        info = await self.jetstream.consumer_info("PARTY", "projector")
        assert (info.ack_floor.stream_seq if info.ack_floor else 0) == 0
        assert not set(self.asked) - {"tonghop.v1.receipts.gia-binh"}


@pytest.fixture(scope="module", params=["passwords", "credentials"])
async def guarded_bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    with guarded_somewhere(operator=True) if request.param == "passwords" else signed_somewhere() as server:
        async with server.client("operator") as operator, server.client("projector") as projector:
            bus = Bus(server, operator.jetstream(), [], 0)

            async def answer(message: Msg) -> None:
                bus.asked.append(message.subject)
                await message.respond(b"")

            await projector.subscribe("tonghop.v1.receipts.*", queue="receipts", cb=answer)
            await projector.flush()
            yield bus


@pytest.fixture
async def bus(guarded_bus: Bus) -> Bus:
    guarded_bus.asked.clear()
    guarded_bus.server.heard.clear()
    try:
        info = await guarded_bus.jetstream.stream_info("PARTY")
    except NotFoundError:
        info = await guarded_bus.jetstream.add_stream(stream_config(Settings()))
    await guarded_bus.jetstream.add_consumer("PARTY", consumer_config(Settings()))
    return guarded_bus._replace(before=info.state.last_seq)


async def settled(bus: Bus, unit: Client) -> None:
    """Wait until everything that was set off has happened: what is asked for and said afterwards comes after it."""
    for _ in range(2):  # an answer that had reached another subject would be there by the second time
        await unit.request("tonghop.v1.receipts.gia-binh", b"{}", timeout=10)
        await unit.jetstream().publish(OWN, b"{}")
    assert bus.server.log.exists()


async def heard(bus: Bus, words: str) -> None:
    """Wait until the server has said that it refuses."""
    async with asyncio.timeout(60):
        while not any(words in said for said in bus.server.heard):  # noqa: ASYNC110 - the client calls back
            await asyncio.sleep(0.01)


async def shut_out(unit: Client) -> None:
    """Wait until the server has ended the connection."""
    async with asyncio.timeout(60):
        while unit.is_connected:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_what_a_unit_may_do_works(bus: Bus) -> None:
    async with bus.server.client("gia-binh") as unit:
        ack = await unit.jetstream().publish(OWN, b"{}", headers={"Nats-Msg-Id": f"gia-binh:{next(_numbers)}:x"})
        assert (ack.stream, ack.seq) == ("PARTY", bus.before + 1)
        assert (await batch(unit, [OWN] * 100))[-1].data
        assert (await unit.request("tonghop.v1.receipts.gia-binh", b"{}", timeout=30)).data == b""
    assert not bus.server.heard
    await bus.untouched(*[OWN] * 101)


async def batch(unit: Client, subjects: list[str], reply: str | None = None) -> list[Msg]:
    """Send an atomic batch; with a reply, its first message asks for an answer there and it is never committed."""
    headers, answers = {"Nats-Batch-Id": f"b{next(_numbers)}"}, []
    for number, subject in enumerate(subjects, 1):
        headers["Nats-Batch-Sequence"] = str(number)
        if reply is not None:
            await unit.publish(subject, b"{}", reply=reply, headers=headers)
        elif number in {1, len(subjects)}:
            commit = {"Nats-Batch-Commit": "1"} if number == len(subjects) else {}
            answers.append(await unit.request(subject, b"{}", headers=headers | commit, timeout=30))
        else:
            await unit.publish(subject, b"{}", headers=headers)
    return answers


@pytest.mark.parametrize("reply", REPLIES)
async def test_no_answer_reaches_another_subject(bus: Bus, reply: str) -> None:
    async with bus.server.client("gia-binh") as unit:
        await batch(unit, [OWN], reply)
        await unit.publish(OWN, b"{}", reply=reply)
        await unit.publish("tonghop.v1.receipts.gia-binh", b"{}", reply=reply)
        await settled(bus, unit)
    await bus.unharmed()


async def test_answers_reach_nobody_elses_inbox(bus: Bus) -> None:
    async with bus.server.client("bac-ninh") as other, bus.server.client("gia-binh") as unit:
        await other.request("tonghop.v1.receipts.bac-ninh", b"{}", timeout=30)
        bus.asked.clear()
        inbox = str(other._resp_sub_prefix, "ascii").removesuffix(".")
        assert inbox.startswith("_INBOX_bac-ninh.")
        assert len(inbox) > len("_INBOX_bac-ninh.") + 20  # what can't be guessed is what protects it
        for guess in ("_INBOX_bac-ninh.x", "_INBOX_bac-ninh.*", "_INBOX_bac-ninh.>"):
            with suppress(nats.errors.Error):
                await unit.publish(OWN, b"{}", reply=guess)
        await told(unit)
        before = other.stats["in_msgs"]
        await told(other)
        assert other.stats["in_msgs"] == before


@pytest.mark.parametrize("subject", FORBIDDEN)
async def test_no_other_subject_can_be_published_to(bus: Bus, subject: str) -> None:
    async with bus.server.client("gia-binh") as unit:
        await unit.publish(subject, b"")
        await unit.publish(subject, b"{}", headers={"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1"})
        await told(unit)
        with pytest.raises(nats.errors.Error):
            await unit.request(subject, b"", timeout=0.05)
    await heard(bus, f'publish to "{subject.lower()}"')
    await bus.untouched()


@pytest.mark.parametrize(
    "subject", ["party.v1.>", ">", "*.>", "_INBOX.>", "_INBOX_bac-ninh.>", "$JS.ACK.>", "tonghop.v1.>"]
)
async def test_nothing_of_others_can_be_heard(bus: Bus, subject: str) -> None:
    async with bus.server.client("gia-binh") as unit:
        await unit.subscribe(subject)
        await told(unit)
        await heard(bus, f'subscription to "{subject.lower()}"')


HEADERS = (
    {"Nats-Rollup": "all"},
    {"Nats-Rollup": "sub"},
    {"Nats-TTL": "1s"},
    {"Nats-Schedule": "@at 2023-01-01T00:00:00Z", "Nats-Schedule-Target": THEIRS},
    {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "$JS.API.STREAM.DELETE.PARTY"},
    {"Nats-Incr": "1"},
    {"Nats-Expected-Stream": "OTHER"},
    {"Nats-Expected-Last-Sequence": "7"},
    {"Nats-Expected-Last-Subject-Sequence": "7", "Nats-Expected-Last-Subject-Sequence-Subject": THEIRS},
    {"Nats-Expected-Last-Msg-Id": "bac-ninh:1"},
    {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "2"},
    {"Nats-Batch-Id": "x" * 65, "Nats-Batch-Sequence": "1"},
    {"Nats-Required-Api-Level": "99"},
)


@pytest.mark.parametrize("headers", HEADERS, ids="+".join)
async def test_a_header_changes_nothing_but_what_becomes_of_its_own_message(bus: Bus, headers: dict[str, str]) -> None:
    async with bus.server.client("bac-ninh") as other:
        await other.jetstream().publish(THEIRS, b"{}", headers={"Nats-Msg-Id": f"bac-ninh:{next(_numbers)}"})
    async with bus.server.client("gia-binh") as unit:
        for subject in (OWN, "party.v1.gia-binh.unit.renamed"):
            with suppress(nats.errors.Error, ValueError):
                await unit.request(subject, b"{}", headers=headers, timeout=0.1)
        await settled(bus, unit)
    stored = await bus.stored()
    assert stored[0] == THEIRS
    assert set(stored[1:]) <= {OWN, "party.v1.gia-binh.unit.renamed"}
    assert stored[-2:] == [OWN, OWN]


@pytest.mark.parametrize("destination", [THEIRS, "$JS.API.STREAM.DELETE.PARTY", "tonghop.v1.receipts.bac-ninh"])
async def test_a_trace_is_sent_nowhere_else(bus: Bus, destination: str) -> None:
    async with bus.server.client("gia-binh") as unit:
        for only in ({}, {"Nats-Trace-Only": "true"}):
            await unit.publish(OWN, b"{}", headers={"Nats-Trace-Dest": destination, **only})
        await settled(bus, unit)
    await bus.unharmed()


async def test_limits_of_a_unit(bus: Bus) -> None:
    async with bus.server.client("gia-binh") as unit:
        with pytest.raises(nats.errors.Error, match="maximum"):
            await unit.jetstream().publish(OWN, b"x" * 18_433)
        assert (
            await unit.jetstream().publish(OWN, b"x" * 16_384, headers={"Nats-Msg-Id": "i" * 160})
        ).seq == bus.before + 1
        for number in range(5):
            await unit.subscribe(f"_INBOX_gia-binh.{number}")
        await shut_out(unit)
    async with bus.server.client("gia-binh") as unit:
        await unit.publish(OWN, b"x" * 20_481)
        await shut_out(unit)
    await bus.untouched(OWN)


async def test_nobody_comes_in_without_a_credential(bus: Bus) -> None:
    for user in ("", "anybody@", "sys:x@"):
        url = f"nats://{user}{bus.server.address}"
        with pytest.raises(nats.errors.Error):
            await nats.connect(url, allow_reconnect=False, max_reconnect_attempts=0, error_cb=_quietly)


async def _quietly(_: Exception) -> None:
    """Say nothing: what is wrong is raised."""
