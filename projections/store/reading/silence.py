"""Who said nothing, who declared zero, whose declared totals differ from what is counted (domain: Zero is not silence).

A fact belongs to the units that were above its unit on its day, a declaration to those that were so on the last day
that it shares with the days asked for.

One statement finds it all, set by set: what is looked at, what was declared, who was heard, and four lists. At the root
all that stands is below it; elsewhere the units below are walked down to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    SelectBase,
    SmallInteger,
    all_,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)

from events.catalogue import MEASURE_NUMBERS, MEASURES
from projections.answers.access.sight import Holder
from projections.answers.past.structure_answers import Source
from projections.answers.plans.silence_answers import (
    DeclaredZero,
    Differing,
    DifferingFigures,
    NamedUnits,
    Silence,
    UnitOfZeros,
    UnitsOfZeros,
)
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import QuestionPart
from projections.rules.counting.periods import Days, cover, day_period
from projections.rules.hierarchy.unit import EVER, holds_from
from projections.store.calendar_sql import OPEN, holds_on
from projections.store.hierarchy_sql import above, below_on, below_within, on
from projections.store.reading.composed import OPAQUE, Query, Types, unnested, walked
from projections.store.reading.confined import hidden_below
from projections.store.reading.find_unit import find, names_on
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up
from projections.store.schema.tables import (
    CODE,
    COUNTER,
    DECLARATION,
    EDGE,
    FACT,
    STANDING_DECLARATION,
    UNIT,
    UNIT_LEVEL,
)

if TYPE_CHECKING:
    from asyncpg import Record

LISTS: Final = ("silent", "declared_zero", "differing", "admitted_nobody")

FEW: Final = 200_000
"""Facts that are read at once sooner than the units below the root are looked up one by one."""

# What is hashed and sorted is some hundred thousand rows; and the days decide which plan is good.
_ROOM: Final = "SET LOCAL work_mem = '64MB'; SET LOCAL plan_cache_mode = force_custom_plan"

_ZEROS: Final = """
SELECT said.unit, said.figure, said.first, said.last, ledger.position, ledger.publisher, ledger.id, ledger.type
FROM standing_declaration AS said JOIN ledger USING (position)
WHERE said.unit = ANY($1::integer[]) AND said.first <= $3::date AND said.last >= $2::date
    AND said.value = 0 AND said.figure = ANY($4::text[])
ORDER BY said.unit, array_position($4, said.figure), said.first, said.last
"""

_DIFFERING: Final = """
SELECT said.unit, said.figure, said.first, said.last, said.value,
    ledger.position, ledger.publisher, ledger.id, ledger.type
FROM unnest($1::bigint[]) WITH ORDINALITY AS page(position, number)
JOIN declaration AS said USING (position)
JOIN ledger USING (position)
ORDER BY page.number
"""


# What is asked: the unit, the day of the hierarchy, the days, the same as periods of the counters, the number of
# admissions, the measures in the order of their numbers, the level or NULL, the key after which the pages begin.
_UNIT: Final = bindparam("unit", type_=Integer)
_ON: Final = bindparam("on", type_=Date)
_FIRST: Final = bindparam("first", type_=Date)
_LAST: Final = bindparam("last", type_=Date)
_PERIODS_ASKED: Final = bindparam("first_period", type_=Integer), bindparam("last_period", type_=Integer)
_ADMISSIONS: Final = bindparam("admissions", type_=SmallInteger)
_MEASURES: Final = bindparam("measures", type_=ARRAY(CODE))
_LEVEL: Final = bindparam("level", type_=CODE)
_HIDDEN: Final = bindparam("hidden", type_=ARRAY(Integer))
_KEY: Final[dict[str, Types]] = {"id": CODE, "measure": Integer, "first": Date, "last": Date}

_DECLARED: Final = STANDING_DECLARATION.alias("declared")
_SAID: Final = ("position", "unit", "figure", "first", "last", "value")
_OVERLAPS: Final = and_(_DECLARED.c.first <= _LAST, _DECLARED.c.last >= _FIRST)
_HELD: Final = FACT.c.day.between(_FIRST, _LAST)
_COUNTED: Final = and_(COUNTER.c.period.between(*_PERIODS_ASKED), COUNTER.c.n != 0)

# What is known of a unit, as bits: so one pass over all that marks units serves for all of it.
_OVER, _ADMITTED, _SPOKE, _ZERO = 1, 2, 4, 8


def _set(name: str, query: SelectBase, *, kept: bool = True) -> CTE:
    """Write a set of the statement; ``kept``: it is made once, and not planned into what asks for it."""
    return query.cte(name).prefix_with("MATERIALIZED" if kept else "NOT MATERIALIZED")


def _looked_up(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Write that there is such a row, to be looked up for each: the planner neither scans for it nor does it twice."""
    return exists(select(literal_column("1")).where(*where).offset(OPAQUE))


