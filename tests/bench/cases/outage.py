"""After an outage: a day's events wait, more arrive as they always do, and the projector catches up."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Final

import nats
from nats.js import JetStreamContext

from services.publishing.lines import Line
from tests.bench.bench import Bench
from tests.bench.catching_up import listening, publish, publish_one
from tests.bench.figures import Aim, Figure, Floor
from tests.bench.world import recent

LIVE: Final = "live, events that arrive one by one, as fast as they can"
AIM: Final = Aim(ratio_at_least=2)
_LONGEST: Final = 600
"""Seconds after which nothing arrives any more."""
_AT_ONCE: Final = 64
"""Publishers that each wait for the acknowledgement of one event before they send the next."""


async def outage(bench: Bench) -> None:
    """Outage: the projector catches up with a day's events while others go on arriving at a steady rate."""
    parameters = bench.parameters
    await bench.rig.start_missing()
    client = await nats.connect(bench.rig.nats.url)
    try:
        jetstream = client.jetstream()
        live = await _arriving(bench, jetstream, list(bench.facts.make(parameters.outage // 5, recent)))
        bench.rig.stop_projector()
        backlog = await publish(bench.rig, bench.facts.make(parameters.outage, recent))
        over, sent = asyncio.Event(), [backlog.last]
        arriving = bench.facts.make(parameters.rate * _LONGEST, recent)
        arrivals = asyncio.create_task(_steadily(jetstream, arriving, parameters.rate, sent, over))
        async with listening(bench.rig) as commits:
            bench.rig.start_projector()
            await commits.reach(backlog.first)
            await commits.reach(backlog.last)
            while commits.seen[-1][0] < sent[-1] - parameters.rate // 4:
                await commits.reach(commits.seen[-1][0] + 1)
            (first, since), (last, until) = commits.seen[0], commits.seen[-1]
        over.set()
        await arrivals
    finally:
        await client.close()
    rate = (last - first) / (until - since) if until > since else None
    bench.found(
        Figure(LIVE, live, "events/s"),
        Figure(
            f"catching up with {parameters.outage:,} events, while {parameters.rate}/s arrive",
            rate,
            "events/s",
            Floor(LIVE, live),
            AIM,
        ),
    )


async def _arriving(bench: Bench, jetstream: JetStreamContext, lines: Sequence[Line]) -> float:
    """Publish single events, each acknowledged before its publisher sends the next; give the rate."""
    waiting = iter(lines)
    positions: list[int] = []

    async def publisher() -> None:
        for line in waiting:
            positions.append(await publish_one(jetstream, line))  # noqa: PERF401 - the last is looked at meanwhile

    async with listening(bench.rig) as commits:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(publisher())
        until = await commits.reach(max(positions))
    return len(lines) / (until - started)


async def _steadily(
    jetstream: JetStreamContext, lines: Iterator[Line], rate: int, sent: list[int], over: asyncio.Event
) -> None:
    """Publish events at a rate until it is over, each when it is due."""
    started = time.perf_counter()
    while not over.is_set() and (line := next(lines, None)) is not None:
        sent.append(await publish_one(jetstream, line))
        await asyncio.sleep(max(0.0, started + len(sent) / rate - time.perf_counter()))
