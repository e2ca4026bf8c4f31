"""What open pages are told: that the log has moved on below their unit, and whether figures are behind (decision 0052).

One task asks for all of them. It counts what was said, however many listen; looks at what each may see right before
each message; and takes a pause that is several times as long as the asking.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import asyncpg
import structlog

from projections.answers.access.needs import Need
from projections.answers.report.news_answers import Keeping, Moved
from projections.answers.report.report_answers import Behind
from projections.rules.counting.periods import Days
from projections.store.reading.find_unit import UnknownUnitError
from projections.store.reading.log_moment import moment_of
from projections.store.reading.news import Watched, news_between
from projections.store.reading.snapshot import Snapshot, snapshot
from services.access.asker import Asker
from services.access.authentication import still_known
from services.api.bodies import as_json
from services.api.lag import Lags
from services.api.parameters import today
from services.api.problems import Problem
from services.api.sights import OfUnit, sight_of
from services.api.turns import Bounded
from services.api.waiting import Positions, first_of
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.connecting.failures import described

if TYPE_CHECKING:
    from asyncpg import Pool, Record

MOST_PAGES: Final = 1_000
"""Pages open at a time; less where there are fewer connections."""
OF_A_CLIENT: Final = 100
AGAIN: Final = 60
"""Seconds after which a page that was refused may ask again."""
EVERY: Final = 1.0
"""Seconds between two messages to one page, at least."""
BEAT: Final = 15.0
"""Seconds without a message after which a page is told that there is none."""
LASTS: Final = (540.0, 660.0)
"""Seconds after which a page has to ask anew, drawn so that those that came together do not come together again."""
RETRY: Final = (2_000, 8_000)
"""Milliseconds after which a page asks anew."""
CHUNK: Final = 5_000
"""Positions that are counted in one step."""
MOST_BACK: Final = 100_000
"""Positions that are counted at all; a page that knows less is told that it does."""
PACE: Final = 4
"""The pause is so many times as long as the asking before it."""

_UNASKED: Final[tuple[type[Exception], ...]] = (*DATABASE_AWAY, *NOT_MIGRATED, asyncpg.PostgresError)

_log = structlog.get_logger()


class Opened(NamedTuple):
    """Who opened a page, about which unit, on which days (None: on all), and the position that it knows."""

    asker: Asker
    unit: str
    days: Days | None
    after: int

    @property
    def watch(self) -> Watched:
        """What is to be counted for it."""
        return Watched(self.unit) if self.days is None else Watched(self.unit, *self.days)


class OpenPage:
    """One page: what it is still to be told, and when. What it doesn't take adds up, and is one message."""

    def __init__(self, opened: Opened, now: float) -> None:
        self.opened = opened
        self.counted_to = opened.after
        self.ends_at = now + random.uniform(*LASTS)  # noqa: S311 - no secret
        self._told_to = opened.after
        self._told_at = now - EVERY
        self._events: int | None = 0
        self._behind: str | None = None
        self._message = b""
        self._wake = asyncio.Event()
        self._waits = False
        self._over = False

    async def message(self) -> bytes | None:
        """Wait for the next message, None where there is no other."""
        self._waits = True
        await self._wake.wait()
        if self._over:
            return None
        self._waits = False
        self._wake.clear()
        return self._message

    def end(self) -> None:
        """Let there be no other message."""
        self._over = True
        self._wake.set()

    def add(self, events: int | None, until: int) -> None:
        """Take in what is new up to a position."""
        self._events = None if events is None or self._events is None else self._events + events
        self.counted_to = until

    def is_due(self, now: float, state: str | None) -> bool:
        """Tell whether there is something to say to it now; who hasn't taken the last message isn't given another."""
        if not self._waits or now - self._told_at < EVERY:
            return False
        return self._events != 0 or state != self._behind or now - self._told_at >= BEAT

    def tell(self, now: float, position: Moved, behind: Behind | None) -> None:
        """Say what is new; ``position`` has where the counting stands."""
        said = []
        if self._events != 0:
            moved = Moved(self._told_to, position.position, position.as_of, self._events)
            said.append(b"id: %d\nevent: moved\ndata: %s\n\n" % (moved.position, as_json(moved)))
            self._told_to, self._events = moved.position, 0
        state = None if behind is None else behind.state
        if state != self._behind:
            said.append(b"event: behind\ndata: %s\n\n" % as_json(Keeping(behind)))
            self._behind = state
        self._message = b"".join(said) or b": \n\n"
        self._told_at = now
        self._wake.set()