class _Heard(NamedTuple):
    """What is looked at, and what was declared there; ``everybody``: at the root, where all that stands is below."""

    standing: CTE
    said: CTE
    everybody: bool


def _everybody() -> _Heard:
    said = select(*_DECLARED.c[_SAID]).where(_OVERLAPS)
    return _Heard(_set("standing", _standing(UNIT), kept=False), _set("said", said), everybody=True)


def _under() -> _Heard:
    walk = walked(below_on("walk", ":unit", ":on"), _UNIT, _ON, unit=Integer)
    standing = _set("standing", _standing(walk.join(UNIT, UNIT.c.no == walk.c.unit)))
    declared = select(_DECLARED).where(_DECLARED.c.unit == standing.c.no, _OVERLAPS).offset(OPAQUE).lateral("declared")
    said = select(*declared.c[_SAID]).select_from(standing.join(declared, true()))
    return _Heard(standing, _set("said", said), everybody=False)


def _standing(looked: FromClause) -> Select[Any]:
    """Write the units that stand on the day, of the level: the last known is that of the day, unless it began later."""
    dated = text(holds_on("unit_level", ":on")).bindparams(_ON)
    levelled = (
        select(*UNIT_LEVEL.c["unit", "level"])
        .where(_LEVEL.is_not(None), dated, UNIT_LEVEL.c.until < literal_column(OPEN))
        .subquery("levelled")
    )
    return (
        select(*UNIT.c["no", "id", "large"])
        .select_from(looked.outerjoin(levelled, levelled.c.unit == UNIT.c.no))
        .where(
            UNIT.c.no != _UNIT,
            UNIT.c.no != all_(_HIDDEN),
            UNIT.c.since <= _ON,
            or_(UNIT.c.dissolved.is_(None), UNIT.c.dissolved > _ON),
            or_(
                _LEVEL.is_(None),
                levelled.c.level == _LEVEL,
                and_(UNIT.c.level == _LEVEL, levelled.c.unit.is_(None)),
            ),
        )
    )


