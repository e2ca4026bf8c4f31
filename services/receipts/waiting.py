"""Questions that wait for a position: parked in memory, no worker each, and woken by the projector's NOTIFY."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from projections.store.checkpoint import NOTIFICATIONS, position_of
from services.connecting.database_failures import SERVERS_FAIL
from services.connecting.patience import Backoff

if TYPE_CHECKING:
    from asyncpg import Pool, Record

POLL: Final = 0.25
DOUBT: Final = 2.0
"""Seconds of silence after which the database is asked although somebody listens."""
_SELDOM: Final = 0.03


class WaitingQuestion:
    """One that waits; `due` is called once, when its position is reached, its time is up, or all are let go."""

    def __init__(self, position: int, due: Callable[[], None]) -> None:
        self.position = position
        self.due = due
        self.timer: asyncio.TimerHandle | None = None


class Waiting:
    """All that wait, for one process. However many they are, the database is asked by one.

    Where listening is refused (a hot standby), the position is looked at every POLL seconds while anybody waits.
    """

    def __init__(self, pool: Pool[Record]) -> None:
        self.reached = -1
        self._pool = pool
        self._parked: set[WaitingQuestion] = set()
        self._listening = False
        self._asked = asyncio.Event()

    def __len__(self) -> int:
        return len(self._parked)

    def park(self, position: int, seconds: float, due: Callable[[], None]) -> None:
        """Wait for a position, so many seconds at most."""
        parked = WaitingQuestion(position, due)
        parked.timer = asyncio.get_running_loop().call_later(seconds, self._release, parked)
        self._parked.add(parked)
        self._asked.set()

    async def run(self) -> None:
        """Listen and look until cancelled; who waits then is let go."""
        listening, backoff = asyncio.create_task(self._listen()), Backoff()
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                while self._parked:
                    try:
                        self._reach(await position_of(self._pool))
                        backoff.reset()
                    except SERVERS_FAIL:
                        await asyncio.sleep(backoff.next())
                    await asyncio.sleep(_SELDOM)
                    try:
                        async with asyncio.timeout(DOUBT if self._listening else POLL):
                            await self._asked.wait()
                    except TimeoutError:
                        continue
                    self._asked.clear()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            for parked in tuple(self._parked):
                self._release(parked)

    async def _listen(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async with self._pool.acquire() as connection:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(NOTIFICATIONS, self._hear)
                    try:
                        self._listening = True
                        backoff.reset()
                        self._asked.set()  # what came in between is looked for
                        await lost.wait()
                    finally:
                        self._listening = False
                        if not lost.is_set():
                            await connection.remove_listener(NOTIFICATIONS, self._hear)
            except SERVERS_FAIL:
                pass
            await asyncio.sleep(backoff.next())

    def _hear(self, _: object, __: int, ___: str, payload: object) -> None:
        self._reach(int(str(payload)))

    def _reach(self, position: int) -> None:
        self.reached = position
        for parked in [parked for parked in self._parked if parked.position <= position]:
            self._release(parked)

    def _release(self, parked: WaitingQuestion) -> None:
        if parked in self._parked:
            self._parked.remove(parked)
            if parked.timer is not None:
                parked.timer.cancel()
            parked.due()
