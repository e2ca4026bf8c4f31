"""Who said nothing, who declared zero, whose declared totals differ from what is counted (domain: Zero is not silence).

All units that are asked about are judged at once (`projections.answers.plans.silence_rules`); then a page of each list
is named. Of a vast unit what is packed of everybody is read, of others the tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

import numpy as np

from events.catalogue import MEASURE_NUMBERS, MEASURES
from events.vocabulary import LEVELS
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
from projections.answers.plans.silence_rules import AskedOfAll, DeclaredColumns, Large, Marks, Numbers, judge
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import UnitName
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import holds_from
from projections.store.reading import silence_doubts
from projections.store.reading.confined import hidden_below
from projections.store.reading.find_unit import find, names_on
from projections.store.reading.silence_columns import KnownColumns, of_everybody, of_few
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sources import sources_at

LISTS: Final = ("silent", "only_zero", "declared_zero", "differing", "admitted_nobody")

_FEW: Final = 1_000
"""Units that are looked up and sorted sooner than all units are gone through in their order."""
_AMONG_FEW: Final = "SELECT no FROM unit WHERE no = ANY($1::integer[]) AND id >= $2 ORDER BY id LIMIT $3"
_HIGHEST: Final = "SELECT max(no) FROM unit"
_AMONG_MANY: Final = "SELECT no FROM unit WHERE get_bit($1::bytea, no) = 1 AND id >= $2 ORDER BY id LIMIT $3"

_NEXT: Final = "\x01"
"""No id has it, and what is longer by it is before whatever else comes after."""

_ZEROS: Final = """
SELECT said.unit, said.figure, said.first, said.last, ledger.position, ledger.publisher, ledger.id, ledger.type
FROM standing_declaration AS said JOIN ledger USING (position)
WHERE said.unit = ANY($1::integer[]) AND said.first <= $3::date AND said.last >= $2::date
    AND said.value = 0 AND said.figure = ANY($4::text[])
ORDER BY said.unit, array_position($4, said.figure), said.first, said.last
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


SilenceKey = UnitKey | FigureKey


class SilenceQuestion(NamedTuple):
    """Who is asked about: the units of a level (all without it) below a unit. ``list``: the only one to be shown."""

    unit: str
    days: Days
    level: str | None
    list: str | None
    limit: int
    after: SilenceKey | None


class DifferingTotal(NamedTuple):
    """A declared total that differs, by the number of its unit."""

    unit: int
    measure: int
    first: dt.date
    last: dt.date
    declared: int
    counted: int
    position: int


class Found(NamedTuple):
    """How many units were looked at, the numbers of those of each list, and the totals that differ, in columns."""

    asked: int
    units: dict[str, Numbers]
    totals: DeclaredColumns
    counted: Large

    def count(self, name: str) -> int:
        """Return how long a list is."""
        return len(self.counted if name == "differing" else self.units[name])

    def totals_of(self, units: Collection[int]) -> list[DifferingTotal]:
        """Return the totals of some units that differ."""
        some = np.isin(self.totals.units, list(units))
        columns = [column[some].tolist() for column in (*self.totals, self.counted)]
        return [
            DifferingTotal(
                unit, figure, dt.date.fromordinal(first), dt.date.fromordinal(last), value, counted, position
            )
            for unit, figure, first, last, value, position, counted in zip(*columns, strict=True)
        ]


_NO_UNITS: Final = np.empty(0, np.int32)
_NOTHING: Final = Found(
    0,
    dict.fromkeys(LISTS, _NO_UNITS),
    DeclaredColumns(*[_NO_UNITS] * 4, *[np.empty(0, np.int64)] * 2),
    np.empty(0, np.int64),
)


async def silence(
    snapshot: Snapshot,
    question: SilenceQuestion,
    cursor: Callable[[SilenceKey], str | None],
    *,
    confined: Holder | None = None,
    packed: bool | None = None,
) -> Silence:
    """Answer from one snapshot; ``cursor`` writes where a next page begins. Raises UnknownUnitError.

    What is told of a unit below is of all the days: it is ``confined`` to those of which the asker may see that. Where
    it is to be read can be said by ``packed``.
    """
    unit = await find(snapshot, question.unit, question.days.last)
    on = holds_from(question.days.last)  # from the last day of all on nothing is otherwise than the day before
    found = _NOTHING
    if unit.stands(on):
        hidden = await hidden_below(snapshot, confined, question.unit, question.days)
        found = await _found(snapshot, unit, on, question, hidden, packed=packed)
    return await _Pages(snapshot, question, cursor).answer(unit.name, found)


async def _found(
    snapshot: Snapshot,
    unit: KnownUnit,
    on: dt.date,
    question: SilenceQuestion,
    hidden: Sequence[int],
    *,
    packed: bool | None,
) -> Found:
    asked = AskedOfAll(
        unit=unit.place.no,
        first=question.days.first.toordinal(),
        last=question.days.last.toordinal(),
        on=on.toordinal(),
        level=None if question.level is None else 1 + LEVELS.index(question.level),
        everybody=unit.root,
        hidden=np.array(hidden, np.int32),
        measures=len(MEASURES),
        admissions=MEASURE_NUMBERS["admissions"],
    )
    vast = unit.place.vast if packed is None else packed
    return await _settled(snapshot, await (of_everybody if vast else of_few)(snapshot, asked), question.days, on)


