"""From which server a question is answered, so that nobody is told less than he has seen (decision 0056).

1. Here, where this database has reached what the asker has seen or asks for. Nothing is waited for and nobody asked.
2. Where it is a standby that has not: after a short moment for what is on its way.
3. Then by the primary, a few questions at a time.
4. Where that can't be had: 503 with the position reached.

What an asker asks for (`min_position`) is strict. What his browser says that it has seen is held to the primary: where
there is less, the figures went back with the database (a stale standby took over), or the browser is wrong; he is
answered with what there is, and `behind` tells of the first.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias, TypeVar

from fastapi import Request

from services.api.gate import who_asks
from services.api.metrics import FORWARDED
from services.api.primary import Primary, PrimaryBusyError
from services.api.problems import NotReachedProblem, Problem
from services.api.retrying import retried
from services.api.seen import SeenByBrowser, SeenBySession, seen_of
from services.api.turns import Bounded
from services.api.waiting import Positions
from services.connecting.database_failures import DATABASE_AWAY, RECOVERY_CONFLICTS

Answer = TypeVar("Answer")
Ask: TypeAlias = Callable[[bool, int | None], Awaitable[tuple[int, Answer]]]
"""Asks a question, of the primary or here, and requires a position; returns the position and the answer.

Raises NotReachedProblem where that server has not reached it.
"""

MOMENT: Final = 0.1
"""Seconds for which what the primary has is awaited on a standby, before the primary is asked instead."""
WAITING: Final = (500, 50)
"""Questions that may wait for that moment, in all and of a client; others don't wait for it."""


class Had(NamedTuple):
    """What the browser in a session has seen, of which figures."""

    seen: SeenByBrowser
    session: str
    lineage: str
    position: int


class Reflecting:
    """Decides for all questions of an app."""

    def __init__(self, positions: Positions, primary: Primary) -> None:
        self._positions = positions
        self._primary = primary
        self._sessions = SeenBySession()
        self._waiting = Bounded("moment", *WAITING, 1)

    async def answer(self, request: Request, client: str, required: int | None, ask: Ask[Answer]) -> Answer:
        """Answer a question, no earlier than at the position ``required`` and at what its asker has seen.

        Raises a 503 Problem where that can't be had, and what `ask` raises.
        """
        had = await self._had(request)
        floor = required if had is None or had.position < 0 else max(had.position, required or 0)
        try:
            return self._shown(had, await self._here(ask, floor))
        except NotReachedProblem as early:
            if not early.standby:
                return await self._as_it_is(had, required, early, ask, primary=False)
            floor = early.wanted
        known: int | None = None
        if floor > self._positions.told:  # nobody may wait for what was never said
            known = await self._corrected(had, required, floor)
            floor = floor if known is None else known
        await self._moment(client, floor)
        try:
            return self._shown(had, await self._here(ask, floor))
        except NotReachedProblem as early:
            if not early.standby:  # it was promoted meanwhile
                return await self._as_it_is(had, required, early, ask, primary=False)
            reached = early
        known = await self._corrected(had, required, floor) if known is None else known
        if known is None:
            FORWARDED.labels("away").inc()
            raise reached
        return await self._forwarded(had, required, known, ask, reached)

    async def wait(self, position: int, within: float) -> None:
        """Wait for a position, at most so many seconds; also until it can be had of the primary, and not here."""
        deadline = time.monotonic() + within
        await self._positions.reach(position, within, MOMENT)
        if self._positions.passed(position) or time.monotonic() >= deadline:
            return
        known = await self._primary.position()
        if known is None or known < position:  # the bus told more than there is
            await self._positions.reach(position, deadline - time.monotonic())

    async def _had(self, request: Request) -> Had | None:
        seen, asker = seen_of(request), who_asks(request)
        if seen is None or asker.means != "session":
            return None
        lineage = await self._positions.lineage()
        return Had(seen, asker.key, lineage, max(seen.before(lineage), self._sessions.before(lineage, asker.key)))

    def _shown(self, had: Had | None, found: tuple[int, Answer]) -> Answer:
        position, answer = found
        if had is not None and had.lineage:
            had.seen.show(had.lineage, position)
            self._sessions.show(had.lineage, had.session, position)
        return answer

    def _correct(self, had: Had | None, position: int) -> None:
        if had is not None:
            had.seen.correct(position)
            self._sessions.correct(had.session, position)

    async def _as_it_is(
        self, had: Had | None, required: int | None, early: NotReachedProblem, ask: Ask[Answer], *, primary: bool
    ) -> Answer:
        """Answer with what the primary has, though the browser says that it has seen more."""
        if required is not None and early.position < required:
            raise early
        self._correct(had, early.position)
        return self._shown(had, await self._tried(ask, required, primary=primary))

    async def _corrected(self, had: Had | None, required: int | None, floor: int) -> int | None:
        """Return what must be reached, no more than the primary has; None where it is away.

        Raises a 503 Problem where what is asked for isn't reached there either.
        """
        known = await self._primary.position()
        if known is None or known >= floor:
            return None if known is None else floor
        if required is not None and known < required:
            raise NotReachedProblem(required, known, standby=False)
        self._correct(had, known)
        return known

    async def _moment(self, client: str, floor: int) -> None:
        """Wait a moment for what is on its way; where too many do, not at all."""
        with suppress(Problem):
            async with self._waiting.place(client):
                await self._positions.reach(floor, MOMENT)

    async def _here(self, ask: Ask[Answer], floor: int | None) -> tuple[int, Answer]:
        """Ask here; of a standby that always takes back what is being read the question goes to the primary."""
        try:
            return await self._tried(ask, floor, primary=False)
        except RECOVERY_CONFLICTS as conflict:
            if await self._primary.position() is None:
                raise
            try:
                found = await self._tried(ask, floor, primary=True)
            except PrimaryBusyError:
                raise conflict from None
        FORWARDED.labels("conflict").inc()
        return found

    async def _forwarded(
        self, had: Had | None, required: int | None, floor: int, ask: Ask[Answer], reached: NotReachedProblem
    ) -> Answer:
        try:
            found = await self._tried(ask, floor, primary=True)
        except NotReachedProblem as early:  # it is another server than a moment ago
            return await self._as_it_is(had, required, early, ask, primary=True)
        except DATABASE_AWAY as error:
            FORWARDED.labels("away").inc()
            raise reached from error
        except PrimaryBusyError as busy:
            FORWARDED.labels("busy").inc()
            raise reached from busy
        FORWARDED.labels("behind").inc()
        return self._shown(had, found)

    async def _tried(self, ask: Ask[Answer], floor: int | None, *, primary: bool) -> tuple[int, Answer]:
        return await retried(lambda: ask(primary, floor))
