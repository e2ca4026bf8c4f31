"""The events under a number, paged by day, then position; as many as the number says (contract §5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from events.catalogue import MEASURES, dimensions_of
from events.facets import unpack
from events.vocabulary import UNKNOWN
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import CountedEvent
from projections.answers.report.report_question import Basis, QuestionPart, spread, within
from projections.rules.counting.batch_changes import MEASURE_MASK, PERIOD_SHIFT
from projections.rules.counting.periods import ONE_DAY, Days, day_period, month_period
from projections.rules.counting.running_sums import days_of
from projections.store.calendar_sql import period_of
from projections.store.reading.as_now import parts_of
from projections.store.reading.composed import Query, among, unindexed
from projections.store.reading.facts_under import Under, of_everybody, of_few, of_members, parameters_of
from projections.store.reading.find_unit import find
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.speaking import SpeakingDay, speaking
from projections.store.reading.sums import numbers
from projections.store.schema.tables import FACT, LEDGER, UNIT

if TYPE_CHECKING:
    from asyncpg import Record
    from sqlalchemy.sql.selectable import LateralFromClause

# What belongs to the unit itself comes on top; what belongs to a term itself goes with it. OFFSET 0 keeps the planner
# from joining few ranges to the whole of an index.
_BY_DAY = f"""
SELECT period, sum(n)::bigint AS n FROM (
    SELECT found.period, run.sign * found.n AS n
    FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS run(sign, unit, low, high)
    CROSS JOIN LATERAL (
        SELECT period, n FROM counter
        WHERE counter.unit = run.unit AND period BETWEEN run.low AND run.high AND measure = ANY($9::smallint[])
        OFFSET 0
    ) AS found
    UNION ALL
    SELECT found.period, days.sign
    FROM unnest($5::integer[], $6::integer[], $7::date[], $8::date[]) AS days(sign, unit, first, last)
    CROSS JOIN LATERAL (
        SELECT {period_of("day")} AS period FROM fact
        WHERE fact.unit = days.unit AND day BETWEEN days.first AND days.last AND measure = ANY($9::smallint[])
        OFFSET 0
    ) AS found
) AS counted
GROUP BY period
"""
_MONTHS = """
SELECT run.low, run.high, run.sign, period, sums
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
    AS run(sign, unit, low, high, first, last)
