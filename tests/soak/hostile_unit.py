"""A unit that means harm: with the credential of one unit it sends whatever its account lets it, and what it doesn't.

What it may say stands in the log as its own, each message with a header that names what was tried.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from events.subjects import MESSAGE_ID_HEADER
from services.publishing.receipt import subject_of
from tests.attacks.test_bus_units import HEADERS, REPLIES
from tests.attacks.test_names import DECEIVING, FORMULAS
from tests.fault.load import Told
from tests.oracle.telling import ROOT, Said, admitted, declared, dissolved, founded, moved, renamed, retracted, say
from tests.soak.hostile_bodies import JUNK, OVERSIZE, REFUSED, TOO_LONG

HOSTILE: Final = "thu-dich"
OWN_SUBJECTS: Final = f"party.v1.{HOSTILE}."
TRIED: Final = "Tried"
"""The header that tells what a message of the log was sent for."""
FLOOD: Final = 40
DEEPEST: Final = 90
"""Units under one another before it begins anew at the top: more than can stand."""
FAR: Final = 2**53
_SINCE: Final = "2021-01-01"
_NUMBERS: Final = re.compile(r":.*")
"""What differs from one refusal to the next."""


class HostileUnit:
    """Attacks until cancelled; `sent` counts by what was tried, `told` also by what the bus answered."""

    def __init__(self, url: str, random: Random, names: Callable[[], Sequence[str]], pause: float) -> None:
        self._url = url
        self._client: Client | None = None
        self._random = random
        self._names = names
        self._pause = pause
        self._numbers = itertools.count(1)
        self._own: list[Said] = []
        self._chain: list[str] = [HOSTILE]
        self.connections = 0
        """How often it connected: the server ends its connections, or is killed."""
        self.sent: Counter[str] = Counter()
        self.told: Counter[tuple[str, str]] = Counter()
        self.overheard: list[str] = []
        """What it was told of others: nothing, or that is a fault."""
        self._ways = (
            self._floods,
            self._floods,
            self._is_refused,
            self._sends_giants,
            self._has_answers_sent_elsewhere,
            self._has_answers_sent_elsewhere,
            self._guesses_ids,
            self._leaves_batches_open,
            self._asks_for_far_receipts,
            self._asks_in_other_names,
            self._nests,
            self._moves,
            self._deceives_by_name,
            self._says_facts,
            self._says_its_own_again,
            self._takes_back_what_others_said,
            self._speaks_as_others,
            self._speaks_of_others,
            self._commands_by_header,
        )

    async def run(self) -> None:
        """Attack in an order by chance; an outage of the bus is none of its concern. Raises AssertionError."""
        try:
            while True:
                for way in self._random.sample(self._ways, len(self._ways)):
                    with suppress(Error, OSError, TimeoutError):
                        await self._connect()
                        await way()
                        await self._flush()
                    assert not self.overheard, self.overheard[:5]
                    await asyncio.sleep(self._random.uniform(0, self._pause))
        finally:
            if self._client is not None:
                await self._client.close()

    async def _connect(self) -> None:
        """Connect where the server has ended the connection, or is another one."""
        if self._client is not None:
            if self._client.is_connected:
                return
            await self._client.close()
        self._client = await nats.connect(
            self._url, inbox_prefix=_inbox(), allow_reconnect=False, max_reconnect_attempts=0, error_cb=_quietly
        )
        self.connections += 1
        await self._client.subscribe(f"{_inbox()}.told.>", cb=self._hear)

    async def claim(self, coming: Sequence[Told]) -> None:
        """Claim the message ids of what others are about to say, whose bodies it has guessed, before they say it."""
        if self._client is None or not self._client.is_connected:
            return
        with suppress(Error, OSError, TimeoutError):
            for told in coming:
                for claimed in {told.message_id, told.message_id.rpartition(":")[0]} - {""}:
                    await self._send("claimed id", self._own_subject(), b"mine", {MESSAGE_ID_HEADER: claimed})
            await self._flush()

    async def _flush(self) -> None:
        """Wait until the server has dealt with what was sent."""
        assert self._client is not None
        await self._client.flush(timeout=2)

    async def _send(
        self, tried: str, subject: str, body: bytes, headers: dict[str, str] | None = None, reply: str | None = None
    ) -> None:
        self.sent[tried] += 1
        answer = f"{_inbox()}.told.{tried.replace(' ', '-')}" if reply is None else reply
        assert self._client is not None
        await self._client.publish(subject, body, reply=answer, headers={TRIED: tried} | (headers or {}))

    async def _say(self, tried: str, *said: Said) -> None:
        for one in said:
            await self._send(tried, one.bus_subject, one.body)

    async def _hear(self, message: Msg) -> None:
        tried = message.subject.rpartition(".")[2].replace("-", " ")
        answer: dict[str, Any] = {}
        if message.data:
            answer = json.loads(message.data)
            told_of = {receipt["publisher"] for receipt in answer.get("receipts", ())}
            self.overheard += [f"{tried}: {publisher}" for publisher in told_of if not publisher.startswith(HOSTILE)]
        self.told[tried, _in_short(message, answer)] += 1

    async def _floods(self) -> None:
        for _ in range(FLOOD):
            await self._send("junk", self._own_subject(), self._random.choice(JUNK))

    async def _is_refused(self) -> None:
        for _ in range(FLOOD):
            name, data = self._random.choice(REFUSED)
            await self._say("refused event", say(HOSTILE, self._id(), name, HOSTILE, data))

    async def _sends_giants(self) -> None:
        for size in (TOO_LONG, OVERSIZE - 1_000):
            await self._send("giant", self._own_subject(), b"x" * size)
        await self._flush()
        await self._send("giant that ends the connection", self._own_subject(), b"x" * (OVERSIZE + 1))

    async def _has_answers_sent_elsewhere(self) -> None:
        other = self._other()
        inboxes = ("_INBOX.x", "_INBOX_*.>", "_R_.x")
        for reply in (*REPLIES, *inboxes, f"party.v1.{other}.unit.renamed", subject_of(other)):
            if not set(reply) & {"*", ">"}:
                await self._send("answer sent elsewhere", self._own_subject(), b"{}", reply=reply)
                await self._send("answer sent elsewhere", subject_of(HOSTILE), b"{}", reply=reply)
                await self._send("answer sent elsewhere", self._own_subject(), b"{}", self._batch(1), reply)

    async def _guesses_ids(self) -> None:
        """Claim ids of version 1 that are likely to come: those of others count up."""
        for n in range(10):
            claimed = f"{self._other()}:r{self._random.randrange(20_000) + n}"
            await self._send("claimed id", self._own_subject(), b"mine", {MESSAGE_ID_HEADER: claimed})

    async def _leaves_batches_open(self) -> None:
        for _ in range(60):
            await self._send("open batch", self._own_subject(), b"{}", self._batch(1))

    async def _asks_for_far_receipts(self) -> None:
        question = json.dumps({"positions": [self._random.choice((FAR, 10**9))], "wait": 30}).encode()
        for _ in range(200):
            await self._send("receipt that waits", subject_of(HOSTILE), question)

    async def _asks_in_other_names(self) -> None:
        event_id = f"r{self._random.randrange(5_000)}"
        questions = ({"positions": [[1, 1_000]]}, {"ids": [event_id]}, {"positions": [[1, 2**62]]}, {"ids": ["x" * 99]})
        for question in questions:
            body = json.dumps(question).encode()
            for asked in (self._other(), ROOT, HOSTILE, f"{HOSTILE}-2"):
                await self._send("receipt of others", subject_of(asked), body)
        await self._send("receipt of others", subject_of(HOSTILE), b"[" * 9_000)

    async def _nests(self) -> None:
        """Found units under one another, on and on."""
        if len(self._chain) > DEEPEST:
            self._chain = [HOSTILE]
        for _ in range(12):
            unit = f"{HOSTILE}-{next(self._numbers)}"
            said = founded(unit, self._chain[-1], _SINCE, "cell", by=HOSTILE, event_id=self._id())
            self._chain.append(unit)
            await self._say("deep nest", said)

    async def _moves(self) -> None:
        """Move its own under its own, into circles too, and what is others' under itself."""
        for _ in range(3):
            unit, parent = self._random.choice(self._chain), self._random.choice(self._chain)
            await self._say("move", moved(unit, parent, "2021-02-01", self._id(), by=HOSTILE))
        await self._say(
            "move of others",
            moved(self._other(), HOSTILE, _SINCE, self._id(), by=HOSTILE),
            moved(HOSTILE, ROOT, _SINCE, self._id(), by=HOSTILE),
            dissolved(self._other(), _SINCE, HOSTILE, self._id(), by=HOSTILE),
        )

    async def _deceives_by_name(self) -> None:
        for name in self._random.sample((*DECEIVING.values(), *FORMULAS), 3):
            unit = self._random.choice(self._chain)
            await self._say("deceiving name", renamed(unit, name, "2021-03-01", self._id(), by=HOSTILE))

    async def _says_facts(self) -> None:
        said = [admitted(HOSTILE, f"2023-01-{self._random.randint(1, 28):02}", self._id()) for _ in range(5)]
        said.append(declared(HOSTILE, "members", "2023-01-31", 10**6, self._id()))
        self._own += said
        await self._say("own event", *said)

    async def _says_its_own_again(self) -> None:
        for said in self._random.choices(self._own, k=10) if self._own else ():
            await self._say("own event again", said)
            other = json.loads(said.body) | {"time": "2024-01-01T00:00:00Z"}
            await self._send("own id, other content", said.bus_subject, json.dumps(other).encode())

    async def _takes_back_what_others_said(self) -> None:
        for _ in range(2):
            of = self._random.choice((ROOT, self._other()))
            target = self._random.choice(("root", f"r{self._random.randrange(5_000)}"))
            await self._say("others' event taken back", retracted(HOSTILE, self._id(), target, of))

    async def _speaks_as_others(self) -> None:
        """Publish to others' subjects, and as others on its own."""
        other = self._other()
        said = admitted(other, "2023-01-01", self._id())
        for subject in (said.bus_subject, f"party.v1.{ROOT}.unit.renamed", f"party.v1.{HOSTILE}.access.granted"):
            await self._send("others' subject", subject, said.body)
        await self._send("others' source", self._own_subject(), said.body)

    async def _speaks_of_others(self) -> None:
        data = {"member": "m", "decided_on": "2023-01-01"}
        await self._say("event about others", say(HOSTILE, self._id(), "member.admitted", self._other(), data))

    async def _commands_by_header(self) -> None:
        for headers in HEADERS:
            await self._send("command by header", self._own_subject(), b"{}", headers)

    def _own_subject(self) -> str:
        return OWN_SUBJECTS + self._random.choice(("member.admitted", "x.y", "unit.moved", "a.b.c"))

    def _other(self) -> str:
        return self._random.choice([name for name in self._names() if name != HOSTILE])

    def _id(self) -> str:
        return f"h{next(self._numbers)}"

    def _batch(self, sequence: int) -> dict[str, str]:
        return {"Nats-Batch-Id": f"h{self._random.getrandbits(64):x}", "Nats-Batch-Sequence": str(sequence)}


def _inbox() -> str:
    return f"_INBOX_{HOSTILE}"


def _in_short(message: Msg, answer: dict[str, Any]) -> str:
    """Say what the bus or the responder answered, in a word or two."""
    if not answer:
        return "nobody there" if message.headers else "begun"
    error = answer.get("error")
    if error:
        return f"refused ({_NUMBERS.sub('', error['description'])})" if isinstance(error, dict) else "refused"
    if "seq" in answer:
        return "duplicate" if answer.get("duplicate") else "taken"
    return "busy" if answer.get("busy") else "answered"


async def _quietly(_: Exception) -> None:
    """Say nothing: what it may not do is refused, and that is looked at in the log."""
