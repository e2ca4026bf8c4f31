"""Waiting until the read models reflect a position: woken by the projector's NOTIFY, by asking where that can't be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import structlog

from projections.bilingual import Bilingual
from projections.store.checkpoint import NOTIFICATIONS, position_and_primary
from projections.store.connecting import connect
from services.connecting.failures import Failure, classify, described
from services.connecting.patience import Backoff

if TYPE_CHECKING:
    from asyncpg import Pool, Record

SOONEST: Final = 0.005
LATEST: Final = 0.05
"""Seconds between two questions while somebody waits and nothing is heard: short at first, longer as it lasts."""
DOUBT: Final = 2.0
"""Seconds of silence after which a connection that listens is checked by asking."""

_RECOVERS = "SELECT pg_is_in_recovery()"
_SESSION = {"application_name": "tonghop api listening"}

_log = structlog.get_logger()


class Positions:
    """The position last heard of. `listen` runs for as long as the process; `reach` waits beside it."""

    def __init__(self, database_url: str, pool: Pool[Record]) -> None:
        self._database_url = database_url
        self._pool = pool
        self._heard = -1
        self._listening = False
        self._news = asyncio.Event()
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

    def passed(self, position: int) -> bool:
        """Tell whether the position is known to be reached; asks nobody."""
        return self._heard >= position

    async def reach(self, position: int, wait: float) -> None:
        """Return when the position is reached, or after `wait` seconds; the snapshot that follows says which.

        Raises what the database answers where it can't be asked.
        """
        deadline = time.monotonic() + wait
        pause, old = SOONEST, 0.0
        while self._heard < position:
            news = self._news  # before asking, so that what comes meanwhile isn't missed
            await self._ask(old)
            left = deadline - time.monotonic()
            if self._heard >= position or left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), min(left, DOUBT if self._listening else pause))
            old, pause = pause / 2, min(pause * 1.5, LATEST)

    @property
    def heard(self) -> int:
        """The position last heard of, -1 before the first."""
        return self._heard

    async def another(self, known: int, within: float) -> None:
        """Return when another position than the known one is heard of, or after `within` seconds.

        Where nothing can be heard, on a standby, it is asked then. Raises what the database answers.
        """
        news = self._news
        if self._heard != known:
            return
        try:
            await asyncio.wait_for(news.wait(), within)
        except TimeoutError:
            await self._ask(DOUBT if self._listening else 0)

    async def _ask(self, old: float) -> None:
        """Ask for the position, for all who want to know at this moment; an answer of `old` seconds will do."""
        if self._looking is None or self._looking.done():
            if time.monotonic() - self._looked_at < old:
                return
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_heed)
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        found, primary = await position_and_primary(self._pool)
        self._looked_at = time.monotonic()
        (self._on_primary.set if primary else self._on_primary.clear)()
        if found != self._heard:  # it may have gone back: restored, or a standby that took over
            self._hear(None, 0, NOTIFICATIONS, found)

    async def _listen_once(self, backoff: Backoff) -> None:
        connection = await connect(self._database_url, within=5, server_settings=_SESSION)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            while await connection.fetchval(_RECOVERS):
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
        self._heard = int(str(payload))
        news, self._news = self._news, asyncio.Event()
        news.set()


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