JOIN running_sum ON running_sum.unit = run.unit AND period BETWEEN run.first AND run.last
"""
_LOOKS = (dt.timedelta(31), dt.timedelta(366))
"""How far is looked, one after the other, for the day by which there is a page; then to the end."""

_KEY = ("day", "position", "measure")
_ESCAPES: ColumnElement[bytes] = literal_column("""'\\x5c75'::bytea""")
"""What a character that is escaped in JSON begins with."""


def _facts(*where: ColumnElement[bool], by_day: bool = False, naming: bool = False) -> LateralFromClause:
    """Write a page of facts, to be looked up for each row of what it is joined to.

    The limit in it keeps the planner on an index: ``by_day`` that of the day, else that of the unit. ``naming``: only
    those whose event may name somebody. No index knows that: it is looked for in the bytes of each event, some 8 µs a
    fact, and what is found is read.
    """
    key = FACT.c[_KEY]
    day = FACT.c.day if by_day else unindexed(FACT.c.day)
    after = (bindparam(f"after_{column.name}", type_=column.type) for column in key)
    facts = select(FACT)
    if naming:
        told = LEDGER.alias("told")
        found = (
            func.pg_catalog.position(told.c.body, each) > 0
            for each in (bindparam("named", type_=LargeBinary), _ESCAPES)
        )
        facts = facts.join(told, told.c.position == FACT.c.position).where(or_(*found))
    return (
        facts.where(*where, among(FACT.c.measure, "measures"), tuple_(day, *key[1:]) > tuple_(*after))
        .order_by(*key)
        .limit(bindparam("limit"))
        .lateral("found")
    )


def _page(under: Under, *, by_day: bool = False, naming: bool = False) -> Query:
    """Compose the page of all that is found, each fact with its event and its unit."""
    found = _facts(*under.where, by_day=by_day, naming=naming)
    page = (
        select(found)
        .select_from(under.looked.join(found, true()))
        .order_by(*found.c[_KEY])
        .limit(bindparam("limit"))
        .subquery("page")
    )
    return Query(
        select(
            *(page.c.position, *LEDGER.c["publisher", "id", "type"], UNIT.c.id.label("unit")),
            *(page.c.day, page.c.measure, page.c.facets, LEDGER.c.body),
        )
        .join_from(page, LEDGER, LEDGER.c.position == page.c.position)
        .join(UNIT, UNIT.c.no == page.c.unit)
        .order_by(*page.c[_KEY])
    )


_UNDER = {"as-was": _page(of_members("as-was")), "as-now": _page(of_members("as-now"))}
_UNDER_NAMING = {
    "as-was": _page(of_members("as-was"), naming=True),
    "as-now": _page(of_members("as-now"), naming=True),
}
_FEW = _page(of_few())
_ROOT, _ROOT_NAMING = _page(of_everybody(), by_day=True), _page(of_everybody(), by_day=True, naming=True)


class CountedEventKey(NamedTuple):
    """Where a page begins: after this day, position and measure (by its number)."""

    day: dt.date
    position: int
    measure: int


class _Envelope(msgspec.Struct):
    time: str


_envelope = msgspec.json.Decoder(_Envelope)


class _References(msgspec.Struct):
    member: str | None = None
    candidate: str | None = None
    kept_as: str | None = msgspec.field(name="as", default=None)


class _Naming(msgspec.Struct):
    data: _References


_naming = msgspec.json.Decoder(_Naming)


async def events_under(
    snapshot: Snapshot,
    unit: str,
    days: Days,
    measures: tuple[str, ...],
    *,
    basis: Basis = "as-was",
    member: str | None = None,
    after: CountedEventKey | None,
    limit: int,
) -> tuple[list[CountedEvent], CountedEventKey | None]:
    """Return a page of the events that the measures count in a unit, and where the next begins.

    ``member``: only events that name this reference, as member, as candidate, or as the one that a transferred member
    is kept under. All facts of the unit and the days are looked through for it. Raises UnknownUnitError.
    """
    standing = await find(snapshot, unit, days.last)
    wanted = numbers(measures)
    start = after or CountedEventKey(days.first, -1, -1)
    looked = Days(max(days.first, start.day), days.last)
    if member is None:
        looked = await days_of_some(snapshot, standing, looked, wanted, some=limit, basis=basis)
    few = None
    if member is None and not standing.root:
        few = await speaking(snapshot, standing.place, looked, wanted, basis)
    under = parameters_of(standing.place, looked, basis) if few is None else _seeds(few)
    asked = {**under, "measures": wanted, "limit": limit + 1}
    if member is not None:
        query = _ROOT_NAMING if standing.root else _UNDER_NAMING[basis]
        rows = await _that_name(snapshot, query, asked, start, member)
    else:
        query = _FEW if few is not None else _ROOT if standing.root else _UNDER[basis]
        rows = await query.fetch(snapshot, **asked, **_after(start))
    return [_counted(row) for row in rows[:limit]], _key_of(rows[limit - 1]) if len(rows) > limit else None


async def days_of_some(
    snapshot: Snapshot, standing: KnownUnit, days: Days, measures: list[int], *, some: int, basis: Basis = "as-was"
) -> Days:
    """Return the first of the days that have more than some events of a unit, or all of the days.

    Of the first of all it is not told how many it has: a page may begin within it.
    """
    if days.first >= days.last or not standing.place.large:
        return days
    rest = Days(days.first + ONE_DAY, days.last)
    parts = await parts_of(snapshot, standing, rest, basis)
    return Days(days.first, await _bound(snapshot, parts, measures, some) or days.last)


async def _that_name(
    snapshot: Snapshot, query: Query, asked: dict[str, Any], start: CountedEventKey, member: str
) -> list[Record]:
    """Return as many rows as `asked` says whose events name a member; those found by their bytes are read."""
    rows: list[Record] = []
    while True:
        found = await query.fetch(snapshot, **asked, **_after(start), named=f'"{member}"'.encode())
        rows += [row for row in found if member in msgspec.structs.astuple(_naming.decode(row["body"]).data)]
        if len(found) < asked["limit"] or len(rows) >= asked["limit"]:
            return rows[: asked["limit"]]
        start = _key_of(found[-1])


def _seeds(few: list[SpeakingDay]) -> dict[str, object]:
    return {"few_unit": [each.unit for each in few], "few_day": [each.day for each in few]}


def _after(start: CountedEventKey) -> dict[str, object]:
    return {f"after_{name}": value for name, value in start._asdict().items()}


def _key_of(row: Record) -> CountedEventKey:
    return CountedEventKey(row["day"], row["position"], row["measure"])


async def _bound(snapshot: Snapshot, parts: list[QuestionPart], measures: list[int], limit: int) -> dt.date | None:
    """Return the day by which the parts, the first one's own facts aside, count more than a page; None if never.

    It bounds what has to be looked at, whatever the range.
    """
    whole, *terms = parts
    days = whole.days
    counted = [whole._replace(own=False), *terms]
    so_far, begin = 0, days.first
    for look in _LOOKS:
        if days.last - begin <= look:
            break
        end = begin + look
        so_far, found = await _reached(snapshot, within(counted, 0, Days(begin, end)), measures, so_far, limit)
        if found is not None:
            return found
        begin = end + ONE_DAY
    return (await _reached(snapshot, within(counted, 0, Days(begin, days.last)), measures, so_far, limit))[1]


async def _reached(
    snapshot: Snapshot, parts: list[QuestionPart], measures: list[int], so_far: int, limit: int
) -> tuple[int, dt.date | None]:
    """Return how many there are with the parts, and the day on which they are more than the limit, if they are."""
    by_day: Counter[int] = Counter()
    # As if none were large: what is looked for is a day, and so must be the periods.
    plain = [part._replace(place=part.place._replace(large=False)) for part in parts]
    summed = [part for part in plain if part.place.running and part.below]
    kept = [part._replace(below=False) if part.place.running else part for part in plain]
    (_, *counted), (_, *own), _ = spread(kept)
    if any((*counted, *own)):
        for period, n in await snapshot.connection.fetch(_BY_DAY, *counted, *own, measures):
            by_day[period] += n
    spans = [(part.sign, part.place.no, part.place.standing(part.days)) for part in summed]
    asked = [
        (sign, no, *map(day_period, days), *map(month_period, days))
        for sign, no, days in spans
        if days.first <= days.last
    ]
    columns = [list(column) for column in zip(*asked, strict=True)] if asked else []
    for low, high, sign, month, sums in await snapshot.connection.fetch(_MONTHS, *columns) if asked else ():
        keys, each = days_of(month, sums)
        for key, n in zip(keys.tolist(), each.tolist(), strict=True):
            period, measure = key >> PERIOD_SHIFT, key & MEASURE_MASK
            if low <= period <= high and measure in measures:
                by_day[period] += sign * n
    for period in sorted(by_day):
        so_far += by_day[period]
        if so_far > limit:
            return so_far, dt.date(period // 10_000, period // 100 % 100, period % 100)
    return so_far, None


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
