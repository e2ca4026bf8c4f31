"""The events under a number, paged by day, then position; as many as the number says (contract §5)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from events.catalogue import MEASURES, dimensions_of
from events.facets import unpack
from events.vocabulary import UNKNOWN
from projections.answers.report.report_answers import CountedEvent
from projections.answers.report.report_question import Basis, QuestionPart, spread
from projections.rules.counting.periods import ONE_DAY, Days
from projections.store.hierarchy_sql import BELOW, BELOW_NOW
from projections.store.reading.as_now import parts_of
from projections.store.reading.find_unit import find
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers

if TYPE_CHECKING:
    from asyncpg import Record

# The first day by which the counters hold a page's worth: it bounds what has to be looked at, whatever the range. What
# belongs to the unit itself comes on top; what belongs to a term itself goes with it.
_BOUND = """
SELECT day FROM (
    SELECT day, sum(sum(n)) OVER (ORDER BY day) AS so_far
    FROM (
        SELECT make_date(period / 10000, period / 100 % 100, period % 100) AS day, run.sign * n AS n
        FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS run(sign, unit, low, high)
        JOIN counter ON counter.unit = run.unit AND period BETWEEN run.low AND run.high
            AND measure = ANY($9::smallint[])
        UNION ALL
        SELECT day, days.sign
        FROM unnest($5::integer[], $6::integer[], $7::date[], $8::date[]) AS days(sign, unit, first, last)
        JOIN fact ON fact.unit = days.unit AND day BETWEEN days.first AND days.last
            AND measure = ANY($9::smallint[])
    ) AS counted
    GROUP BY day
) AS days
WHERE so_far > $10
ORDER BY day
LIMIT 1
"""

# The limit inside each LATERAL keeps the planner on the index of the unit (or of the day), whatever it expects.
_FACTS = """
    SELECT fact.*
    FROM fact
    WHERE {where} AND fact.measure = ANY($5::smallint[])
        AND (fact.day, fact.position, fact.measure) > ($6::date, $7::bigint, $8::smallint)
    ORDER BY fact.day, fact.position, fact.measure
    LIMIT $9
"""
_PAGE = """
SELECT
    page.position, ledger.publisher, ledger.id, ledger.type, unit.id AS unit, page.day, page.measure, page.facets,
    ledger.body
FROM (SELECT found.* FROM {facts} ORDER BY found.day, found.position, found.measure LIMIT $9) AS page
JOIN ledger USING (position)
JOIN unit ON unit.no = page.unit
ORDER BY page.day, page.position, page.measure
"""

# $1-$4 seed the walk: the unit, and its days while it stands; $10 and $11 are the days of its own facts.
_MEMBERS = f"""(
    SELECT unit, first, last FROM below
    UNION ALL
    SELECT $12, $10::date, $11::date
) AS member CROSS JOIN LATERAL (
    {_FACTS.format(where="fact.unit = member.unit AND fact.day BETWEEN member.first AND member.last")}
) AS found"""
_EVERYBODY = f"""unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS days(unit, first, last, sign)
CROSS JOIN LATERAL (
    {_FACTS.format(where="fact.day BETWEEN $10::date AND $11::date AND (fact.unit = $12 OR fact.day <= days.last)")}
) AS found"""
_UNDER = {
    "as-was": f"WITH RECURSIVE {BELOW}" + _PAGE.format(facts=_MEMBERS),
    "as-now": f"WITH RECURSIVE {BELOW_NOW}" + _PAGE.format(facts=_MEMBERS),
}
_ROOT = _PAGE.format(facts=_EVERYBODY)


class CountedEventKey(NamedTuple):
    """Where a page begins: after this day, position and measure (by its number)."""

    day: dt.date
    position: int
    measure: int


class _Envelope(msgspec.Struct):
    time: str


_envelope = msgspec.json.Decoder(_Envelope)


async def events_under(
    snapshot: Snapshot,
    unit: str,
    days: Days,
    measures: tuple[str, ...],
    *,
    basis: Basis = "as-was",
    after: CountedEventKey | None,
    limit: int,
) -> tuple[list[CountedEvent], CountedEventKey | None]:
    """Return a page of the events that the measures count in a unit, and where the next begins.

    Raises UnknownUnitError.
    """
    standing = await find(snapshot, unit, days.last)
    wanted = numbers(measures)
    start = after or CountedEventKey(days.first, -1, -1)
    looked = Days(max(days.first, start.day), days.last)
    place = standing.place
    if looked.first < looked.last and place.large:  # the first day may be used up by the page before
        rest = Days(looked.first + ONE_DAY, looked.last)
        parts = await parts_of(snapshot, standing, rest, basis)
        looked = Days(looked.first, await _bound(snapshot, parts, wanted, limit) or days.last)
    below = place.standing(looked)
    seeds = [] if basis == "as-now" and place.dissolved is not None else [place.no]
    rows = await snapshot.connection.fetch(
        _ROOT if standing.root else _UNDER[basis],
        *(seeds, [below.first] * len(seeds), [below.last] * len(seeds), [1] * len(seeds), wanted),
        *(*start, limit + 1, looked.first, looked.last, place.no),
    )
    page = [_counted(row) for row in rows[:limit]]
    if len(rows) > limit:
        last = rows[limit - 1]
        return page, CountedEventKey(last["day"], last["position"], last["measure"])
    return page, None


async def _bound(snapshot: Snapshot, parts: list[QuestionPart], measures: list[int], limit: int) -> dt.date | None:
    """Return the day by which the parts, the first one's own facts aside, count more than a page; None if never."""
    whole, *terms = parts
    # As if none were large: the bound is a day, and so must be the periods.
    by_day = [part._replace(place=part.place._replace(large=False)) for part in (whole._replace(own=False), *terms)]
    (_, *counted), (_, *own) = spread(by_day)
    return cast("dt.date | None", await snapshot.connection.fetchval(_BOUND, *counted, *own, measures, limit))


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
