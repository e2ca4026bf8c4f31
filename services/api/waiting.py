"""Waiting until the read models reflect a position: woken by NOTIFY, on a standby by the bus, else by asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import structlog

from projections.bilingual import Bilingual
from projections.store.checkpoint import NOTIFICATIONS, is_standby, lineage_of, position_and_primary
from projections.store.connecting import connect, first_answer
from services.connecting.database_failures import SERVERS_FAIL
from services.connecting.failures import Failure, classify, described
from services.connecting.patience import Backoff

if TYPE_CHECKING:
    from asyncpg import Pool, Record

SOONEST: Final = 0.005
LATEST: Final = 0.05
"""Seconds between two questions while somebody waits for what is on its way: short at first, longer as it lasts."""
SELDOM: Final = 0.5
"""Seconds between two questions on a standby while the bus tells how far the projector is, and it is not there yet."""
DOUBT: Final = 2.0
"""Seconds of silence after which a connection that listens is checked by asking."""
SILENT: Final = 5.0
"""Seconds without a word of the projector's, which says one every second, from which on the bus tells nothing."""

_SESSION = {"application_name": "tonghop api listening"}

_log = structlog.get_logger()


class Positions:
    """The position last heard of. `listen` runs for as long as the process; `reach` waits beside it.

    What is `heard` is this database's own word. What is `told`, over the bus, is a hint and decides nothing: where it
    is wrong the database is asked a few times more.
    """

    def __init__(self, database_url: str, pool: Pool[Record]) -> None:
        self._database_url = database_url
        self._pool = pool
        self._heard = -1
        self._told = -1
        self._told_at = -SILENT
        self._lineage: str | None = None
        self._identifying = asyncio.Lock()
        self._identified_at = -DOUBT
        self._listening = False
        self._stirred = asyncio.Event()
        self._on_primary = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = -DOUBT

    async def listen(self) -> None:
        """Keep one connection that listens, made anew whenever it is lost, whatever it is lost by.

        On a standby, where LISTEN is refused (25006), it waits until those who wait find the server promoted: while
        nobody waits nothing is asked. Returns only by being cancelled.
        """
        backoff = Backoff(first=0.2, longest=5.0)
        said: Bilingual | None = None
        while True:
            try:
                await self._listen_once(backoff)
            except Exception as error:  # noqa: BLE001 - nothing may end it: without it every reader asks for ever
                words = described(error)
                if words != said:  # it tries again soon
                    level = _log.warning if classify(error) in {Failure.AWAY, Failure.MISSING} else _log.error
                    level("not listening", error=words)
                said = words
            finally:
                self._listening = False
            await asyncio.sleep(backoff.next())

    def tell(self, position: int) -> None:
        """Take the projector's word for a position that it has committed, wherever that was."""
        self._told, self._told_at = position, time.monotonic()
        if not self._listening:
            self._stir()

    def passed(self, position: int) -> bool:
        """Tell whether the position is known to be reached; asks nobody."""
        return self._heard >= position

    async def reach(self, position: int, wait: float, moment: float | None = None) -> None:
        """Return when the position is reached, or after `wait` seconds; the snapshot that follows says which.

        With a `moment` also so many seconds after the bus has told that it is reached elsewhere. Raises what the
        database answers where it can't be asked.
        """
        deadline = time.monotonic() + wait
        pause, old, near = SOONEST, 0.0, False
        while self._heard < position:
            stirred = self._stirred  # before asking, so that what comes meanwhile isn't missed
            await self._ask(old)
            now = time.monotonic()
            if not near and self._is_near(position):
                near, pause = True, SOONEST
                deadline = deadline if moment is None else min(deadline, now + moment)
            if self._heard >= position or now >= deadline:
                return
            await self._rest(position, min(deadline - now, self._until_next(pause, near=near)), stirred, near=near)
            old = 0.0 if self._is_near(position) else pause / 2
            pause = min(pause * 1.5, LATEST)

    @property
    def heard(self) -> int:
        """The position last heard of, -1 before the first."""
        return self._heard

    @property
    def told(self) -> int:
        """The position that the projector last told over the bus, -1 before the first; it may be false."""
        return self._told

    @property
    def tells(self) -> bool:
        """Whether the bus tells positions now."""
        return time.monotonic() - self._told_at < SILENT

    async def lineage(self) -> str:
        """Return which figures the positions are of (`lineage_of`), nothing where that can't be asked."""
        if self._lineage is None:
            async with self._identifying:
                if self._lineage is None and time.monotonic() - self._identified_at >= DOUBT:
                    await self._identify()
        return self._lineage or ""

    async def _identify(self) -> None:
        try:
            self._lineage = await lineage_of(self._pool)
        except SERVERS_FAIL as error:
            self._identified_at = time.monotonic()
            _log.warning("what sessions have seen is not known", error=described(error))

    async def another(self, known: int, within: float) -> None:
        """Return when another position than the known one is heard of, or after `within` seconds.

        Where nothing can be heard, on a standby, it is asked then, and as soon as the bus tells of one. Raises what the
        database answers.
        """
        deadline = time.monotonic() + within
        while self._heard == known:
            stirred, left = self._stirred, deadline - time.monotonic()
            if left <= 0:
                await self._ask(DOUBT if self._listening else 0)
                return
            if not self._listening and self.tells and self._told > known:
                await self._ask(LATEST)
                left = min(left, LATEST)
            if self._heard == known:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stirred.wait(), left)

    def _is_near(self, position: int) -> bool:
        """Tell whether the position is on its way to this standby, as far as the bus knows."""
        return not self._listening and self._told >= position

    async def _rest(self, position: int, seconds: float, stirred: asyncio.Event, *, near: bool) -> None:
        """Return after so many seconds, or as soon as there is a reason to ask, or none."""
        until = time.monotonic() + seconds
        while self._heard < position and (left := until - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(stirred.wait(), left)
            if not near and self._is_near(position):
                return
            stirred = self._stirred

    def _until_next(self, pause: float, *, near: bool) -> float:
        """Say for how many seconds nothing is asked where nothing is heard."""
        if self._listening:
            return DOUBT
        return pause if near or not self.tells else SELDOM

    async def _ask(self, old: float) -> None:
        """Ask for the position, for all who want to know at this moment; an answer of `old` seconds will do."""
        if self._looking is None or self._looking.done():
            if time.monotonic() - self._looked_at < old:
                return
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_heed)
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        found, primary = await first_answer(self._pool, position_and_primary)
        self._looked_at = time.monotonic()
        (self._on_primary.set if primary else self._on_primary.clear)()
        if found != self._heard:  # it may have gone back: restored, or a standby that took over
            self._hear(None, 0, NOTIFICATIONS, found)

    async def _listen_once(self, backoff: Backoff) -> None:
        connection = await connect(self._database_url, within=5, server_settings=_SESSION)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            self._lineage = None
            while await is_standby(connection):
                backoff.reset()
                self._on_primary.clear()
                await first_of(lost.wait(), self._on_primary.wait())
            await connection.add_listener(NOTIFICATIONS, self._hear)
            backoff.reset()
            self._listening = True
            await lost.wait()
        finally:
            connection.terminate()

    def _hear(self, _: object, __: int, ___: str, payload: object) -> None:
        position = int(str(payload))
        if position < self._heard:
            self._lineage = None
        self._heard = position
        self._stir()

    def _stir(self) -> None:
        stirred, self._stirred = self._stirred, asyncio.Event()
        stirred.set()


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait until one of several ends, whatever it ends with; the others are given up."""
    waiting = [asyncio.ensure_future(each) for each in waits]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.exception()
    finally:
        for each in waiting:
            each.cancel()


def _heed(looked: asyncio.Task[None]) -> None:
    """Take note of what a look failed with, also where all who waited for it have gone."""
    if not looked.cancelled():
        looked.exception()
