"""One run: fault after fault under load and readers, each reckoned up when all stands again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any, Final

import asyncpg
import httpx

from projections.rules.log.message import Message
from projections.store.checkpoint import position_of
from projections.store.connecting import connect
from projections.store.generations import enter_the_one_in_force
from services.connecting.bus import connect_once
from services.connecting.database_failures import DATABASE_AWAY
from services.log.gaps import read_range
from services.settings import Settings
from tests.cluster.asking import BACK, SUM, TOLD, Traveller, Wrong, want_answers
from tests.cluster.breaking import Breaking, NotWholeError
from tests.cluster.judging import Standing, standing
from tests.cluster.load import Load
from tests.cluster.marks import CLOCK, Marks, Rises
from tests.cluster.people import People
from tests.cluster.plan import Fault
from tests.cluster.reporting import Suffered, line

READERS: Final = 4
"""Half of them machines with tokens, half of them browsers with sessions."""
SETTLED_WITHIN: Final = 120.0
LOOK_WITHIN: Final = 1.5
LONG: Final = 5.0
"""Seconds without an answer of which it is told what there was in its place."""


class Watched:
    """What is seen from outside while faults are made."""

    def __init__(self) -> None:
        self.rises = Rises()
        self.answered = Marks()
        self.instead: list[tuple[float, str]] = []
        """What there was in the place of answers to one who only wants any."""
        self.wrong = Wrong()


class Run:
    """Faults on a cluster that stands and is told its units already. `owner`: settings that reach all of it."""

    def __init__(
        self,
        owner: Settings,
        apis: Sequence[httpx.AsyncClient],
        load: Load,
        watched: Watched,
        say: Callable[[str], None],
    ) -> None:
        self.owner = owner
        self.apis = apis
        self.load = load
        self.watched = watched
        self._say = say
        self._held_to = 0
        self.readers: list[Traveller] = []
        self.suffered: list[Suffered] = []
        self.left_out: list[str] = []
        self.failed: list[str] = []

    async def sign_in(self, people: People, seed: int) -> None:
        """Have the readers sign in."""
        for n in range(READERS):
            says = n % 2 == 0
            apis = await (people.machine() if says else people.browser(f"reader-{n}"))
            chance, watched = Random(f"{seed} reader {n}"), self.watched
            self.readers.append(Traveller(apis, chance, self.load.names, watched.wrong, watched.rises, says=says))

    async def go(self, breaking: Breaking, faults: Sequence[Fault], until: float) -> None:
        """Go through the faults, none of them begun after a moment; what was wrong is in `failed`."""
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(each) for each in self._watching()]
            sending = [tasks.create_task(each) for each in self.load.clerks()]
            try:
                await self._suffer_all(breaking, faults, until)
            except NotWholeError as error:
                self.failed.append(str(error))
            self.load.end()
            await asyncio.wait(sending, timeout=SETTLED_WITHIN)
            for task in (*watching, *sending):
                task.cancel()
        self.failed += self.watched.wrong.told()

    def _watching(self) -> list[Coroutine[Any, Any, None]]:
        readers = [reader.run() for reader in self.readers]
        return [want_answers(self.apis, self.watched.answered, self.watched.instead), self._watch_database(), *readers]

    async def _watch_database(self) -> None:
        """Look how far the figures are where they are written, whether anybody is answered or not."""
        while True:
            with suppress(*DATABASE_AWAY, asyncpg.PostgresError):
                connection = await connect(self.owner.database_url, within=LOOK_WITHIN)
                try:
                    while True:
                        self.watched.rises.see(await asyncio.wait_for(position_of(connection), LOOK_WITHIN))
                        await asyncio.sleep(0.1)
                finally:
                    connection.terminate()
            await asyncio.sleep(0.2)

    async def _suffer_all(self, breaking: Breaking, faults: Sequence[Fault], until: float) -> None:
        for fault in faults:
            if CLOCK() > until:
                self.left_out.append(fault.name)
                continue
            began = CLOCK()
            try:
                self.suffered.append(await self._suffer(breaking, fault))
            except NotWholeError as error:  # the others are made all the same
                self.failed.append(str(error))
                self._say(f"{fault.name}: {error}")
                await breaking.rescue()
                continue
            self._say(line(self.suffered[-1]))
            if self.suffered[-1].answers > LONG:
                instead = Counter(words for moment, words in self.watched.instead if moment > began)
                self._say(f"  in the place of answers: {instead.most_common(4)}")

    async def _suffer(self, breaking: Breaking, fault: Fault) -> Suffered:
        began, watched = CLOCK(), self.watched
        try:
            machines = await breaking.make(fault)
            await breaking.whole()
            whole = CLOCK()
            last = await self.settled()
        except NotWholeError as error:
            raise NotWholeError(f"{fault.name}: {error}") from error
        ended = CLOCK()
        stands = await self._standing(last)
        if stands.lost or stands.doubled:
            self.failed.append(f"{fault.name}: lost {stands.lost[:20]}, doubled {stands.doubled}")
        return Suffered(
            fault.name,
            machines,
            watched.rises.longest_gap(began, ended),
            watched.answered.longest_gap(began, ended),
            whole - began,
            len(stands.lost),
            stands.doubled,
            watched.wrong.of(BACK, began, ended),
            watched.wrong.of(TOLD, began, ended),
            watched.wrong.of(SUM, began, ended),
        )

    async def settled(self) -> int:
        """Wait until every API answers for the last event acknowledged by now; return its position.

        Raises NotWholeError.
        """
        last, until = self.load.last, CLOCK() + SETTLED_WITHIN
        for api in self.apis:
            while (said := await _short_of(api, last)) is not None:
                if CLOCK() > until:
                    raise NotWholeError(f"{api.base_url} does not reach {last}: {said}")
                await asyncio.sleep(0.2)
        return last

    async def _standing(self, last: int) -> Standing:
        """Hold what has come since this was done before to what was acknowledged."""
        first, self._held_to = self._held_to + 1, max(last, self._held_to)
        log = await self.log(first, last)
        acked = [one for one in self.load.acked if first <= one.position <= last]
        async with self.database() as connection:
            return await standing(connection, log, acked)

    async def log(self, first: int, last: int) -> list[Message]:
        """Read a part of the log as the bus has it."""
        if last < first:
            return []
        client = await connect_once(self.owner, "test of the cluster")
        try:
            return await read_range(client, self.owner.stream, first, last)
        finally:
            await client.close()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        """Connect to the primary; the session sees the read models that are in force."""
        connection = await connect(self.owner.database_url)
        try:
            await enter_the_one_in_force(connection)
            yield connection
        finally:
            connection.terminate()


async def _short_of(api: httpx.AsyncClient, position: int) -> str | None:
    """Tell what an API says in place of an answer for a position."""
    try:
        answer = await api.get("/v1/status", params={"min_position": str(position), "wait": "5"})
    except httpx.TransportError as error:
        return repr(error)
    return None if answer.status_code == 200 else f"{answer.status_code} {answer.text}"
