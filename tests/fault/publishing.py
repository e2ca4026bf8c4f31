"""Publishing through any outage: every message is sent until the bus has acknowledged it, and its position noted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import nats
from nats.errors import Error
from nats.js import JetStreamContext

from tests.fault.load import Told

SHUT_OUT = 0.1
FIRST, LONGEST = 0.3, 2.4
"""Seconds to wait for an acknowledgement, each time twice as long: what is sent into an outage is lost in silence."""


class Acked(NamedTuple):
    """A message that the bus has acknowledged, at its position in the stream."""

    position: int
    told: Told


class Publisher:
    """Sends groups of messages; `acked` holds what has its acknowledgement."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        self._jetstream = jetstream
        self.acked: list[Acked] = []

    async def send(self, group: Sequence[Told]) -> None:
        """Send a group, all at once, and return when all of it is acknowledged."""
        await asyncio.gather(*(self._send(told) for told in group))

    async def send_in_turn(self, messages: Iterable[Told]) -> None:
        """Send messages one after the other, each when the one before is acknowledged."""
        for told in messages:
            await self.send([told])

    async def _send(self, told: Told) -> None:
        subject, body = told.said
        headers = {"Nats-Msg-Id": told.message_id}
        patience = FIRST
        while True:
            try:
                ack = await self._jetstream.publish(subject, body, timeout=patience, headers=headers)
            except (Error, OSError, TimeoutError):
                await asyncio.sleep(SHUT_OUT)
                patience = min(2 * patience, LONGEST)
                continue
            self.acked.append(Acked(ack.seq, told))
            return


@asynccontextmanager
async def publishing(servers: str, **how: Any) -> AsyncIterator[Publisher]:
    """Connect for as long as it takes, again and again; `how` are options of nats-py."""

    async def quietly(_: Exception) -> None:
        """Say nothing: outages are what is tested."""

    client = await nats.connect(
        servers, max_reconnect_attempts=-1, reconnect_time_wait=SHUT_OUT, error_cb=quietly, **how
    )
    try:
        yield Publisher(client.jetstream())
    finally:
        await client.close()
