"""Waiting until the read models reflect a position: woken by the projector's NOTIFY, by polling where that fails."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import asyncpg

from services.api.problems import DATABASE_AWAY, NOT_MIGRATED

if TYPE_CHECKING:
    from asyncpg import Pool, Record

CHANNEL: Final = "tonghop_position"
POLL: Final = 0.25
DOUBT: Final = 2.0
"""Seconds of silence after which a connection that listens is checked by asking."""

_POSITION = "SELECT position FROM checkpoint"
_AWAY = (*DATABASE_AWAY, *NOT_MIGRATED)


class Positions:
    """The position last heard of. `listen` runs for as long as the process; `reach` waits beside it."""

    def __init__(self, database_url: str, pool: Pool[Record]) -> None:
        self._database_url = database_url
        self._pool = pool
        self._heard = -1
        self._listening = False
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Keep one connection that listens, made anew whenever it is lost; returns only by being cancelled."""
        while True:
            with suppress(*_AWAY):
                await self._listen_once()
            self._listening = False
            await asyncio.sleep(1)

    async def reach(self, position: int, wait: float) -> None:
        """Return when the position is reached, or after `wait` seconds; the snapshot that follows says which."""
        deadline = time.monotonic() + wait
        while self._heard < position:
            news = self._news  # before asking, so that what comes meanwhile isn't missed
            self._heard = await self._pool.fetchval(_POSITION)
            left = deadline - time.monotonic()
            if self._heard >= position or left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), min(left, DOUBT if self._listening else POLL))

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._database_url, timeout=5)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._hear)
            self._listening = True
            await lost.wait()
        finally:
            connection.terminate()

    def _hear(self, _: object, __: int, ___: str, payload: object) -> None:
        self._heard = int(str(payload))
        news, self._news = self._news, asyncio.Event()
        news.set()