async def _settled(snapshot: Snapshot, known: KnownColumns, days: Days, on: dt.date) -> Found:
    """Judge what is known, and look up what that leaves in doubt."""
    quiet = judge(known.asked, known.places, known.declared, known.heard)

    def of(marks: Marks) -> Numbers:
        return known.numbers[marks]

    in_doubt = of(quiet.figures_in_doubt)
    heard = await silence_doubts.heard(snapshot, in_doubt.tolist(), days, on)
    silent = _without(of(quiet.silent), heard.of)
    admitting = await silence_doubts.admitting(snapshot, of(quiet.admission_in_doubt).tolist(), days)
    declared, totals = known.declared, quiet.totals
    doubted = np.flatnonzero(totals.in_doubt)
    totals.counted[doubted] = await silence_doubts.counted(
        snapshot,
        [
            silence_doubts.DoubtedTotal(
                int(known.numbers[unit]), measure, Days(*map(dt.date.fromordinal, (first, last)))
            )
            for unit, measure, first, last in zip(
                *(column[totals.declared[doubted]].tolist() for column in declared[:4]), strict=True
            )
        ],
    )
    differ = totals.counted != declared.values[totals.declared]
    differing = DeclaredColumns(*(column[totals.declared[differ]] for column in declared))
    return Found(
        int(np.count_nonzero(quiet.looked)),
        {
            "silent": silent,
            "only_zero": _without(_with(of(quiet.only_zero), in_doubt), heard.figures, silent),
            "declared_zero": of(quiet.zero),
            "admitted_nobody": _without(of(quiet.nobody), admitting),
        },
        differing._replace(units=known.numbers[differing.units]),
        totals.counted[differ],
    )


def _with(units: Numbers, others: Numbers) -> Numbers:
    return np.union1d(units, others) if len(others) else units


def _without(units: Numbers, *others: Collection[int] | Numbers) -> Numbers:
    for some in others:
        if len(some):
            units = units[~np.isin(units, list(some))]
    return units


async def _first_of(snapshot: Snapshot, units: Numbers, begin: str, limit: int) -> list[int]:
    """Return the first of the units by their ids, from an id on."""
    if not len(units):
        return []
    if len(units) <= _FEW:
        rows = await snapshot.connection.fetch(_AMONG_FEW, units.tolist(), begin, limit)
    else:
        highest = max(await snapshot.connection.fetchval(_HIGHEST), int(units.max()))
        marks = np.zeros(highest + 1, np.bool_)
        marks[units] = True
        bits = np.packbits(marks, bitorder="little").tobytes()
        rows = await snapshot.connection.fetch(_AMONG_MANY, bits, begin, limit)
    return [no for (no,) in rows]


class _Pages:
    """The four lists, laid out from what was found; each page is one row longer where there is a next one."""

    def __init__(
        self, snapshot: Snapshot, question: SilenceQuestion, cursor: Callable[[SilenceKey], str | None]
    ) -> None:
        self._snapshot = snapshot
        self._question = question
        self._cursor = cursor
        self._names: dict[int, UnitName] = {}

    async def answer(self, unit: UnitName, found: Found) -> Silence:
        """Write the answer."""
        question, snapshot = self._question, self._snapshot
        page = {name: await self._page(name, found) for name in LISTS}
        zeros = await self._zeros(page["declared_zero"])
        await self._name({no for units in page.values() for no in units})
        return Silence(
            unit=unit,
            first=question.days.first,
            last=question.days.last,
            level=question.level,
            position=snapshot.position,
            as_of=snapshot.as_of,
            asked=found.asked,
            silent=self._units("silent", found, page),
            only_zero=self._units("only_zero", found, page),
            declared_zero=UnitsOfZeros(
                found.count("declared_zero"),
                [UnitOfZeros(self._names[no], zeros[no]) for no in page["declared_zero"][: question.limit]],
                self._next("declared_zero", page["declared_zero"]),
            ),
            differing=await self._differing(found, page["differing"]),
            admitted_nobody=self._units("admitted_nobody", found, page),
        )

    async def _page(self, name: str, found: Found) -> list[int]:
        """Return the numbers of a page's units in order, and one more; of totals those of which one may be on it."""
        question = self._question
        if question.list not in {None, name}:
            return []
        begin = question.after.id if question.after is not None else ""
        if name == "differing":  # the page begins within the totals of a unit, or after them
            return await _first_of(self._snapshot, found.totals.units, begin, question.limit + 2)
        return await _first_of(self._snapshot, found.units[name], begin and begin + _NEXT, question.limit + 1)

    def _units(self, name: str, found: Found, page: dict[str, list[int]]) -> NamedUnits:
        shown = [self._names[no] for no in page[name][: self._question.limit]]
        return NamedUnits(found.count(name), shown, self._next(name, page[name]))

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

    async def _differing(self, found: Found, units: Sequence[int]) -> DifferingFigures:
        """Lay out the totals of a page, all of whose units are named."""
        limit, after = self._question.limit, self._question.after
        totals = sorted((self._key_of(total), total) for total in found.totals_of(units))
        if isinstance(after, FigureKey):
            totals = [each for each in totals if each[0] > after]
        positions = [total.position for _, total in totals[:limit]]
        said = await sources_at(self._snapshot, positions) if positions else {}
        figures = [
            Differing(
                self._names[total.unit],
                MEASURES[total.measure - 1],
                total.first,
                total.last,
                declared=total.declared,
                counted=total.counted,
                difference=total.declared - total.counted,
                said=said[total.position],
            )
            for _, total in totals[:limit]
        ]
        following = self._cursor(totals[limit - 1][0]) if len(totals) > limit else None
        return DifferingFigures(found.count("differing"), figures, following)

    def _key_of(self, total: DifferingTotal) -> FigureKey:
        return FigureKey("differing", self._names[total.unit].id, total.measure, total.first, total.last)