class OpenPages:
    """Which pages are open, and how many there may be. ``ending`` is set when the server ends."""

    def __init__(self, most: int = MOST_PAGES, ending: asyncio.Event | None = None) -> None:
        self.ending = ending or asyncio.Event()
        self._places = Bounded("news", most, min(OF_A_CLIENT, most), AGAIN)
        self._pages: set[OpenPage] = set()
        self._came = asyncio.Event()

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """Hold a place. Raises a Problem where there is none: 429 for a client that has too many, else 503."""
        async with self._places.place(client):
            yield

    @asynccontextmanager
    async def opened(self, opened: Opened) -> AsyncIterator[OpenPage]:
        """Open a page for as long as the block lasts."""
        page = OpenPage(opened, time.monotonic())
        self._pages.add(page)
        self._came.set()
        if self.ending.is_set():
            page.end()
        try:
            yield page
        finally:
            self._pages.discard(page)

    @property
    def all(self) -> Collection[OpenPage]:
        """The pages that are open."""
        return self._pages

    async def some(self) -> None:
        """Wait until there are any."""
        while not self._pages:
            self._came.clear()
            await self._came.wait()

    async def another(self) -> None:
        """Wait until one more is opened."""
        self._came.clear()
        await self._came.wait()

    def end(self) -> None:
        """End all."""
        self.ending.set()
        for page in self._pages:
            page.end()


class News:
    """Tells all open pages. `run` goes on for as long as the process does."""

    def __init__(
        self, pages: OpenPages, pool: Pool[Record], askers: Pool[Record], positions: Positions, lags: Lags
    ) -> None:
        self._pages = pages
        self._pool = pool
        self._askers = askers
        self._positions = positions
        self._lags = lags
        self._counted = 0
        """The position up to which was counted for those who wait for what is said now."""

    async def run(self) -> None:
        """Tell what there is to tell; returns only by being cancelled. Where nothing can be asked nothing is told."""
        ending = asyncio.create_task(self._end())
        try:
            while True:
                await self._pages.some()
                known, began, more = self._positions.heard, time.monotonic(), False
                try:
                    more = await self._look()
                except _UNASKED:
                    pass
                except Exception as error:  # noqa: BLE001 - nothing may end it: every page would be told nothing more
                    _log.error("open pages are told nothing", error=described(error))
                took = time.monotonic() - began
                await asyncio.sleep(took * PACE if more else max(EVERY - took, took * PACE))
                if not more:  # where the database is away, it is asked again soon
                    await first_of(self._positions.another(known, EVERY), self._pages.another())
        finally:
            ending.cancel()
            self._pages.end()

    async def _end(self) -> None:
        await self._pages.ending.wait()
        self._pages.end()

    async def _look(self) -> bool:
        """Count what is new and tell it; return whether there is more to be counted."""
        now = time.monotonic()
        for page in [page for page in self._pages.all if now >= page.ends_at]:
            page.end()
        lag = await self._lags.now()
        heard = self._positions.heard
        behind = None if lag is None else lag.at(max(heard, 0))
        state = None if behind is None else behind.state
        if not any(page.counted_to < heard or page.is_due(now, state) for page in self._pages.all):
            return False
        async with snapshot(self._pool) as opened:
            await self._count(opened)
            due = [page for page in self._pages.all if page.is_due(now, state)]
            allowed = await self._allowed(opened, due)
            moments = {
                at: opened.as_of if at == opened.position else await moment_of(opened, at)
                for at in {page.counted_to for page in due}
            }
        for page in due:
            if page.opened in allowed:
                page.tell(now, Moved(0, page.counted_to, moments[page.counted_to], 0), behind)
            else:
                page.end()
        return any(page.counted_to < opened.position for page in self._pages.all)

    async def _count(self, opened: Snapshot) -> None:
        """Count a step for those who know most, and one for those who know least; these join the next as they go."""
        for page in self._pages.all:
            if page.counted_to < opened.position - MOST_BACK:
                page.add(None, opened.position)
        for known in (max, min):
            missing = [page for page in self._pages.all if page.counted_to < opened.position]
            if not missing:
                return
            after = known(page.counted_to for page in missing)
            further = [page.counted_to for page in missing if page.counted_to > after]
            until = min(opened.position, after + CHUNK, *further)
            these = [page for page in missing if page.counted_to == after]
            watches = list({page.opened.watch for page in these})
            events = dict(zip(watches, await news_between(opened, after, until, watches), strict=True))
            for page in these:
                page.add(events[page.opened.watch], until)

    async def _allowed(self, opened: Snapshot, due: Collection[OpenPage]) -> set[Opened]:
        """Return those of the pages whose asker may still have them."""
        known = await still_known(self._askers, {page.opened.asker for page in due})
        found: dict[tuple[Asker, str, Days | None], bool] = {}
        for page in due:
            asker, unit, days = page.opened[:3]
            if page.opened[:3] not in found:
                found[page.opened[:3]] = asker in known and await _may(opened, asker, unit, days)
        return {page.opened for page in due if found[page.opened[:3]]}


async def _may(opened: Snapshot, asker: Asker, unit: str, days: Days | None) -> bool:
    try:
        await sight_of(opened, asker=asker, need=Need.FIGURES, about=OfUnit(unit, days), today=today())
    except (Problem, UnknownUnitError):
        return False
    return True
