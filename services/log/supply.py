"""The log without gaps: what the bus gives, put in order, and what it doesn't give read from the stream itself.

Messages that another projector was given are not given again before it acknowledges or its time is over; after it died
they are missing from what the bus gives, be it in front of later ones or at the end.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from nats.aio.client import Client

from projections.rules.log.message import GapError, Message
from services.log.durable import make_anew
from services.log.gaps import read_range
from services.log.intake import ConsumerGoneError, Intake, Taken

MOST: Final = 8_000
"""Messages at once, taken or returned: large enough that counters of higher levels are written once for many events."""

_BRIEFLY: Final = 0.2
"""Seconds to wait for what is known to be there, before it is read from the stream."""

log = structlog.get_logger("tonghop.projector")


class Supply:
    """The messages after a position, one by one. What is ahead of a gap is kept until the gap is filled."""

    def __init__(self, client: Client, stream: str, intake: Intake) -> None:
        self._client = client
        self._stream = stream
        self._intake = intake
        self._ahead: dict[int, tuple[Message, bytes | None]] = {}

    async def take(
        self, position: int, most: int, patience: float, stream_last: int
    ) -> tuple[list[Message], bytes | None]:
        """Return up to ``most`` messages that follow the position, and the reply that acknowledges them all.

        None after ``patience`` seconds in which there is nothing to go on with. ``stream_last`` is how far the log is
        known to go. Raises as `Intake.take` and `read_range` do.
        """
        if not self._ahead:
            taken = await self._taken(position, _BRIEFLY if stream_last > position else patience)
            if _follows(taken.messages, position, most):
                return taken.messages, taken.replies[-1]
            await self._keep(position, taken)
        if position + 1 not in self._ahead:
            await self._fill(position, patience, stream_last)
        messages: list[Message] = []
        reply = None
        while len(messages) < most and (found := self._ahead.pop(position + len(messages) + 1, None)) is not None:
            messages.append(found[0])
            reply = found[1] or reply
        return messages, reply

    def give_back(self, messages: list[Message], reply: bytes | None) -> None:
        """Take back what was given and not written: it is given again."""
        for message in messages:
            self._ahead[message.position] = message, None
        if messages and reply is not None:
            self._ahead[messages[-1].position] = messages[-1], reply

    async def _keep(self, position: int, taken: Taken) -> None:
        """Keep what is after the position; what was known before is acknowledged where nothing else would do it."""
        known = None
        for message, reply in zip(*taken, strict=True):
            if message.position > position:
                self._ahead[message.position] = message, reply
            else:
                known = reply
        if known is not None and not self._ahead:
            await self._intake.acknowledge(known)

    async def _taken(self, position: int, patience: float) -> Taken:
        """Take what the bus gives; where its consumer was deleted, make it anew and go on after the position."""
        try:
            return await self._intake.take(MOST, patience)
        except ConsumerGoneError:
            if not await make_anew(self._client, self._stream, self._intake.durable, position):
                raise
            log.warning("the durable consumer was deleted, and is made anew", consumer=self._intake.durable)
            self._intake.begin_again()
            return Taken([], [])

    async def _fill(self, position: int, patience: float, stream_last: int) -> None:
        last = min(min(self._ahead) - 1 if self._ahead else stream_last, position + MOST)
        if last <= position:
            return
        if not self._client.is_connected:
            await asyncio.sleep(patience)
            return
        log.info("filling a gap", first=position + 1, last=last)
        for message in await read_range(self._client, self._stream, position + 1, last):
            self._ahead[message.position] = message, None
        if position + 1 not in self._ahead:
            raise GapError(f"{self._stream} has no message at {position + 1}")


def _follows(messages: list[Message], position: int, most: int) -> bool:
    """Tell whether messages are just those that follow a position one by one, and not too many: nearly always."""
    first = position + 1
    expected = list(range(first, first + len(messages)))
    return 0 < len(messages) <= most and [message.position for message in messages] == expected
