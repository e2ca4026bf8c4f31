"""The stream itself: how it stands, its messages in order, and its being closed to publishers while it is made anew."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamConfig, StreamInfo, StreamState
from nats.js.errors import NotFoundError

from projections.bilingual import Bilingual
from projections.rules.log.message import Message
from projections.store.address import said
from services.connecting.bus import reach
from services.connecting.failures import Failure, classify, described
from services.log.configuration import RESTORING, stream_config
from services.log.intake import Intake
from services.recovery.errors import RestoreError
from services.settings import Settings

MOST: Final = 4_000
_PATIENCE: Final = 10.0
_FORGOTTEN_AFTER: Final = 300.0
"""Seconds without a reader after which the server drops the consumer by which the log is read."""


class Log:
    """The stream PARTY of a server, as far as restoring needs it."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self.client = client
        self.name = settings.stream
        self._settings = settings
        self._jetstream: JetStreamContext = client.jetstream(timeout=30)

    async def info(self) -> StreamInfo | None:
        """Return what the server says of it; None where there is none."""
        try:
            return await self._jetstream.stream_info(self.name)
        except NotFoundError:
            return None

    async def state(self) -> StreamState | None:
        """Return how far it goes; None where there is none."""
        info = await self.info()
        return None if info is None else info.state

    async def read(self, first: int, last: int) -> AsyncGenerator[list[Message]]:
        """Give the messages from one position to another as the bus has them; what it lacks is not there.

        Raises RestoreError where the bus stops giving any.
        """
        consumer = await self._jetstream.add_consumer(self.name, _reading_from(first))
        intake = Intake(self.client, self.name, consumer.name)
        await intake.open()
        try:
            position = first - 1
            while position < last:
                taken = await intake.take(MOST, _PATIENCE)
                if not taken.messages:
                    raise RestoreError(f"the bus does not give the messages of {self.name} after {position}: run again")
                position = taken.messages[-1].position
                yield [message for message in taken.messages if message.position <= last]
        finally:
            await intake.close()
            await self._jetstream.delete_consumer(self.name, consumer.name)

    def closed_config(self, by: str) -> StreamConfig:
        """Describe it as the contract needs it, but listening where nobody publishes, marked with who closed it.

        And without a limit on messages: a log of before may hold larger ones, and comes back whole.
        """
        return stream_config(self._settings).evolve(subjects=[f"{RESTORING}.{by}"], max_msg_size=-1)

    async def close(self, by: str) -> None:
        """Let it take nothing from now on; publishers are told that nobody listens, and try again."""
        await self._jetstream.update_stream(self.closed_config(by))

    async def open(self) -> None:
        """Let it take events (again)."""
        await self._jetstream.update_stream(stream_config(self._settings))

    async def delete(self) -> None:
        """Take it away; the caller knows where every message of it is kept."""
        await self._jetstream.delete_stream(self.name)


def _reading_from(position: int) -> ConsumerConfig:
    """Describe a consumer that reads once from a position on: an operator may make one."""
    return ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=position,
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        inactive_threshold=_FORGOTTEN_AFTER,
    )


def closed_by(info: StreamInfo) -> str | None:
    """Tell who closed a stream and did not get to open it again; None where it is open."""
    subjects = info.config.subjects or []
    mark = f"{RESTORING}."
    return subjects[0].removeprefix(mark) if len(subjects) == 1 and subjects[0].startswith(mark) else None


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Log]:
    """Connect; raises RestoreError where nobody answers."""
    try:
        client = await reach(settings, "tonghop restore", max_reconnect_attempts=3, reconnect_time_wait=0.5)
    except (NatsError, OSError, TimeoutError) as error:
        if classify(error) is not Failure.AWAY:
            raise RestoreError(described(error)) from error
        raise RestoreError(
            Bilingual(
                "không trả lời",
                "does not answer",
                before=f"NATS {said(settings.nats_url)} (TONGHOP_NATS_URL) ",
                after=f": {error}",
            )
        ) from error
    try:
        yield Log(client, settings)
    finally:
        await client.close()
