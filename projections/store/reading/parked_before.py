"""Parked facts of the days asked for whose subject was at or below a unit then, and isn't any more (contract §9)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from events.catalogue import FACTS
from events.codec import Event, decode
from events.derived import decision_day
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Place
from projections.rules.counting.periods import Days
from projections.rules.log.kept_message import bus_subject_of
from projections.store.calendar_sql import holds_within
from projections.store.hierarchy_sql import LAST_KNOWN, above, on
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

_TYPES = [row.type for row in FACTS]

WAITING: Final = "unit.parked_own + CASE WHEN unit.dissolved IS NULL THEN unit.parked_below ELSE 0 END"
"""How many events wait at a unit and below it as last known."""
_WAITING: Final = f"SELECT {WAITING} FROM unit WHERE no = $1"

# Only from what a unit has lost can there be any: a term that takes a part off its as-now figures, on some days.
_LOST = f"""
SELECT EXISTS (
    SELECT FROM as_now_term WHERE unit = $1 AND sign < 0 AND {holds_within("as_now_term", "$2", "$3")}
)
"""


def _day_in_body() -> str:
    """Write the day of a fact out of its body, as days are kept: what is parked has passed the codec."""
    fields = dict[str, list[str]]()
    for row in FACTS:
        encoded = dict(zip(row.data.__struct_fields__, row.data.__struct_encode_fields__, strict=True))
        said = ", ".join(f"told.body #>> '{{data,{encoded[name]}}}'" for name in row.day)
        fields.setdefault(f"coalesce({said})", []).append(f"'{row.type}'")
    cases = " ".join(f"WHEN type IN ({', '.join(types)}) THEN {said}" for said, types in fields.items())
    ends = {dt.date.min: "-infinity", dt.date.max: "infinity"}
    named = " ".join(f"WHEN '{day.isoformat()}' THEN DATE '{end}'" for day, end in ends.items())
    return f"CASE (CASE {cases} END) {named} ELSE (CASE {cases} END)::date END"


# Of as many as somebody likes to send: they are told apart here, and those that are alike counted together.
_PARKED = f"""
WITH told AS MATERIALIZED (
    SELECT type, subject, convert_from(body, 'UTF8')::json AS body FROM verdict JOIN ledger USING (position)
    WHERE outcome = 'parked' AND type = ANY($1::text[]) AND subject IN (SELECT id FROM unit)
), dated AS MATERIALIZED (
    SELECT subject, {_day_in_body()} AS day FROM told
)
SELECT subject, day, count(*) AS n FROM dated WHERE day BETWEEN $2::date AND $3::date GROUP BY 1, 2
"""
_COUNT = f"""
WITH RECURSIVE parked AS (
    SELECT p.i, unit.no, p.day, p.n
    FROM unnest($1::text[], $2::date[], $5::bigint[]) WITH ORDINALITY AS p (subject, day, n, i)
    JOIN unit ON unit.id = p.subject
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
SELECT coalesce(sum(parked.n), 0)::bigint
FROM (SELECT i FROM up WHERE unit = $3 EXCEPT SELECT i FROM now WHERE unit = $3) AS before JOIN parked USING (i)
"""


def day_of_fact(row: Record) -> dt.date | None:
    """Return the day of a parked event of the ledger, None where it is no fact."""
    if row["type"] not in _TYPES:
        return None
    event = decode(bus_subject_of(row["publisher"], row["type"], row["bus_subject"]), row["body"])
    return decision_day(event) if isinstance(event, Event) else None


async def parked(snapshot: Snapshot, unit: KnownUnit, days: Days) -> int:
    """Count what waits at a unit and below it as last known, and the facts of the days that were below it then."""
    if snapshot.known is not None:
        return await snapshot.known.parked(unit, days)
    waiting: int = await snapshot.connection.fetchval(_WAITING, unit.place.no)
    return waiting + (await parked_before(snapshot, unit.place, days) if unit.lost else 0)


async def parked_before(snapshot: Snapshot, place: Place, days: Days) -> int:
    """Count the parked facts dated in the days whose subject was below the unit on their day, and is not as last known.

    Nothing is read where the unit has lost nothing.
    """
    connection = snapshot.connection
    dissolved = place.dissolved
    if dissolved is None and not await connection.fetchval(_LOST, place.no, days.first, days.last):
        return 0
    last = days.last if dissolved is None else min(days.last, dissolved - dt.timedelta(1))
    parked = [tuple(row) for row in await connection.fetch(_PARKED, _TYPES, days.first, last)]
    if not parked:
        return 0
    subjects, on_days, numbers = map(list, zip(*parked, strict=True))
    return int(await connection.fetchval(_COUNT, subjects, on_days, place.no, dissolved is not None, numbers))
