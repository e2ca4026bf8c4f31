"""Where the read models stand: the worker as it last said of itself, and the tally of outcomes."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.answers.report.report_answers import WorkerState
from projections.store.reading.snapshot import Snapshot

_WORKER = "SELECT name, state, detail, seen_at, fetched_at, advanced_at, stream_last, now() AS now FROM worker"
_TALLY = "SELECT type, outcome, reason, n FROM tally WHERE n <> 0 ORDER BY 2, 1, 3"


class OutcomeTally(NamedTuple):
    """How many messages of a type have an outcome for a reason (empty where there is none)."""

    type: str
    outcome: str
    reason: str
    n: int


class WorkerSeen(NamedTuple):
    """The worker's row, the last position of the stream that it saw, and the database's clock to judge it by."""

    state: WorkerState
    stream_last: int
    now: dt.datetime

    def age(self, moment: dt.datetime) -> dt.timedelta:
        """Say how long ago something was; what is yet to come, the clock having been set back, is as far from now."""
        return abs(self.now - moment)


async def worker(snapshot: Snapshot) -> WorkerSeen | None:
    """Return what the projector last said of itself, None where none ever ran."""
    row = await snapshot.connection.fetchrow(_WORKER)
    if row is None:
        return None
    *state, stream_last, now = row
    return WorkerSeen(WorkerState(*state), stream_last, now)


async def tally(snapshot: Snapshot) -> list[OutcomeTally]:
    """Return how many messages have which type, outcome and reason."""
    return [OutcomeTally(*row) for row in await snapshot.connection.fetch(_TALLY)]
