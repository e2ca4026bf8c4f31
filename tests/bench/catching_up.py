"""From a backlog in the log to committed counters, timed by the database's own word of each commit."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
from nats.js import JetStreamContext

from events.subjects import MESSAGE_ID_HEADER
from projections.store.checkpoint import NOTIFICATIONS
from services.publishing.lines import Line
from tests.bench.rig import PATIENCE, BenchError, Rig
from tests.bench.usage import Usage, busy_seconds, cpu_seconds


class Backlog(NamedTuple):
    """Messages that are in the log: their positions, and the events a second at which they were made and published."""

    first: int
    last: int
    rate: float


class Round(NamedTuple):
    """One backlog that was caught up with.

    From the first commit to the last, `events` came into the figures within `seconds`, in `batches`; all three are 0
    where one batch held the whole backlog. `starting` are the seconds from the process's start to the first commit.
    """

    events: int
    seconds: float
    batches: int
    starting: float
    usage: Usage

    @property
    def rate(self) -> float | None:
        """Events a second; None where one batch held the whole backlog."""
        return self.events / self.seconds if self.batches else None

    def microseconds(self, process: str) -> float | None:
        """Give a process's processor time an event; None where one batch held the whole backlog."""
        return self.usage.cpu[process] / self.events * 1e6 if self.events else None


class Commits:
    """The commits as they are told, oldest first: position and monotonic time."""

    def __init__(self, alive: Callable[[], bool], tail: Callable[[], str]) -> None:
        self.seen: list[tuple[int, float]] = []
        self._news = asyncio.Event()
        self._alive = alive
        self._tail = tail

    def hear(self, _: object, __: object, ___: object, payload: object) -> None:
        """Take one notification."""
        self.seen.append((int(str(payload)), time.perf_counter()))
        self._news.set()

    async def reach(self, position: int) -> float:
        """Wait for the commit of a position and give its time, as time.perf_counter does.

        Raises BenchError where nothing is committed for PATIENCE seconds.
        """
        deadline = time.monotonic() + PATIENCE
        while not self.seen or self.seen[-1][0] < position:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), 1)
                deadline = time.monotonic() + PATIENCE
            except TimeoutError:
                if not self._alive() or time.monotonic() > deadline:
                    raise BenchError(f"the projector does not reach {position}:\n{self._tail()}") from None
        return next(at for reached, at in self.seen if reached >= position)


@asynccontextmanager
async def listening(rig: Rig) -> AsyncIterator[Commits]:
    """Hear of every commit for as long as the block lasts."""
    connection: asyncpg.Connection = await rig.connect_database()
    commits = Commits(lambda: rig.projector.alive, rig.projector.tail)
    await connection.add_listener(NOTIFICATIONS, commits.hear)
    try:
        yield commits
    finally:
        connection.terminate()


async def publish_one(jetstream: JetStreamContext, line: Line) -> int:
    """Put a single event into the log and give its position."""
    return (await jetstream.publish(line.subject, line.body, headers={MESSAGE_ID_HEADER: line.message_id})).seq


async def publish(rig: Rig, lines: Iterable[Line]) -> Backlog:
    """Put a backlog into the log."""
    started = time.perf_counter()
    first, last = await rig.publish(lines)
    return Backlog(first, last, (last - first + 1) / (time.perf_counter() - started))


async def catch_up(rig: Rig, backlog: Backlog, profile: Path | None = None) -> Round:
    """Start the projector and time it until the backlog is committed; it is left running.

    Loading the state and the first batch are outside of the rate: the clock runs from the first commit to the last.
    """
    async with listening(rig) as commits:
        started = time.perf_counter()
        rig.start_projector(profile)
        await commits.reach(backlog.first)
        begun = await reading(rig)
        await commits.reach(backlog.last)
        ended = await reading(rig)
    rig.note_memory()
    (position, since), (_, until) = commits.seen[0], commits.seen[-1]
    return Round(backlog.last - position, until - since, len(commits.seen) - 1, since - started, ended - begun)


async def reading(rig: Rig) -> Usage:
    processes = {"projector": rig.projector, "postgres": rig.postgres.process, "nats": rig.nats.process, "api": rig.api}
    """Read what each process and each stage has used so far."""
    stages = await rig.stage_seconds()  # first: a projector in the middle of a batch answers late
    cpu = {name: cpu_seconds(process.pid) for name, process in processes.items() if process.alive}
    cpu |= {"bench": cpu_seconds(os.getpid(), below=False), "whole machine": busy_seconds()}
    return Usage(time.perf_counter(), cpu, stages)
