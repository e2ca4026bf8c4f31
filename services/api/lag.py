"""How far the figures are behind the log, and why: what an answer with figures says of it (contract §9, `behind`)."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from projections.answers.report.report_answers import Behind
from projections.store.checkpoint import is_standby
from projections.store.reading.snapshot import snapshot
from projections.store.reading.status import WorkerSeen, worker
from services.api.log_end import LogEnd
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED

if TYPE_CHECKING:
    from asyncpg import Pool, Record

FRESH_FOR: Final = 0.25
EVERY: Final = 1.0
WITHIN: Final = 1.5
PATIENCE: Final = 0.1
KEPT: Final = 1_000
BEAT: Final = 3.0
"""Seconds without a word, of a projector that says one every second, from which on it is taken to have stopped."""

_PAUSED: Final = "Tạm dừng, chờ người vận hành / paused, an operator has to let it go on"
_STOPPED: Final = "Bộ tổng hợp không chạy / the projector does not run"
_CATCHING_UP: Final = "Đang xử lý tiếp / catching up"


class Lag(NamedTuple):
    """How far the log goes, and the state of the projection: `leading` where nothing is to be said."""

    stream_last: int
    state: str
    detail: str

    def at(self, position: int) -> Behind | None:
        """Say what an answer at a position has to say; a pause is told also where nothing waits yet."""
        missing = max(self.stream_last - position, 0)
        if self.state == "leading" or (not missing and self.state != "paused"):
            return None
        return Behind(missing, self.state, self.detail)


class Lags:
    """Knows the lag, at most a quarter of a second old; looked at every second, so that its age is known.

    An event's age cannot be asked of the log without reading it. What is known is since when the log has gone further
    than the figures do now: that is the lag in seconds; of the time before the first look, the projector's word.
    """

    def __init__(
        self, pool: Pool[Record], log_end: LogEnd, after: float, speaks: Callable[[], bool] = lambda: False
    ) -> None:
        self._pool = pool
        self._log_end = log_end
        self._after = after
        self._speaks = speaks
        """Whether a projector is heard over the bus: a standby that lags has an old word of it."""
        self._highest = 0
        """The position that was once there."""
        self._seen: deque[tuple[float, int]] | None = None
        """Since when the log is known to go how far beyond the position, oldest first; None before the first look."""
        self._lag: Lag | None = None
        self.seconds = 0.0
        """For how long the log has gone beyond the figures, when it was last looked; 0 where it doesn't."""
        self._looked_at = -FRESH_FOR
        self._looking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look every second; returns only by being cancelled."""
        while True:
            await self.now()
            await asyncio.sleep(EVERY)

    async def now(self) -> Lag | None:
        """Return the lag, None where the database never said; waits no longer than is worth it, and raises nothing."""
        if time.monotonic() - self._looked_at >= FRESH_FOR:
            if self._looking is None or self._looking.done():  # however many ask, one looks
                self._looking = asyncio.create_task(self._look())
            await asyncio.wait({self._looking}, timeout=PATIENCE)
        return self._lag

    async def _look(self) -> None:
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED):  # then there are no figures either
            async with asyncio.timeout(WITHIN):
                last = await self._log_end.stream_last()
                async with snapshot(self._pool) as opened:
                    working = await worker(opened)
                    standby = opened.position < self._highest and await is_standby(opened.connection)
                self._lag = self.judge(working, opened.position, last, time.monotonic(), standby=standby)
        self._looked_at = time.monotonic()

    def judge(
        self, working: WorkerSeen | None, position: int, last: int | None, now: float, *, standby: bool = False
    ) -> Lag:
        """Say how things stand; ``last`` is None where the bus doesn't say, then the projector's word is taken.

        ``standby``: it is the position of a server that follows another, and may be behind what was seen before.
        """
        known = last if last is not None else max(position, working.stream_last if working is not None else 0)
        behind = self.seconds = self._seconds(working, position, known, now)
        if self._went_back(position, known, standby=standby):
            behind = math.inf
        if working is not None and working.state.state == "paused":
            return Lag(known, "paused", working.state.detail or _PAUSED)
        if known <= position or behind < self._after:
            return Lag(known, "leading", "")
        silent = working is None or working.age(working.state.seen_at).total_seconds() >= max(self._after, BEAT)
        if silent and not self._speaks():
            return Lag(known, "stopped", _STOPPED)
        return Lag(known, "catching_up", _CATCHING_UP)

    def _went_back(self, position: int, known: int, *, standby: bool) -> bool:
        """Tell whether figures that were there are gone, and the log has them: a stale standby has taken over."""
        if standby:
            return False
        if known < self._highest:  # the log went back, too: it is another one
            self._highest = position
        self._highest = max(self._highest, position)
        return position < self._highest

    def _seconds(self, working: WorkerSeen | None, position: int, known: int, now: float) -> float:
        """Keep since when the log goes as far as it does, and return for how long it has gone beyond the position."""
        since = now
        if self._seen is None:
            self._seen = deque()
            if working is not None and working.state.advanced_at is not None:
                since -= working.age(working.state.advanced_at).total_seconds()
        while self._seen and self._seen[0][1] <= position:
            self._seen.popleft()
        if known > (self._seen[-1][1] if self._seen else position):
            self._seen.append((since, known))
            if len(self._seen) > KEPT:  # coarser by a second is no harm
                del self._seen[1]
        return now - self._seen[0][0] if self._seen else 0.0
