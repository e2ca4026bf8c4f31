"""Who said nothing, who declared zero, whose declared totals differ from what is counted (domain: Zero is not silence).

A fact belongs to the units that were above its unit on its day, a declaration to those that were so on the last day
that it shares with the days asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from events.catalogue import MEASURE_NUMBERS, MEASURES
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
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import QuestionPart
from projections.rules.counting.periods import Days, cover, day_period
from projections.rules.hierarchy.unit import EVER, holds_from
from projections.store.reading.find_unit import KnownUnit, find, names_on
from projections.store.reading.silence_query import PERIODS, PERIODS_BELOW, at_the_root, elsewhere
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up

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


Key = UnitKey | FigureKey


class SilenceQuestion(NamedTuple):
    """Who is asked about: the units of a level (all without it) below a unit. ``list``: the only one to be shown."""

    unit: str
    days: Days
    level: str | None
    list: str | None
    limit: int
    after: Key | None


async def silence(
    snapshot: Snapshot, question: SilenceQuestion, cursor: Callable[[Key], str | None], few: int = FEW
) -> Silence:
    """Answer from one snapshot; ``cursor`` writes where a next page begins. Raises UnknownUnitError."""
    unit = await find(snapshot, question.unit, question.days.last)
    on = holds_from(question.days.last)  # from the last day of all on nothing is otherwise than the day before
    stands = unit.since <= on and (unit.place.dissolved is None or on < unit.place.dissolved)
    found = await _found(snapshot, unit, on, question, few) if stands else None
    return await _Pages(snapshot, question, cursor).answer(unit.name, found)


async def _found(
    snapshot: Snapshot, unit: KnownUnit, on: dt.date, question: SilenceQuestion, few: int
) -> Record | None:
    connection, days, no = snapshot.connection, question.days, unit.place.no
    await connection.execute(_ROOM)
    if unit.root:
        held = (await add_up(snapshot, [QuestionPart(0, unit.place, days)], MEASURES, 1))[0]
        statement = at_the_root(few_facts=sum(held.values()) <= few, few_admissions=held["admissions"] <= few)
        periods = await connection.fetch(PERIODS, *days, list(MEASURES))
    else:
        statement = elsewhere()
        periods = await connection.fetch(PERIODS_BELOW, *days, list(MEASURES), no, on)
    runs = [
        (first, last, large, run.low, run.high, run.sign)
        for first, last in periods
        for large in (True, False)
        for run in cover(first, last, large=large)
    ]
    after = question.after
    key = after if isinstance(after, FigureKey) else FigureKey("", after.id if after else "", 0, EVER, EVER)
    return await connection.fetchrow(
        statement,
        *(no, on, *days, *map(day_period, days), MEASURE_NUMBERS["admissions"], list(MEASURES), question.level),
        *([list(column) for column in zip(*runs, strict=True)] or [[]] * 6),
        [question.limit + 1 if question.list in {None, name} else 0 for name in LISTS],
        *key[1:],
    )


class _Pages:
    """The four lists, laid out from what was found; each page is one row longer where there is a next one."""

    def __init__(self, snapshot: Snapshot, question: SilenceQuestion, cursor: Callable[[Key], str | None]) -> None:
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
