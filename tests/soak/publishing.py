"""Publishing as contract version 2 wants it: what is called a duplicate is believed when it is one's own event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import nats
from nats.errors import Error
from nats.js import JetStreamContext

from events.subjects import MESSAGE_ID_HEADER
from services.publishing.connection import BusRefusedError, connect
from services.publishing.lines import Line
from services.publishing.owning import Owning
from tests.fault.load import Told
from tests.fault.publishing import FIRST, LONGEST, SHUT_OUT, Acked, Publisher

_FOR_EVER: Final = float("inf")


class SurePublisher(Publisher):
    """Sends what the bus calls a duplicate again, without an id, unless the ledger has it with just this content."""

    def __init__(self, jetstream: JetStreamContext, owning: Owning) -> None:
        super().__init__(jetstream)
        self._owning = owning
        self.own = 0
        """Duplicates that were one's own events: an acknowledgement had got lost, or the same was said twice."""
        self.claimed = 0
        """Duplicates that were not, or that could not be made sure of."""

    async def _send(self, told: Told) -> None:
        subject, body = told.said
        headers: dict[str, str] | None = {MESSAGE_ID_HEADER: told.message_id}
        patience = FIRST
        while True:
            try:
                ack = await self._jetstream.publish(subject, body, timeout=patience, headers=headers)
            except (Error, OSError, TimeoutError):
                await asyncio.sleep(SHUT_OUT)
                patience = min(2 * patience, LONGEST)
                continue
            if ack.duplicate and not await self._is_own(told, ack.seq):
                self.claimed += 1
                headers = None
                continue
            self.own += bool(ack.duplicate)
            self.acked.append(Acked(ack.seq, told))
            return

    async def _is_own(self, told: Told, position: int) -> bool:
        publisher, _, rest = told.message_id.partition(":")
        event_id = rest.rpartition(":")[0]
        if not event_id:  # nothing that a look-up could know it by
            return False
        line = Line(0, publisher, event_id, told.said.bus_subject, told.message_id, told.said.body)
        with suppress(BusRefusedError):
            return 0 in await self._owning.at([(0, line, position)])
        return False


@asynccontextmanager
async def sure_publishing(url: str) -> AsyncIterator[SurePublisher]:
    """Connect for as long as it takes, again and again."""

    async def quietly(_: Exception) -> None:
        """Say nothing: outages are what is tested."""

    client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=SHUT_OUT, error_cb=quietly)
    try:
        async with connect(url, notice=lambda _: None, patience=_FOR_EVER) as bus:
            yield SurePublisher(client.jetstream(), Owning(bus))
    finally:
        await client.close()
