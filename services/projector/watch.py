"""The invariants, looked at all the time while this projector leads: a figure that is spoilt shows in the metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from random import Random
from typing import Final

import asyncpg
import structlog

from projections.store.reading.invariants import WINDOW, ledger_is_whole, root_is_all, rows_make_total
from projections.store.reading.snapshot import Snapshot, snapshot
from services.connecting.database_failures import SERVERS_FAIL
from services.error_line import said
from services.projector import metrics
from services.projector.pulse import Pulse

EVERY: Final = 5.0

log = structlog.get_logger("tonghop.projector")


class Watch:
    """Checks each invariant every few seconds, each time another unit and another window of the ledger."""

    def __init__(self, pool: asyncpg.Pool, root: str, pulse: Pulse) -> None:
        self._pool = pool
        self._root = root
        self._pulse = pulse
        self._random = Random()  # noqa: S311 - a sample, no secret
        self._after = 0
        for name in metrics.INVARIANTS:
            metrics.INVARIANT_CHECKS.labels(invariant=name)
            metrics.INVARIANT_FAILURES.labels(invariant=name)

    async def run(self) -> None:
        """Check until cancelled. That the database is away is no finding: the pulse tells that."""
        while True:
            await asyncio.sleep(EVERY)
            if self._pulse.state not in {"leading", "paused"}:
                continue
            try:
                async with snapshot(self._pool) as opened:
                    await self._look(opened)
            except SERVERS_FAIL as error:
                log.warning("not checked", error=said(error))

    async def _look(self, opened: Snapshot) -> None:
        checks: tuple[Awaitable[str | None], ...] = (
            root_is_all(opened, self._root),
            rows_make_total(opened, self._random),
            ledger_is_whole(opened, self._after),
        )
        for name, check in zip(metrics.INVARIANTS, checks, strict=True):
            found = await check
            metrics.INVARIANT_CHECKED_AT.labels(invariant=name).set(time.time())
            metrics.INVARIANT_CHECKS.labels(invariant=name).inc()
            metrics.INVARIANT_BROKEN.labels(invariant=name).set(found is not None)
            if found is not None:
                metrics.INVARIANT_FAILURES.labels(invariant=name).inc()
                log.error("an invariant does not hold", invariant=name, found=found, position=opened.position)
        self._after = self._after + WINDOW if self._after + WINDOW < opened.position else 0
