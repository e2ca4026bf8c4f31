"""Parked facts of the days asked for whose subject was at or below a unit then, and isn't any more (contract §9)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from events.catalogue import FACTS
from events.codec import Event, decode
from events.derived import decision_day
from projections.answers.report.report_question import Place
from projections.rules.counting.periods import Days
from projections.rules.log.kept_message import bus_subject_of
from projections.store.calendar_sql import holds_within
from projections.store.hierarchy_sql import LAST_KNOWN, above, on
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

_TYPES = [row.type for row in FACTS]

# Only from what a unit has lost can there be any: a term that takes a part off its as-now figures, on some days.
_LOST = f"""
SELECT EXISTS (
    SELECT FROM as_now_term WHERE unit = $1 AND sign < 0 AND {holds_within("as_now_term", "$2", "$3")}
)
"""
_PARKED = """
SELECT publisher, type, subject, bus_subject, body FROM verdict JOIN ledger USING (position)
WHERE outcome = 'parked' AND type = ANY($1::text[]) AND subject IN (SELECT id FROM unit)
"""
_COUNT = f"""
WITH RECURSIVE parked AS (
    SELECT p.i, unit.no, p.day
    FROM unnest($1::text[], $2::date[]) WITH ORDINALITY AS p (subject, day, i) JOIN unit ON unit.id = p.subject
), {
    above(
        "up",
        "SELECT no, i, day FROM parked",
        on("up.day"),
        {"i": "up.i", "day": "up.day"},
        where="edge.parent IS NOT NULL AND up.unit <> $3",
    )
}, {
    above(
        "now",
        "SELECT no, i FROM parked",
        LAST_KNOWN,
        {"i": "now.i"},
        where="edge.parent IS NOT NULL AND now.unit <> $3 AND NOT $4",
    )
}
SELECT count(*) FROM (SELECT i FROM up WHERE unit = $3 EXCEPT SELECT i FROM now WHERE unit = $3) AS before
"""


def day_of_fact(row: Record) -> dt.date | None:
    """Return the day of a parked event of the ledger, None where it is no fact."""
    if row["type"] not in _TYPES:
        return None
    event = decode(bus_subject_of(row["publisher"], row["type"], row["bus_subject"]), row["body"])
    return decision_day(event) if isinstance(event, Event) else None


async def parked_before(snapshot: Snapshot, place: Place, days: Days) -> int:
    """Count the parked facts dated in the days whose subject was below the unit on their day, and is not as last known.

    Nothing is read where the unit has lost nothing.
    """
    connection = snapshot.connection
    dissolved = place.dissolved
    if dissolved is None and not await connection.fetchval(_LOST, place.no, days.first, days.last):
        return 0
    last = days.last if dissolved is None else min(days.last, dissolved - dt.timedelta(1))
    dated = []
    for row in await connection.fetch(_PARKED, _TYPES):
        day = day_of_fact(row)
        if day is not None and days.first <= day <= last:
            dated.append((row["subject"], day))
    if not dated:
        return 0
    subjects, on = map(list, zip(*dated, strict=True))
    return int(await connection.fetchval(_COUNT, subjects, on, place.no, dissolved is not None))
