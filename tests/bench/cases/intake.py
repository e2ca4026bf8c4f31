"""The log's way into the projector: our intake against FastStream's batch subscriber, message for message, in turn."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.nats import JStream, PullSub
from nats.aio.msg import Msg
from nats.js.api import AckPolicy as Acknowledge
from nats.js.api import ConsumerConfig, DeliverPolicy

from events.subjects import ALL_SUBJECTS
from services.connecting.broker import make
from services.connecting.bus import connect_once
from services.log.intake import Intake
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Floor
from tests.bench.rig import PATIENCE

OURS: Final = "intake: ours"
THEIRS: Final = "intake: FastStream's batch subscriber"
OURS_COST: Final = "intake: processor time of ours"
THEIRS_COST: Final = "intake: processor time of FastStream's"
MOST: Final = 1_000
TIMES: Final = 3
_AHEAD: Final = 16
"""Batches that wait at the most, as many messages as ours has under way."""

Take = Callable[[], Awaitable[tuple[int, Callable[[], Awaitable[object]]]]]
"""Gives the position up to which messages came, 0 for none, and what acknowledges them."""


async def intake(bench: Bench) -> None:
    """Intake: messages taken and acknowledged, nothing else; the best of three rounds each, in turn."""
    backlog = bench.backlogs["history"]
    last = backlog.last - MOST  # the end is left out: a batch that does not fill waits for its timeout
    count = last - backlog.first + 1
    ours, theirs = [], []
    for n in range(TIMES):
        for found, way in ((ours, _ours), (theirs, _theirs)):
            async with (
                _durable(bench, f"intake-{n}-{way.__name__}", backlog.first) as durable,
                way(bench, durable) as take,
            ):
                found.append(await asyncio.wait_for(_measured(take, last), PATIENCE))
    rate = count / min(seconds for seconds, _ in ours)
    bench.found(
        Figure(OURS, rate, "messages/s"),
        Figure(THEIRS, count / min(seconds for seconds, _ in theirs), "messages/s", floor=Floor(OURS, rate)),
        Figure(OURS_COST, min(busy for _, busy in ours) / count * 1e6, "µs/message"),
        Figure(THEIRS_COST, min(busy for _, busy in theirs) / count * 1e6, "µs/message"),
    )


async def _measured(take: Take, last: int) -> tuple[float, float]:
    started, busy, position = time.perf_counter(), time.process_time(), 0
    while position < last:
        position, acknowledge = await take()
        if position:
            await acknowledge()
    return time.perf_counter() - started, time.process_time() - busy


@asynccontextmanager
async def _durable(bench: Bench, name: str, first: int) -> AsyncIterator[str]:
    """Make a durable of the projector's kind that begins where the messages do."""
    settings = bench.rig.settings
    client = await connect_once(settings, "bench")
    config = ConsumerConfig(
        durable_name=name,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=first,
        ack_policy=Acknowledge.ALL,
        max_ack_pending=-1,
    )
    try:
        await client.jetstream().add_consumer(settings.stream, config)
        yield name
        await client.jetstream().delete_consumer(settings.stream, name)
    finally:
        await client.close()


@asynccontextmanager
async def _ours(bench: Bench, durable: str) -> AsyncIterator[Take]:
    client = await connect_once(bench.rig.settings, "bench")
    ours = Intake(client, bench.rig.settings.stream, durable)
    await ours.open()

    async def take() -> tuple[int, Callable[[], Awaitable[object]]]:
        taken = await ours.take(MOST, 1.0)
        messages, replies = taken
        return messages[-1].position if messages else 0, lambda: ours.acknowledge(replies[-1])

    try:
        yield take
    finally:
        await ours.close()
        await client.close()


@asynccontextmanager
async def _theirs(bench: Bench, durable: str) -> AsyncIterator[Take]:
    broker = make(bench.rig.settings, "bench", apply_types=False)
    await broker.connect()
    arrived: asyncio.Queue[list[Msg]] = asyncio.Queue(_AHEAD)
    subscriber = broker.subscriber(
        ALL_SUBJECTS,
        stream=JStream(bench.rig.settings.stream, declare=False),
        durable=durable,
        pull_sub=PullSub(batch=True, batch_size=MOST, timeout=5.0),
        ack_policy=AckPolicy.MANUAL,
        decoder=_as_it_came,
        no_reply=True,
    )
    subscriber(arrived.put)
    await broker.start()

    async def take() -> tuple[int, Callable[[], Awaitable[object]]]:
        taken = await arrived.get()
        return taken[-1].metadata.sequence.stream, taken[-1].ack

    try:
        yield take
    finally:
        await broker.stop()


async def _as_it_came(message: StreamMessage[list[Msg]]) -> list[Msg]:
    return message.raw_message
