"""The events under a number, paged by day, then position; as many as the number says (contract §5)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    bindparam,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from events.catalogue import MEASURES, dimensions_of
from events.facets import unpack
from events.vocabulary import UNKNOWN
from projections.answers.report.report_answers import CountedEvent
from projections.answers.report.report_question import Basis, QuestionPart, spread
from projections.rules.counting.periods import ONE_DAY, Days
from projections.store.hierarchy_sql import Walk, below_seeds, below_seeds_now
from projections.store.reading.as_now import parts_of
from projections.store.reading.composed import SEEDED, SEEDS, Query, among, unnested, walked
from projections.store.reading.find_unit import find
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers
from projections.store.schema.tables import FACT, LEDGER, UNIT

if TYPE_CHECKING:
    from asyncpg import Record
    from sqlalchemy.sql.selectable import LateralFromClause

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

_NUMBER = bindparam("unit", type_=Integer)
_LOOKED = bindparam("first", type_=Date), bindparam("last", type_=Date)
_SEED = unnested("seed", unit=Integer, first=Date, last=Date, sign=Integer)
_KEY = ("day", "position", "measure")


def _facts(*where: ColumnElement[bool]) -> LateralFromClause:
    """Write a page of facts, to be looked up for each row of what it is joined to.

    The limit in it keeps the planner on the index of the unit (or of the day), whatever it expects.
    """
    key = FACT.c[_KEY]
    after = (bindparam(f"after_{column.name}", type_=column.type) for column in key)
    return (
        select(FACT)
        .where(*where, among(FACT.c.measure, "measures"), tuple_(*key) > tuple_(*after))
        .order_by(*key)
        .limit(bindparam("limit"))
        .lateral("found")
    )


def _page(looked: FromClause, found: LateralFromClause) -> Query:
    """Compose the page of all that is found, each fact with its event and its unit."""
    page = (
        select(found)
        .select_from(looked.join(found, true()))
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


def _of_members(walk: Walk) -> Query:
    """Compose the page of a unit and what is below it: the seed is the unit, and its days while it stands."""
    below = walked(walk, *SEEDED, unit=Integer, first=Date, last=Date)
    member = union_all(select(*below.c["unit", "first", "last"]), select(_NUMBER, *_LOOKED)).subquery("member")
    found = _facts(FACT.c.unit == member.c.unit, FACT.c.day.between(member.c.first, member.c.last))
    return _page(member, found)


_UNDER = {"as-was": _of_members(below_seeds(SEEDS)), "as-now": _of_members(below_seeds_now(SEEDS))}
_ROOT = _page(_SEED, _facts(FACT.c.day.between(*_LOOKED), or_(FACT.c.unit == _NUMBER, FACT.c.day <= _SEED.c.last)))


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
    query = _ROOT if standing.root else _UNDER[basis]
    rows = await query.fetch(
        snapshot,
        seed_unit=seeds,
        seed_first=[below.first] * len(seeds),
        seed_last=[below.last] * len(seeds),
        seed_sign=[1] * len(seeds),
        measures=wanted,
        **{f"after_{name}": value for name, value in start._asdict().items()},
        limit=limit + 1,
        first=looked.first,
        last=looked.last,
        unit=place.no,
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
