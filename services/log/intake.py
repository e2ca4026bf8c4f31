"""Messages of the stream as fast as the bus gives them: overlapping pull requests, past the client's bookkeeping.

What arrives for the intake's own inbox is taken as bytes, in bulk before the client's parser, and what that still gets
(the consumer's states) right behind it: that alone doubles the rate.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections import deque

import msgspec
from nats.aio.client import Client

from projections.rules.log.message import Message
from projections.store.batch.pieces import pieces
from services.connecting.nats_internals import Delivery, Tap

WINDOW = 16_384
"""Messages asked for ahead of what is taken: bounds the memory, hides the way to the server and back."""
_ASK = 4_096
_EXPIRES = 30.0
_HEARTBEAT = 5.0
_SILENCE = 3 * _HEARTBEAT


class ConsumerGoneError(Exception):
    """The durable consumer does not exist any more, or does not answer; the message says what to do."""


class Intake:
    """One durable pull consumer's messages, in the order in which the bus delivers them."""

    def __init__(self, client: Client, stream: str, durable: str) -> None:
        self._client = client
        self.durable = durable
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._arrived: deque[Delivery] = deque()
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

    async def take(self, most: int, patience: float) -> list[tuple[Message, str]]:
        """Return up to ``most`` messages with their reply subjects as soon as there are any.

        After ``patience`` seconds it returns none, as it does while the bus is away. Raises ConsumerGoneError.
        """
        if not self._arrived:
            self._news.clear()
            await self._keep_asking()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), patience)
        taken = [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]
        await self._keep_asking()
        messages = []
        for piece in pieces(taken):
            messages += [self._message(*raw) for raw in piece]
            await asyncio.sleep(0)
        return messages

    def begin_again(self) -> None:
        """Ask anew at the next take: the consumer was gone and is there again."""
        self._gone = None
        self._asked = 0

    async def acknowledge(self, reply: str) -> None:
        """Acknowledge a message and all before it; not waited for: what gets lost is delivered again and skipped."""
        if self._client.is_connected:
            await self._client.publish(reply, b"+ACK")

    @property
    def silent_for(self) -> float:
        """Seconds since the bus last said anything on this subscription, heartbeats included."""
        return time.monotonic() - self._heard_at

    def _receive(self, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        if reply.startswith(b"$JS.ACK."):
            self._deliver((subject, reply, data, headers))
            return
        self._heard_at = time.monotonic()
        if headers is not None:
            self._status(headers)
        self._news.set()

    def _deliver(self, delivery: Delivery) -> None:
        self._heard_at = time.monotonic()
        self._arrived.append(delivery)
        self._asked -= 1
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

    def _message(self, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> tuple[Message, str]:
        tokens = reply.split(b".")
        # $JS.ACK.stream.consumer.delivered.seq.consumer-seq.time.pending, with a domain and an account hash in front of
        # the stream in the longer form
        first = 5 if len(tokens) == 9 else 7  # noqa: PLR2004
        position = int(tokens[first])
        self.stream_last = max(self.stream_last, position + int(tokens[first + 3]))
        seconds, nanoseconds = divmod(int(tokens[first + 2]), 1_000_000_000)
        published_at = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(microsecond=nanoseconds // 1000)
        message = Message(position, published_at, subject.decode("utf-8", "surrogateescape"), headers, data)
        return message, reply.decode("ascii", "surrogateescape")