def _looked(heard: _Heard, *, admissions_at_once: bool) -> CTE:
    """Write what is known of each unit that is looked at: read at once for all, or looked up for each."""
    standing, said = heard.standing, heard.said
    zero = and_(said.c.value == 0, said.c.figure == any_(_MEASURES))
    admits = FACT.c.measure == _ADMISSIONS
    marks: list[Select[Any]] = [
        select(said.c.unit, case((zero, _SPOKE | _ZERO), else_=_SPOKE).label("bits")),
    ]
    found: list[ColumnElement[int]] = []
    if heard.everybody:
        marks.append(select(EDGE.c.parent, literal(_OVER)).distinct())
    else:
        found.append(case((_looked_up(EDGE.c.parent == standing.c.no), _OVER), else_=0))
    if admissions_at_once:
        marks.append(select(FACT.c.unit, literal(_ADMITTED)).where(_HELD, admits))
    else:
        found.append(case((_looked_up(FACT.c.unit == standing.c.no, _HELD, admits), _ADMITTED), else_=0))
    known = union_all(*marks).subquery("known")
    mark = select(known.c.unit, func.bit_or(known.c.bits).label("bits")).group_by(known.c.unit).subquery("mark")
    bits: ColumnElement[int] = func.coalesce(mark.c.bits, 0)
    for each in found:
        bits = bits.bitwise_or(each)
    marked = (
        select(standing, bits.label("bits"))
        .select_from(standing.outerjoin(mark, mark.c.unit == standing.c.no))
        .offset(OPAQUE)
        .subquery("marked")
    )

    def has(bit: int) -> ColumnElement[bool]:
        return marked.c.bits.bitwise_and(bit) != 0

    admitted_below = _looked_up(COUNTER.c.unit == marked.c.no, COUNTER.c.measure == _ADMISSIONS, _COUNTED)
    return _set(
        "looked",
        select(
            *marked.c["no", "id", "large"],
            has(_OVER).label("over"),
            has(_SPOKE).label("spoke"),
            has(_ZERO).label("zero"),
            or_(has(_ADMITTED), case((has(_OVER), admitted_below), else_=False)).label("admitted"),
        ),
    )


def _silent(heard: _Heard, looked: CTE, *, facts_at_once: bool) -> CTE:
    """Write the units that said nothing: those that admitted somebody are not looked up again."""
    quiet = _set(
        "quiet",
        select(*looked.c["no", "id", "over"])
        .where(not_(looked.c.admitted), not_(looked.c.spoke))
        .order_by(looked.c.no),
    )
    facts = and_(FACT.c.unit == quiet.c.no, _HELD)
    counters = _looked_up(COUNTER.c.unit == quiet.c.no, _COUNTED)
    mute = _set(
        "mute",
        select(*quiet.c["no", "id", "over"]).where(
            not_(exists().where(facts) if facts_at_once else _looked_up(facts)), not_(and_(quiet.c.over, counters))
        ),
    )
    voiced = _voiced_at_the_root() if heard.everybody else _voiced_below()
    spoke_below = exists().where(voiced.c.unit == mute.c.no)
    return _set(
        "silent",
        union_all(
            select(*mute.c["no", "id"]).where(not_(mute.c.over)),
            select(*mute.c["no", "id"]).where(mute.c.over, not_(spoke_below)),
        ),
    )


# A unit with others below it, none of which has a fact, may have had one below it that declared something: on the last
# day that the declaration shares with the days asked for. PostgreSQL walks only where there is such a unit.
def _voiced_at_the_root() -> CTE:
    seed = f"""SELECT edge.parent, spoken.day
    FROM (SELECT DISTINCT said.unit, least(said.last, :on) AS day FROM said) AS spoken
    JOIN edge ON edge.unit = spoken.unit AND {on("spoken.day")}"""
    up = walked(above("above", seed, on("above.day"), {"day": "above.day"}, each_once=True), _ON, unit=Integer)
    return select(up.c.unit).distinct().cte("voiced")


def _voiced_below() -> CTE:
    below = walked(
        below_within(
            "below", "mute", unit="mute.no", days=(":first", ":on"), kept={"upper": "mute.no"}, only="mute.over"
        ),
        *(_FIRST, _ON),
        unit=Integer,
        first=Date,
        last=Date,
        upper=Integer,
    )
    declared = DECLARATION.alias("declared")
    spoke = (
        select(literal_column("1"))
        .where(
            declared.c.unit == below.c.unit,
            *(declared.c.first <= _LAST, declared.c.last >= _FIRST),
            func.least(declared.c.last, _ON).between(below.c.first, below.c.last),
        )
        .limit(literal_column("1"))
        .lateral("declared")
    )
    return select(below.c.upper.label("unit")).distinct().select_from(below.join(spoke, true())).cte("voiced")


