"""Messages of the stream as fast as the bus gives them: overlapping pull requests, past the client's bookkeeping.

What arrives for the intake's own inbox is taken as bytes, in bulk before the client's parser, and what that still gets
(the consumer's states) right behind it: that alone doubles the rate.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from nats.aio.client import Client

from projections.rules.log.message import Message
from projections.store.batch.pieces import pieces
from services.connecting.nats_internals import Delivery, Tap

WINDOW = 10_240
"""Messages asked for ahead of what is taken: bounds the memory, hides the way to the server and back."""
_ASK = 2_048
_EXPIRES = 30.0
_HEARTBEAT = 5.0
_SILENCE = 3 * _HEARTBEAT
_SHORT_FORM: Final = 9
"""Tokens of a reply subject: $JS.ACK.stream.consumer.delivered.position.consumer-position.time.pending; with a domain
and an account's hash in front of the stream in the longer form, and one more behind."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Taken(NamedTuple):
    """Messages in the order of their delivery; to each a reply, which acknowledges it and all before it."""

    messages: list[Message]
    replies: list[bytes]


class ConsumerGoneError(Exception):
    """The durable consumer does not exist any more, or does not answer; the message says what to do."""


class Intake:
    """One durable pull consumer's messages, in the order in which the bus delivers them."""

    def __init__(self, client: Client, stream: str, durable: str) -> None:
        self._client = client
        self.durable = durable
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._arrived: list[Delivery] = []
        self._news = asyncio.Event()
        self._asked = 0
        self._reconnects = 0
        self._heard_at = self._asked_anew_at = time.monotonic()
        self._gone: str | None = None
        self._tap = Tap(client, self._inbox, self._receive, deliver=self._deliver)
        self.stream_last = 0

    async def open(self) -> None:
        """Subscribe; messages arrive from now on."""
        await self._tap.open()
        self._reconnects = self._client.stats["reconnects"]
        await self._ask()

    async def close(self) -> None:
        """Give the client back as it was; what was not acknowledged is delivered again."""
        await self._tap.close()

    async def take(self, most: int, patience: float) -> Taken:
        """Return up to ``most`` messages as soon as there are any.

        After ``patience`` seconds it returns none, as it does while the bus is away. Raises ConsumerGoneError.
        """
        if not self._arrived:
            self._news.clear()
            await self._keep_asking()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), patience)
        taken = self._arrived[:most]
        del self._arrived[:most]
        await self._keep_asking()
        messages: list[Message] = []
        for piece in pieces(taken):
            messages += _messages(piece)
            await asyncio.sleep(0)
        if taken:
            self.stream_last = max(self.stream_last, messages[-1].position + _pending(taken[-1]))
        return Taken(messages, [reply for _, reply, _, _ in taken])

    def begin_again(self) -> None:
        """Ask anew at the next take: the consumer was gone and is there again."""
        self._gone = None
        self._asked = 0

    async def acknowledge(self, reply: bytes) -> None:
        """Acknowledge a message and all before it; not waited for: what gets lost is delivered again and skipped."""
        if self._client.is_connected:
            await self._client.publish(reply.decode("ascii", "surrogateescape"), b"+ACK")

    @property
    def silent_for(self) -> float:
        """Seconds since the bus last said anything on this subscription, heartbeats included."""
        return time.monotonic() - self._heard_at

    def _receive(self, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        if reply.startswith(b"$JS.ACK."):
            self._deliver([(subject, reply, data, headers)])
            return
        self._heard_at = time.monotonic()
        if headers is not None:
            self._status(headers)
        self._news.set()

    def _deliver(self, deliveries: list[Delivery]) -> None:
        self._heard_at = time.monotonic()
        self._arrived += deliveries
        self._asked -= len(deliveries)
        self._news.set()

    def _status(self, headers: bytes) -> None:
        status, _, fields = headers.partition(b"\r\n")
        code = status[9:12]
        if code == b"100":
            return
        if code == b"409" and (b"onsumer Deleted" in status or b"onsumer is push" in status):
            self._gone = status.decode(errors="replace")
        elif code == b"503":  # nobody answers for the consumer: it is not there (any more), or JetStream is not (yet)
            self._gone = "the durable consumer does not answer; `tonghop migrate` makes one that is missing"
        for line in fields.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"nats-pending-messages":
                self._asked -= int(value)
                return
        self._asked = 0

    async def _keep_asking(self) -> None:
        if self._gone is not None:
            raise ConsumerGoneError(self._gone)
        if not self._client.is_connected:
            return
        since = max(self._heard_at, self._asked_anew_at)
        if self._client.stats["reconnects"] != self._reconnects or time.monotonic() - since > _SILENCE:
            self._reconnects = self._client.stats["reconnects"]
            self._asked_anew_at = time.monotonic()  # not `_heard_at`: to ask is not to hear
            self._asked = 0
        await self._ask()

    async def _ask(self) -> None:
        while self._asked + len(self._arrived) <= WINDOW - _ASK:
            request = {"batch": _ASK, "expires": int(_EXPIRES * 1e9), "idle_heartbeat": int(_HEARTBEAT * 1e9)}
            self._asked += _ASK
            await self._client.publish(self._next, msgspec.json.encode(request), reply=self._inbox)


def _messages(deliveries: Iterable[Delivery]) -> list[Message]:
    """Read what was delivered: position and time are in the reply subject, the time in nanoseconds, cut off here."""
    messages: list[Message] = []
    message, timedelta = tuple.__new__, dt.timedelta  # what a named tuple does at last: in half of the time
    for subject, reply, data, headers in deliveries:
        tokens = reply.split(b".")
        if len(tokens) == _SHORT_FORM:
            _, _, _, _, _, position, _, nanoseconds, _ = tokens
        else:
            _, _, _, _, _, _, _, position, _, nanoseconds, *_ = tokens
        published_at = _EPOCH + timedelta(0, 0, int(nanoseconds) // 1000)
        said = subject.decode("utf-8", "surrogateescape")
        messages.append(message(Message, (int(position), published_at, said, headers, data)))
    return messages


def _pending(delivery: Delivery) -> int:
    """Return how many messages there were behind one when it was delivered."""
    tokens = delivery[1].split(b".")
    return int(tokens[8 if len(tokens) == _SHORT_FORM else 10])
