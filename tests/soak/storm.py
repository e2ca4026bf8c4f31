"""Everything at once: publishing, reorganisations, readers, an operator, hostile ones, SIGKILLs, frozen leaders.

Then a calm, then the reckoning.
"""

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
from tests.fault.settling import reached
from tests.fault.stream import last_of, log_of
from tests.servers import connect
from tests.soak.accounting import Books, hold_answers, hold_counters, hold_log, hold_outcomes, hold_reports
from tests.soak.asking import Asker
from tests.soak.freezing import PATIENCE, Freezer
from tests.soak.hostile_reader import HostileReader
from tests.soak.hostile_unit import HOSTILE, HostileUnit
from tests.soak.measuring import Memory
from tests.soak.operating import Operator
from tests.soak.publishing import SurePublisher, sure_publishing
from tests.soak.suspecting import Fate, fates, hold_hostile
from tests.soak.telling import Country

GROUP: Final = 20
TOGETHER: Final = 200
GUESSED: Final = 0.25
"""Of the groups of messages: those whose ids the hostile unit claims before they are sent."""
LOST: Final = 0.1
"""Of the groups: those of which two are sent again at once, as after an acknowledgement that never came."""
SECOND: Final = "projector-2"
FREEZE: Final = "freeze"
"""In the place of what is killed: who leads is frozen until another leads, and something is killed meanwhile."""


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
    hostile_pause: float = 0.8
    kills: Sequence[Sequence[str]] = (
        *((part,) for part in (*PARTS, SECOND, BACKEND)),
        ("projector", "postgres"),
        ("projector", SECOND),
        (*PARTS, SECOND),
        (FREEZE,),
        (FREEZE,),
    )


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
    takeovers: list[float] = field(default_factory=list)
    hostile_sent: Counter[str] = field(default_factory=Counter)
    hostile_told: Counter[tuple[str, str]] = field(default_factory=Counter)
    hostile_fates: Counter[Fate] = field(default_factory=Counter)
    hostile_asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    claimed: int = 0
    own_duplicates: int = 0


class Storm:
    """One storm on a cluster."""

    def __init__(self, cluster: Cluster, publisher: SurePublisher, course: Course, say: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._publisher = publisher
        self._course = course
        self._freezer = Freezer(cluster)
        course.takeovers = self._freezer.takeovers
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
        hostile = HostileReader(
            self._cluster.settings.http, self._chance("hostile reader"), lambda: self._country.names
        )
        self._course.hostile_asked = hostile.told
        unit = HostileUnit(
            self._cluster.url_of(HOSTILE),
            self._chance("hostile unit"),
            lambda: self._country.names,
            self._plan.hostile_pause,
        )
        self._course.hostile_sent, self._course.hostile_told = unit.sent, unit.told
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(unit.run())
            readers = [tasks.create_task(asker.run()) for asker in (*self._course.askers, hostile)]
            assert self._course.memory is not None
            readers.append(tasks.create_task(self._course.memory.run()))
            telling = [tasks.create_task(self._tell(unit)) for _ in range(self._plan.clerks)]
            telling.append(tasks.create_task(self._reorganise()))
            operating = tasks.create_task(self._operator.run())
            await self._kill()
            self._course.calm_at = time.monotonic() - self._course.began
            self._say("calm: no more kills")
            await asyncio.sleep(self._plan.calm)
            await _ended(operating)
            self._done.set()
            await asyncio.wait(telling)
            await self._tell_until_one_is_claimed(unit)
            await _ended(sending)
            await self._operate_at_last()
            await reached(self._cluster.api, await last_of(self._cluster.url_of("reader")))
            await _ended(*readers)

    async def _tell(self, hostile: HostileUnit) -> None:
        random = self._chance("guesses")
        while not self._done.is_set():
            group = self._country.group(GROUP)
            if random.random() < GUESSED:
                await hostile.claim(group[::4])
            await self._publisher.send(group)
            if random.random() < LOST:
                await self._publisher.send(group[:2])
            await asyncio.sleep(self._plan.pause)

    async def _tell_until_one_is_claimed(self, hostile: HostileUnit) -> None:
        """In a short storm every claim may have come too late, or while the hostile unit was cut off."""
        while not self._publisher.claimed:
            group = self._country.group(GROUP)
            await hostile.claim(group)
            await self._publisher.send(group)

    async def _reorganise(self) -> None:
        while not self._done.is_set():
            await self._publisher.send(self._country.reorganisation())
            self._course.reorganisations += 1
            await asyncio.sleep(self._plan.pause * 6)

    async def _kill(self) -> None:
        """Kill at random moments: each alone, several, all at once, one process of PostgreSQL's own; or freeze."""
        random, until = self._chance("kills"), time.monotonic() + self._plan.stormy
        left: list[Sequence[str]] = []
        while time.monotonic() < until:
            left = left or random.sample(self._plan.kills, len(self._plan.kills))
            names = left.pop()
            await asyncio.sleep(random.uniform(*self._plan.between_kills))
            await (self._freeze(random) if FREEZE in names else self._kill_now(names, random))
        if not self._course.takeovers:
            await self._freeze(random)

    async def _kill_now(self, names: Sequence[str], random: Random) -> None:
        self._cluster.kill(names, random)
        await asyncio.sleep(random.choice((0.0, random.uniform(0, 0.8))))
        await self._cluster.revive(names)
        self._course.kills.update(names)

    async def _freeze(self, random: Random) -> None:
        """Freeze who leads; when another does, something may be killed before the first goes on."""
        async with self._freezer.frozen():
            await asyncio.sleep(random.uniform(0, 1))
            if random.random() < 0.5:
                await self._kill_now(
                    random.choice([names for names in self._plan.kills if FREEZE not in names]), random
                )

    async def _operate_at_last(self) -> None:
        """Everything stands: each command has to come to its end, and to find nothing."""
        for kind, *arguments in (("rebuild", "rebuild"), ("back", "rebuild", "--back"), ("verify", "verify")):
            await self._operator.work(kind, *arguments, must=True)
        await self._operator.work("verify --from-log", "verify", "--from-log", must=True)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel what runs for ever; what it found wrong before has ended everything already."""
    left = set(tasks)
    while left:  # a cancellation can get lost in asyncio.wait_for, which the bus's client uses
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=1)


async def reckon(cluster: Cluster, publisher: SurePublisher, course: Course, say: Callable[[str], None]) -> None:
    """Hold log, outcomes, counters, reports and all that was answered to what the oracle makes of the log."""
    url = cluster.url_of("reader")
    log = await log_of(url, await last_of(url))
    course.messages, course.acknowledged = len(log), len(publisher.acked)
    course.claimed, course.own_duplicates = publisher.claimed, publisher.own
    hold_log(log, publisher.acked)
    say(f"the oracle reads {len(log)} messages")
    books = Books()
    await books.read(log)
    course.outcomes = Counter(outcome for _, outcome, _ in books.oracle.outcomes())
    course.units = len(books.oracle.hierarchy().units())
    course.hostile_fates = fates(log, books)
    connection = await connect(cluster.settings.database_url)
    try:
        await hold_outcomes(connection, books)
        await hold_hostile(connection, log, books)
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
    async with (
        running_cluster(unit=HOSTILE, projectors=2, lead_patience=PATIENCE) as cluster,
        sure_publishing(cluster.settings.nats_url) as publisher,
    ):
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