def _differing(heard: _Heard, looked: CTE) -> CTE:
    """Write the declared totals that are not what is counted; admissions of who admitted nobody need no counting."""
    run = _set("run", select(unnested("run", **_RUN)))
    said = heard.said
    total = (
        select(
            *said.c["position", "unit", "first", "last", "value"],
            *looked.c["id", "large", "over", "admitted"],
            func.array_position(_MEASURES, said.c.figure, type_=Integer).label("measure"),
        )
        .join_from(said, looked, and_(looked.c.no == said.c.unit, looked.c.spoke))
        .where(said.c.first >= _FIRST, said.c.last <= _LAST, said.c.figure == any_(_MEASURES))
        .order_by(said.c.unit)
        .subquery("declared")
    )
    own = (
        select(func.count())
        .select_from(FACT)
        .where(
            FACT.c.unit == total.c.unit,
            FACT.c.day.between(total.c.first, total.c.last),
            FACT.c.measure == total.c.measure,
        )
        .scalar_subquery()
    )
    counted = (
        select(COUNTER.c.n)
        .where(
            COUNTER.c.unit == total.c.unit,
            COUNTER.c.period.between(run.c.low, run.c.high),
            COUNTER.c.measure == total.c.measure,
        )
        .correlate(total, run)
        .offset(OPAQUE)
        .lateral("counted")
    )
    below = (
        select(func.sum(run.c.sign * counted.c.n))
        .select_from(run.join(counted, true()))
        .where(run.c.first == total.c.first, run.c.last == total.c.last, run.c.large == total.c.large)
        .correlate(total)
        .scalar_subquery()
    )
    admitted_nobody = and_(total.c.measure == _ADMISSIONS, not_(total.c.admitted))
    figure = case((admitted_nobody, 0), else_=own) + case((total.c.over, func.coalesce(below, 0)), else_=0)
    totals = _set("total", select(total, figure.label("counted")))
    return _set(
        "differing",
        select(*totals.c["position", *_KEY, "counted"]).where(totals.c.value != totals.c.counted),
        kept=False,
    )


_RUN: Final[dict[str, Types]] = {
    "first": Date,
    "last": Date,
    "large": Boolean,
    "low": Integer,
    "high": Integer,
    "sign": Integer,
}


@cache
def _listed(*, everybody: bool, few_facts: bool = False, few_admissions: bool = False) -> Query:
    """Compose the statement: how many are asked about, and of each list how many there are, and a page.

    ``few``: so many that they are best read at once.
    """
    heard = _everybody() if everybody else _under()
    looked = _looked(heard, admissions_at_once=few_admissions)
    silent = _silent(heard, looked, facts_at_once=few_facts)
    differing = _differing(heard, looked)

    def units(name: str, units: CTE, *where: ColumnElement[bool]) -> ColumnElement[Any]:
        page = select(units.c.no).where(*where, units.c.id > _after("id")).order_by(units.c.id)
        return _page_of(name, page)

    key = [differing.c[name] for name in _KEY]
    differing_page = (
        select(func.row(differing.c.position, differing.c.counted))
        .where(tuple_(*key) > tuple_(*map(_after, _KEY)))
        .order_by(*key)
    )
    asked = (
        select(
            func.count().label("n"),
            func.count().filter(looked.c.zero).label("zero"),
            func.count().filter(not_(looked.c.admitted)).label("nobody"),
        )
        .select_from(looked)
        .subquery("asked")
    )
    return Query(
        select(
            asked.c.n.label("asked"),
            asked.c.zero.label("declared_zero"),
            units("declared_zero", looked, looked.c.zero),
            _count_of(silent).label("silent"),
            units("silent", silent),
            _count_of(differing).label("differing"),
            _page_of("differing", differing_page),
            asked.c.nobody.label("admitted_nobody"),
            units("admitted_nobody", looked, not_(looked.c.admitted)),
        ).select_from(asked)
    )


