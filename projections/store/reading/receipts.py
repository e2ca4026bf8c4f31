"""What became of the messages that one unit may know of, by position or id (contract, section 7, the bus)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from projections.store.hierarchy_sql import LAST_KNOWN, above
from projections.store.log.outcome_sql import DECIDED
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

UNSEEN: Final = 15
"""Seconds without a sign of life after which a projector counts as stopped, by the database's clock."""

TOLD: Final = f"""SELECT position, publisher, id, outcome, reason, field, detail, first_position,
    left(encode(sha256(body), 'hex'), 32) AS digest
FROM {DECIDED} AS said
"""
"""What a sender is told of a message, over the bus and over HTTP; which messages is still to be said."""

# The asker's own, and those of the units below it on the last known hierarchy, that is up their open edges. One that is
# dissolved, or not known (yet), has only its own. What was found is handed on as an array: PostgreSQL guesses by the
# size of the ledger how many positions a range has, and would rather read all of it than look them up.
_RECEIPTS = f"""
WITH RECURSIVE found AS MATERIALIZED (
    SELECT position FROM ledger JOIN unnest($2::bigint[], $3::bigint[]) AS asked (low, high)
        ON position BETWEEN asked.low AND asked.high
    UNION
    SELECT position FROM ledger JOIN unnest($4::text[]) AS asked (id) USING (id)
    WHERE ledger.publisher = $1 AND first
), others AS (
    SELECT DISTINCT publisher FROM ledger
    WHERE position = ANY(ARRAY(SELECT position FROM found)) AND publisher <> $1
        AND EXISTS (SELECT FROM unit WHERE unit.id = $1 AND dissolved IS NULL)
), {
    above(
        "up",
        "SELECT unit.no, others.publisher FROM others JOIN unit ON unit.id = others.publisher",
        LAST_KNOWN,
        {"publisher": "up.publisher"},
        where="edge.parent IS NOT NULL",
        each_once=True,
    )
}
{TOLD}WHERE position = ANY(ARRAY(SELECT position FROM found))
    AND (publisher = $1 OR publisher IN (SELECT publisher FROM up JOIN unit ON unit.no = up.unit WHERE unit.id = $1))
ORDER BY position
"""

_PROJECTOR = """
SELECT EXISTS (SELECT FROM pause WHERE resumed_at IS NULL) AS paused, worker.state,
    worker.seen_at BETWEEN now() - make_interval(secs => $1) AND now() + make_interval(secs => $1) AS seen,
    coalesce(worker.stream_last, 0) AS stream_last
FROM (VALUES (true)) AS always LEFT JOIN worker ON true
"""


class Projector(NamedTuple):
    """How the projector stands; `state` as it last said itself, None where none ever ran."""

    paused: bool
    state: str | None
    seen: bool | None
    stream_last: int


async def receipts(
    snapshot: Snapshot, asker: str, ranges: Sequence[tuple[int, int]], ids: Sequence[str]
) -> list[Record]:
    """Return what became of the messages in the ranges, and of the asker's own events with these ids, by position.

    Only those whose publisher is the asker or a unit below it. Rows hold `position`, `publisher`, `id`, `outcome`,
    `reason`, `field`, `detail`, `first_position` and `digest`. How many are asked for is for the caller to bound.
    """
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    rows: list[Record] = await snapshot.connection.fetch(_RECEIPTS, asker, lows, highs, list(ids))
    return rows


async def projector(snapshot: Snapshot) -> Projector:
    """Return how the projector stands, by the same snapshot."""
    (row,) = await snapshot.connection.fetch(_PROJECTOR, UNSEEN)
    return Projector(*row)
