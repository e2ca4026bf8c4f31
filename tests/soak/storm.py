"""Everything at once: publishing, reorganisations, readers, an operator, SIGKILLs; then a calm; then the reckoning."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.fault.cluster import BACKEND, PARTS, Cluster, running_cluster
from tests.fault.publishing import Publisher, publishing
from tests.fault.settling import reached
from tests.fault.stream import log_of
from tests.servers import connect
from tests.soak.accounting import Books, hold_answers, hold_counters, hold_log, hold_outcomes, hold_reports
from tests.soak.asking import Asker
from tests.soak.measuring import Memory
from tests.soak.operating import Operator
from tests.soak.telling import Country

GROUP: Final = 20
TOGETHER: Final = 200


@dataclass(frozen=True)
class Plan:
    """What a storm is like. Seconds: of kills, of the calm after them, between kills, between groups of messages."""

    seed: int
    cells: int
    stormy: float
    calm: float
    between_kills: tuple[float, float]
    pause: float
    readers: int = 3
    clerks: int = 2
    kills: Sequence[Sequence[str]] = (*((part,) for part in PARTS), (BACKEND,), ("projector", "postgres"), PARTS)


@dataclass
class Course:
    """What has happened."""

    plan: Plan
    began: float = field(default_factory=time.monotonic)
    kills: Counter[str] = field(default_factory=Counter)
    reorganisations: int = 0
    askers: list[Asker] = field(default_factory=list)
    operated: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    acknowledged: int = 0
    units: int = 0
    counters: int = 0
    reports: int = 0
    totals: int = 0
    generation: int = 0
    seconds: float = 0.0
    calm_at: float = 0.0
    memory: Memory | None = None


class Storm:
    """One storm on a cluster."""

    def __init__(self, cluster: Cluster, publisher: Publisher, course: Course, say: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._publisher = publisher
        self._course = course
        self._plan = course.plan
        self._say = say
        self._country = Country(self._chance("country"), course.plan.cells)
        self._operator = Operator(cluster, self._chance("operator"))
        self._done = asyncio.Event()
        course.operated = self._operator.done
        course.memory = Memory(cluster)
        course.askers = [
            Asker(cluster.api, self._chance(f"asker {n}"), lambda: self._country.names)
            for n in range(course.plan.readers)
        ]

    def _chance(self, of: str) -> Random:
        return Random(f"{self._plan.seed} {of}")

    async def go(self) -> None:
        """Go through the storm and the calm; raises an AssertionError, for the first thing that is wrong."""
        tree = self._country.tree()
        for n in range(0, len(tree), TOGETHER):
            await self._publisher.send(tree[n : n + TOGETHER])
        await reached(self._cluster.api, len(tree))
        self._say(f"{len(tree)} units are told")
        async with asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(asker.run()) for asker in self._course.askers]
            assert self._course.memory is not None
            readers.append(tasks.create_task(self._course.memory.run()))
            telling = [tasks.create_task(self._tell()) for _ in range(self._plan.clerks)]
            telling.append(tasks.create_task(self._reorganise()))
            operating = tasks.create_task(self._operator.run())
            await self._kill()
            self._course.calm_at = time.monotonic() - self._course.began
            self._say("calm: no more kills")
            await asyncio.sleep(self._plan.calm)
            await _ended(operating)
            self._done.set()
            await asyncio.wait(telling)
            await self._operate_at_last()
            await reached(self._cluster.api, max(one.position for one in self._publisher.acked))
            await _ended(*readers)

    async def _tell(self) -> None:
        while not self._done.is_set():
            await self._publisher.send(self._country.group(GROUP))
            await asyncio.sleep(self._plan.pause)

    async def _reorganise(self) -> None:
        while not self._done.is_set():
            await self._publisher.send(self._country.reorganisation())
            self._course.reorganisations += 1
            await asyncio.sleep(self._plan.pause * 6)

    async def _kill(self) -> None:
        """Kill at random moments: each alone, several, all at once, one process of PostgreSQL's own."""
        random, until = self._chance("kills"), time.monotonic() + self._plan.stormy
        left: list[Sequence[str]] = []
        while time.monotonic() < until:
            left = left or random.sample(self._plan.kills, len(self._plan.kills))
            names = left.pop()
            await asyncio.sleep(random.uniform(*self._plan.between_kills))
            self._cluster.kill(names, random)
            await asyncio.sleep(random.choice((0.0, random.uniform(0, 0.8))))
            await self._cluster.revive(names)
            self._course.kills.update(names)

    async def _operate_at_last(self) -> None:
        """Everything stands: each command has to come to its end, and to find nothing."""
        for kind, *arguments in (("rebuild", "rebuild"), ("back", "rebuild", "--back"), ("verify", "verify")):
            await self._operator.work(kind, *arguments, must=True)
        await self._operator.work("verify --from-log", "verify", "--from-log", must=True)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel what runs for ever; what it found wrong before has ended everything already."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def reckon(cluster: Cluster, publisher: Publisher, course: Course, say: Callable[[str], None]) -> None:
    """Hold log, outcomes, counters, reports and all that was answered to what the oracle makes of the log."""
    log = await log_of(cluster.settings.nats_url, max(one.position for one in publisher.acked))
    course.messages, course.acknowledged = len(log), len(publisher.acked)
    hold_log(log, publisher.acked)
    say(f"the oracle reads {len(log)} messages")
    books = Books()
    await books.read(log)
    course.outcomes = Counter(outcome for _, outcome, _ in books.oracle.outcomes())
    course.units = len(books.oracle.hierarchy().units())
    connection = await connect(cluster.settings.database_url)
    try:
        await hold_outcomes(connection, books)
        course.counters = await hold_counters(connection, books)
        course.generation = await connection.fetchval("SELECT generation FROM checkpoint")
    finally:
        await connection.close()
    course.totals = hold_answers(books, course.askers)
    course.reports = await hold_reports(cluster.api, books)


async def weather(
    plan: Plan, say: Callable[[str], None], beside: Callable[[Course], Coroutine[Any, Any, None]]
) -> Course:
    """Go through a storm from the start of the servers to the reckoning, with something running beside it."""
    course = Course(plan)
    async with running_cluster() as cluster, publishing(cluster.settings.nats_url) as publisher:
        watching = asyncio.create_task(beside(course))
        try:
            await Storm(cluster, publisher, course, say).go()
            await reckon(cluster, publisher, course, say)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    course.seconds = time.monotonic() - course.began
    return course
