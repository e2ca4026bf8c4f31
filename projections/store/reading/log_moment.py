"""When the log was where: the moment of a position, and the position at the end of a day."""

from __future__ import annotations

import datetime as dt
from typing import Final

from projections.answers.report.report_answers import LogMoment
from projections.answers.words.vietnamese_format import VIETNAM
from projections.store.reading.snapshot import Snapshot

_MOMENT: Final = "SELECT published_at FROM ledger WHERE position = $1"
_FROM: Final = (
    "SELECT position, published_at FROM ledger WHERE position >= $1 AND position <= $2 ORDER BY position LIMIT 1"
)


async def moment_of(snapshot: Snapshot, position: int) -> dt.datetime | None:
    """Return the bus time of the event at a position, None where there is none."""
    found: dt.datetime | None = await snapshot.connection.fetchval(_MOMENT, position)
    return found


async def log_moment(snapshot: Snapshot, on: dt.date) -> LogMoment:
    """Return the last position whose message had come by the end of a day in Vietnam; 0 where none had.

    It is looked for by halves, for no index knows the moments. Where the bus's clock was set back, it is one of those
    at which the day ended.
    """
    low, high, found = 1, snapshot.position, LogMoment(on, 0, None)
    if on == dt.date.max:
        return LogMoment(on, snapshot.position, snapshot.as_of)
    end = dt.datetime.combine(on + dt.timedelta(1), dt.time(), VIETNAM)
    while low <= high:
        middle = (low + high) // 2
        row = await snapshot.connection.fetchrow(_FROM, middle, high)
        if row is None or row["published_at"] >= end:
            high = middle - 1
        else:
            found = LogMoment(on, row["position"], row["published_at"])
            low = row["position"] + 1
    return found
