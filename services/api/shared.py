"""What many ask at once and one asking answers: where the read models stand, for health, status and metrics."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

import msgspec

from projections.answers.report.report_answers import PublisherRejects, WorkerState
from projections.store.reading.rejects import rejects
from projections.store.reading.snapshot import snapshot
from projections.store.reading.status import OutcomeTally, WorkerSeen, tally, worker
from services.api.retrying import retried

if TYPE_CHECKING:
    from asyncpg import Pool, Record

T = TypeVar("T")

EXPORTED: Final = 20
"""Publishers with most rejects that metrics have: labels are of bounded number."""
TROUBLED: Final = "xem nhật ký của bộ tổng hợp / see the projector's log"


class Shared(Generic[T]):
    """An answer for all who ask while it is asked for; each gets one that was asked for after it came."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking = asyncio.Lock()
        self._asked_at = -1.0
        self._answer: T | Exception | None = None

    async def get(self) -> T:
        """Return the answer, or raise what asking raised."""
        came = time.monotonic()
        async with self._asking:
            if self._asked_at < came or self._answer is None:
                asked_at = time.monotonic()
                try:
                    self._answer = await self._ask()
                except Exception as error:  # noqa: BLE001 - it is for all who wait for it
                    self._answer = error
                self._asked_at = asked_at
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._answer


class ReadModelsStanding(NamedTuple):
    """Where the read models stand, in one snapshot."""

    position: int
    as_of: dt.datetime | None
    generation: int
    worker: WorkerSeen | None
    tally: list[OutcomeTally]
    rejecting: list[PublisherRejects]
    """The EXPORTED publishers with most rejects."""


def standing_of(pool: Pool[Record]) -> Shared[ReadModelsStanding]:
    """Make what tells where the read models stand; it raises what asyncpg and the network raise."""

    async def read() -> ReadModelsStanding:
        async with snapshot(pool) as opened:
            working, counts = await worker(opened), await tally(opened)
            rejecting, _ = await rejects(opened, after=None, limit=EXPORTED)
        return ReadModelsStanding(opened.position, opened.as_of, opened.generation, _shown(working), counts, rejecting)

    return Shared(partial(retried, read))


def _shown(working: WorkerSeen | None) -> WorkerSeen | None:
    """Leave out what tells of the machine: its name, the number of a process, the text of an exception.

    A pause says for readers whose events were refused; what else a projector says of its troubles is for its log.
    """
    if working is None:
        return None
    state: WorkerState = working.state
    told = state.detail if state.state == "paused" or state.detail is None else TROUBLED
    alias = blake2b(state.name.encode(), digest_size=4).hexdigest()
    return working._replace(state=msgspec.structs.replace(state, name=alias, detail=told))
