"""Pauses of the projector: when and why it stopped at the limit on rejects, and who let it go on.

A pause is a row, so that whoever leads next stays paused, and what was decided about the log can be read years later.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import asyncpg

from projections.rules.counting.state import Edition
from projections.store.batch.writing import FencedError
from projections.store.live.reject_limit import Lookback, Reject, RejectLimit, Window

_PAUSE = """
INSERT INTO pause (position, detail)
SELECT $1, $2 FROM (
    SELECT FROM checkpoint WHERE position = $1 - 1 AND generation = $3 AND repairs = $4 FOR UPDATE
) AS fence
ON CONFLICT ((true)) WHERE resumed_at IS NULL DO NOTHING
"""

_PAUSED = "SELECT position, detail, paused_at FROM pause WHERE resumed_at IS NULL"

_RESUME = """
UPDATE pause SET resumed_at = now(), resumed_by = $1,
    passed = CASE WHEN $2 THEN position ELSE greatest(position, (SELECT stream_last FROM worker)) END
WHERE resumed_at IS NULL
RETURNING position, passed
"""

_RECENT = """
SELECT ledger.position, coalesce(ledger.publisher, ''),
    CASE WHEN verdict.outcome = 'rejected' AND verdict.rejected_at IS NULL THEN verdict.reason END
FROM ledger LEFT JOIN verdict ON verdict.position = ledger.position AND verdict.position > $1
WHERE ledger.position > $1 AND verdict.outcome IS DISTINCT FROM 'duplicate'
ORDER BY ledger.position DESC
"""


class Pause(NamedTuple):
    """A pause that lasts: at the event that exceeded the limit, with what is told of it."""

    position: int
    detail: str
    paused_at: dt.datetime


class Resumption(NamedTuple):
    """The end of a pause: where it stood, and up to which position nothing is held against the limit."""

    position: int
    passed: int


async def pause(connection: asyncpg.Connection, position: int, detail: str, edition: Edition) -> None:
    """Begin a pause before a position, in one statement.

    Raises FencedError where the checkpoint is not there, in the edition in which the excess was found: other read
    models may decide otherwise.
    """
    if await connection.execute(_PAUSE, position, detail, *edition) != "INSERT 0 1":
        raise FencedError(f"the checkpoint is not at {position - 1} any more, in {edition}")


async def paused(connection: asyncpg.Connection) -> Pause | None:
    """Return the pause that lasts, None where there is none."""
    row = await connection.fetchrow(_PAUSED)
    return None if row is None else Pause(*row)


async def resume(connection: asyncpg.Connection, by: str, *, once: bool) -> Resumption | None:
    """End the pause in one statement, None where there is none.

    What is in the log by now passes whatever becomes of it, as far as the projector knows the log; ``once``, only the
    event that it stands before. The window begins anew after that.
    """
    row = await connection.fetchrow(_RESUME, by, once)
    return None if row is None else Resumption(*row)


async def recent(connection: asyncpg.Connection, limit: RejectLimit) -> Window:
    """Load the window as it stands at the checkpoint, from the ledger's end back to where it last began anew.

    The session sees the generation in use, as after `load`.
    """
    passed = await connection.fetchval("SELECT coalesce(max(passed), 0) FROM pause")
    back = Lookback(limit)
    async with connection.transaction(readonly=True):
        async for position, publisher, reason in connection.cursor(_RECENT, passed, prefetch=limit.window):
            if not back.take(Reject(position, publisher, reason) if reason else position):
                break
    return back.window(passed)