def _after(name: str) -> BindParameter[Any]:
    return bindparam(f"after_{name}", type_=_KEY[name])


def _page_of(name: str, page: Select[Any]) -> ColumnElement[Any]:
    return func.array(page.limit(bindparam(f"{name}_limit")).scalar_subquery()).label(f"{name}_page")


def _count_of(units: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(units).scalar_subquery()


def _periods(declared: FromClause, *where: ColumnElement[bool]) -> Select[Any]:
    """Write the periods of the declared totals within the days."""
    return select(*declared.c["first", "last"]).where(
        *where,
        declared.c.first >= _FIRST,
        declared.c.last.between(_FIRST, _LAST),
        declared.c.figure == any_(_MEASURES),
    )


def _periods_below() -> Query:
    walk = walked(below_on("walk", ":unit", ":on"), _UNIT, _ON, unit=Integer)
    declared = _periods(DECLARATION, DECLARATION.c.unit == walk.c.unit).offset(OPAQUE).lateral("declared")
    return Query(select(declared).select_from(walk.join(declared, true())).distinct())


_PERIODS: Final = Query(_periods(DECLARATION).distinct())
_PERIODS_BELOW: Final = _periods_below()


class UnitKey(NamedTuple):
    """Where a page of a list of units begins: after this id."""

    list: str
    id: str


class FigureKey(NamedTuple):
    """Where a page of the differing totals begins: after this unit, measure (by its number) and period."""

    list: str
    id: str
    measure: int
    first: dt.date
    last: dt.date


SilenceKey = UnitKey | FigureKey


class SilenceQuestion(NamedTuple):
    """Who is asked about: the units of a level (all without it) below a unit. ``list``: the only one to be shown."""

    unit: str
    days: Days
    level: str | None
    list: str | None
    limit: int
    after: SilenceKey | None


async def silence(
    snapshot: Snapshot,
    question: SilenceQuestion,
    cursor: Callable[[SilenceKey], str | None],
    few: int = FEW,
    *,
    confined: Holder | None = None,
) -> Silence:
    """Answer from one snapshot; ``cursor`` writes where a next page begins. Raises UnknownUnitError.

    What is told of a unit below is of all the days: it is ``confined`` to those of which the asker may see that.
    """
    unit = await find(snapshot, question.unit, question.days.last)
    on = holds_from(question.days.last)  # from the last day of all on nothing is otherwise than the day before
    found = None
    if unit.stands(on):
        hidden = await hidden_below(snapshot, confined, question.unit, question.days)
        found = await _found(snapshot, unit, on, question, hidden=hidden, few=few)
    return await _Pages(snapshot, question, cursor).answer(unit.name, found)


async def _found(
    snapshot: Snapshot, unit: KnownUnit, on: dt.date, question: SilenceQuestion, *, hidden: list[int], few: int
) -> Record | None:
    days, no = question.days, unit.place.no
    periods_asked = {"first": days.first, "last": days.last, "measures": list(MEASURES)}
    await snapshot.connection.execute(_ROOM)
    if unit.root:
        held = (await add_up(snapshot, [QuestionPart(0, unit.place, days)], MEASURES, 1))[0]
        query = _listed(everybody=True, few_facts=sum(held.values()) <= few, few_admissions=held["admissions"] <= few)
        periods = await _PERIODS.fetch(snapshot, **periods_asked)
    else:
        query = _listed(everybody=False)
        periods = await _PERIODS_BELOW.fetch(snapshot, **periods_asked, unit=no, on=on)
    runs = [
        (first, last, large, run.low, run.high, run.sign)
        for first, last in periods
        for large in (True, False)
        for run in cover(first, last, large=large)
    ]
    after = question.after
    key = after if isinstance(after, FigureKey) else FigureKey("", after.id if after else "", 0, EVER, EVER)
    columns = zip(*runs, strict=True) if runs else [()] * len(_RUN)
    return await query.fetchrow(
        snapshot,
        **periods_asked,
        unit=no,
        on=on,
        first_period=day_period(days.first),
        last_period=day_period(days.last),
        admissions=MEASURE_NUMBERS["admissions"],
        level=question.level,
        hidden=hidden,
        **{f"run_{name}": list(column) for name, column in zip(_RUN, columns, strict=True)},
        **{f"{name}_limit": question.limit + 1 if question.list in {None, name} else 0 for name in LISTS},
        **{f"after_{name}": value for name, value in zip(_KEY, key[1:], strict=True)},
    )


class _Pages:
    """The four lists, laid out from what was found; each page is one row longer where there is a next one."""

    def __init__(
        self, snapshot: Snapshot, question: SilenceQuestion, cursor: Callable[[SilenceKey], str | None]
    ) -> None:
        self._snapshot = snapshot
        self._question = question
        self._cursor = cursor
        self._names: dict[int, UnitName] = {}

    async def answer(self, unit: UnitName, found: Record | None) -> Silence:
        """Write the answer; nothing was looked at where nothing is found."""
        count = {name: found[name] if found is not None else 0 for name in ("asked", *LISTS)}
        page = {name: list(found[f"{name}_page"]) if found is not None else [] for name in LISTS}
        question, snapshot = self._question, self._snapshot
        totals = await self._differing(count["differing"], page.pop("differing"))
        zeros = await self._zeros(page["declared_zero"])
        await self._name({no for units in page.values() for no in units})
        return Silence(
            unit=unit,
            first=question.days.first,
            last=question.days.last,
            level=question.level,
            position=snapshot.position,
            as_of=snapshot.as_of,
            asked=count["asked"],
            silent=self._units("silent", count, page),
            declared_zero=UnitsOfZeros(
                count["declared_zero"],
                [UnitOfZeros(self._names[no], zeros[no]) for no in page["declared_zero"][: question.limit]],
                self._next("declared_zero", page["declared_zero"]),
            ),
            differing=totals,
            admitted_nobody=self._units("admitted_nobody", count, page),
        )

    def _units(self, name: str, count: dict[str, int], page: dict[str, list[int]]) -> NamedUnits:
        shown = [self._names[no] for no in page[name][: self._question.limit]]
        return NamedUnits(count[name], shown, self._next(name, page[name]))

    def _next(self, name: str, units: Sequence[int]) -> str | None:
        limit = self._question.limit
        return self._cursor(UnitKey(name, self._names[units[limit - 1]].id)) if len(units) > limit else None

    async def _name(self, units: set[int]) -> None:
        last = self._question.days.last
        for (no, _), name in (await names_on(self._snapshot, {(no, last) for no in units})).items():
            self._names[no] = name

    async def _zeros(self, units: list[int]) -> dict[int, list[DeclaredZero]]:
        found: dict[int, list[DeclaredZero]] = {}
        if units:
            asked = (units, *self._question.days, list(MEASURES))
            for unit, figure, first, last, *said in await self._snapshot.connection.fetch(_ZEROS, *asked):
                found.setdefault(unit, []).append(DeclaredZero(figure, first, last, Source(*said)))
        return found

    async def _differing(self, count: int, page: list[tuple[int, int]]) -> DifferingFigures:
        limit = self._question.limit
        counted = dict(page)
        rows = await self._snapshot.connection.fetch(_DIFFERING, list(counted)) if counted else []
        await self._name({row["unit"] for row in rows})
        figures = [
            Differing(
                self._names[unit],
                figure,
                first,
                last,
                declared=value,
                counted=counted[position],
                difference=value - counted[position],
                said=Source(position, *said),
            )
            for unit, figure, first, last, value, position, *said in rows[:limit]
        ]
        following = None
        if len(rows) > limit:
            end = figures[-1]
            key = FigureKey("differing", end.unit.id, MEASURE_NUMBERS[end.figure], end.first, end.last)
            following = self._cursor(key)
        return DifferingFigures(count, figures, following)
