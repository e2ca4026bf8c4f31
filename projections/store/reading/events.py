"""The events under a number, paged by day, then position; as many as the number says (contract §5)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from events.catalogue import MEASURES, dimensions_of
from events.facets import unpack
from events.vocabulary import UNKNOWN
from projections.core.periods import ONE_DAY, Days, cover
from projections.core.reading_answers import CountedEvent
from projections.store.reading.descent import BELOW
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.standing import Standing, find
from projections.store.reading.sums import numbers

if TYPE_CHECKING:
    from asyncpg import Record

# The first day by which the counters hold a page's worth: it bounds what has to be looked at, whatever the range.
_BOUND = """
SELECT period FROM (
    SELECT period, sum(sum(n)) OVER (ORDER BY period) AS so_far
    FROM counter
    WHERE unit = $1 AND period BETWEEN $2 AND $3 AND measure = ANY($4::smallint[])
    GROUP BY period
) AS days
WHERE so_far > $5
ORDER BY period
LIMIT 1
"""

_PAGE = """
SELECT
    page.position, ledger.publisher, ledger.id, ledger.type, unit.id AS unit, page.day, page.measure, page.facets,
    ledger.body
FROM (
    SELECT fact.*
    FROM {facts}
    WHERE fact.measure = ANY($5::smallint[])
        AND (fact.day, fact.position, fact.measure) > ($6::date, $7::bigint, $8::smallint)
    ORDER BY fact.day, fact.position, fact.measure
    LIMIT $9
) AS page
JOIN ledger USING (position)
JOIN unit ON unit.no = page.unit
ORDER BY page.day, page.position, page.measure
"""

# $1-$4 seed the walk: the unit, and its days while it stands; $10 and $11 are the days of its own facts.
_WALKED = f"WITH RECURSIVE {BELOW}" + _PAGE.format(
    facts="""(
        SELECT unit, first, last FROM below WHERE unit <> $12
        UNION ALL
        SELECT $12, $10::date, $11::date
    ) AS member JOIN fact ON fact.unit = member.unit AND fact.day BETWEEN member.first AND member.last"""
)
_ROOT = _PAGE.format(
    facts="""unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS days(unit, first, last, sign)
    JOIN fact ON fact.day BETWEEN $10::date AND $11::date AND (fact.unit = $12 OR fact.day <= days.last)"""
)


class EventKey(NamedTuple):
    """Where a page begins: after this day, position and measure (by its number)."""

    day: dt.date
    position: int
    measure: int


class _Envelope(msgspec.Struct):
    time: str


_envelope = msgspec.json.Decoder(_Envelope)


async def events_under(
    snapshot: Snapshot, unit: str, days: Days, measures: tuple[str, ...], *, after: EventKey | None, limit: int
) -> tuple[list[CountedEvent], EventKey | None]:
    """Return a page of the events that the measures count in a unit, and where the next begins.

    Raises UnknownUnitError.
    """
    standing = await find(snapshot, unit, days.last)
    wanted = numbers(measures)
    start = after or EventKey(days.first, -1, -1)
    looked = Days(max(days.first, start.day), days.last)
    looked = Days(looked.first, await _bound(snapshot, standing, looked, wanted, limit))
    below = standing.place.standing(looked)
    no = standing.place.no
    rows = await snapshot.connection.fetch(
        _ROOT if standing.root else _WALKED,
        *([no], [below.first], [below.last], [1], wanted, *start, limit + 1, looked.first, looked.last, no),
    )
    page = [_counted(row) for row in rows[:limit]]
    if len(rows) > limit:
        last = rows[limit - 1]
        return page, EventKey(last["day"], last["position"], last["measure"])
    return page, None


async def _bound(snapshot: Snapshot, unit: Standing, days: Days, measures: list[int], limit: int) -> dt.date:
    """Return the day up to which a page needs to look; the first may be used up by the page before."""
    below = unit.place.standing(Days(days.first + ONE_DAY, days.last)) if days.first < days.last else None
    if below is None or not unit.place.large:
        return days.last
    for low, high in cover(*below, large=False):
        period = await snapshot.connection.fetchval(_BOUND, unit.place.no, low, high, measures, limit)
        if period is not None:
            return dt.date(period // 10_000, period // 100 % 100, period % 100)
    return days.last


def _counted(row: Record) -> CountedEvent:
    position, publisher, id_, type_, unit, day, number, packed, body = row
    measure = MEASURES[number - 1]
    codes = {dimension: unpack(packed, dimension) for dimension in dimensions_of(measure)}
    return CountedEvent(
        position=position,
        publisher=publisher,
        id=id_,
        type=type_,
        unit=unit,
        day=day,
        measure=measure,
        time=_envelope.decode(body).time,
        facets={dimension: code for dimension, code in codes.items() if code != UNKNOWN},
    )
