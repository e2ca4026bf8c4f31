"""The roll-up of a unit: a question resolved into parts, added up, laid out in rows (contract §5, A report)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import Report, Row
from projections.answers.report.report_question import Figures, Place, Question, QuestionPart, made_of, named_on, within
from projections.answers.report.row_periods import PERIODS, name_of, row_of_period
from projections.answers.report.splits import Splits
from projections.answers.report.stays import UnitStay, by_unit, row_of
from projections.rules.counting.periods import Days, months
from projections.store.reading.as_now import parts_of, pasts_of, terms_of
from projections.store.reading.facet_pairs import pair_rows
from projections.store.reading.facets import CodesAsked, count_codes, facet_rows
from projections.store.reading.find_unit import find
from projections.store.reading.memory import NotRememberedError, memory_of
from projections.store.reading.parked_before import parked
from projections.store.reading.snapshot import Snapshot, alone
from projections.store.reading.sums import NO_PASTS, PastsAsked, add_up, add_up_at_once
from projections.store.reading.units_below import children, children_now, of_level, of_level_now

if TYPE_CHECKING:
    from asyncpg import Record
    from asyncpg.pool import PoolConnectionProxy

TOTAL, OWN, FIRST = 0, 1, 2
"""The first rows of the figures; those of the answer follow."""


class _Summed(NamedTuple):
    """Rows that were added up, and by codes too where the question asks for a split."""

    figures: Figures
    splits: Splits | None

    def with_split(self, row: Row, of: Iterable[int]) -> Row:
        """Give a row its split, that of some rows of the figures."""
        if self.splits is None:
            return row
        return structs.replace(row, split=self.splits.of(of, _numbers(row)))


class _Laid(NamedTuple):
    """What a report says: the total as a row of its own, and the rows."""

    total: Row
    rows: list[Row]


class _Plan(NamedTuple):
    """What has to be added up for a report, in how many rows, and how it is laid out then.

    It depends on the hierarchy alone, and on no figure.
    """

    unit: KnownUnit
    parts: list[QuestionPart]
    pasts: PastsAsked
    asked: CodesAsked
    rows: int
    lay: Callable[[_Summed], _Laid]


async def report(snapshot: Snapshot, question: Question) -> Report:
    """Answer a report; rows and total come from one snapshot, each added up by itself. Raises UnknownUnitError."""
    if question.by == "facet":
        unit = await find(snapshot, question.unit, named_on(question))
        parts = await parts_of(snapshot, unit, question.days, question.basis)
        find_rows = pair_rows if "," in question.detail else facet_rows
        total, rows = await find_rows(snapshot, parts, question.measures, question.detail, root=unit.root)
        laid = _Laid(Row(values=total), rows)
    else:
        plan = await _planned(snapshot, question)
        unit, laid = plan.unit, plan.lay(await _summed(snapshot, plan))
    return _told(snapshot, question, unit, laid, await parked(snapshot, unit, question.days))


async def report_at_once(connection: PoolConnectionProxy[Record], question: Question) -> tuple[Snapshot, Report] | None:
    """Answer a report in one statement, outside of any transaction, with what it reflects; the connection is idle.

    None where that can't be done: the connection does not remember all of the hierarchy that it takes, or no more.
    """
    memory = memory_of(connection)
    if memory is None or question.coded:
        return None
    try:
        plan = await _planned(alone(memory), question)
    except NotRememberedError:
        return None
    if plan.unit.lost:  # what is parked elsewhere is looked for
        return None
    opened = alone(memory)._replace(connection=connection)
    _, parts, pasts, _, rows, _ = plan
    figures, found = await add_up_at_once(opened, plan.unit.place.no, parts, question.measures, rows, pasts=pasts)
    if found is None or found.lineage != memory.lineage or not await memory.reach(connection, found.position):
        return None
    if found.pasts != {unit: past.until for unit, past in pasts.known.items()}:  # some were made, or taken
        return None
    snapshot = opened._replace(position=found.position, as_of=found.as_of)
    return snapshot, _told(snapshot, question, plan.unit, plan.lay(_Summed(figures, None)), found.waiting)


def _told(snapshot: Snapshot, question: Question, unit: KnownUnit, laid: _Laid, waiting: int) -> Report:
    return Report(
        unit=unit.name,
        first=question.days.first,
        last=question.days.last,
        basis=question.basis,
        position=snapshot.position,
        as_of=snapshot.as_of,
        parked=waiting,
        total=_numbers(laid.total),
        rows=laid.rows,
        split=laid.total.split,
    )


async def _planned(snapshot: Snapshot, question: Question) -> _Plan:
    """Plan a report that isn't by facet. Raises UnknownUnitError."""
    unit = await find(snapshot, question.unit, named_on(question))
    match question.by:
        case "child":
            return await _by_child(snapshot, unit, question)
        case "level":
            return await _by_level(snapshot, unit, question)
        case _:
            return await _by_period(snapshot, unit, question)


async def _by_child(snapshot: Snapshot, unit: KnownUnit, question: Question) -> _Plan:
    find_children = children if question.basis == "as-was" else children_now
    stays = by_unit(await find_children(snapshot, unit.place, question.days))

    def lay(summed: _Summed) -> _Laid:
        figures = summed.figures
        own = summed.with_split(Row(unit=unit.name, own=True, values=figures[OWN]), [OWN])
        total = summed.with_split(Row(values=figures[TOTAL]), range(OWN, FIRST + len(stays)))
        return _Laid(total, [*_rows_of(stays, summed), own])

    parts, pasts = await _parts(snapshot, unit, question, stays)
    asked = CodesAsked(question.measures, question.split, left_out=frozenset({TOTAL}))
    return _Plan(unit, parts, pasts, asked, FIRST + len(stays), lay)


async def _by_level(snapshot: Snapshot, unit: KnownUnit, question: Question) -> _Plan:
    find_units = of_level if question.basis == "as-was" else of_level_now
    stays = by_unit(await find_units(snapshot, unit.place, question.days, question.detail))

    def lay(summed: _Summed) -> _Laid:
        figures = summed.figures
        rows = range(FIRST, FIRST + len(stays))
        total = summed.with_split(Row(values=figures[TOTAL]), [TOTAL])
        rest = Row(rest=True, values=figures.rest(TOTAL, rows))
        if summed.splits is not None:
            rest = structs.replace(rest, split=summed.splits.rest([TOTAL], rows, _numbers(rest)))
        return _Laid(total, [*_rows_of(stays, summed), rest])

    parts, pasts = await _parts(snapshot, unit, question, stays)
    asked = CodesAsked(question.measures, question.split, left_out=frozenset({OWN}))
    return _Plan(unit, parts, pasts, asked, FIRST + len(stays), lay)


async def _parts(
    snapshot: Snapshot, unit: KnownUnit, question: Question, stays: list[list[UnitStay]]
) -> tuple[list[QuestionPart], PastsAsked]:
    """Return the parts of the figures of the unit, of its own, and of the stays of each unit from FIRST on.

    As-now, units may have in one row what is before a day: that is in no part.
    """
    asked = [(TOTAL, unit.place, question.days)]
    asked += [(row, stay.place, stay.days) for row, each in enumerate(stays, start=FIRST) for stay in each]
    if question.basis == "as-was":  # there may be thousands of rows
        parts, pasts = [QuestionPart(*each) for each in asked], NO_PASTS
    else:
        parts, pasts = await _parts_now(snapshot, question, [(row, place) for row, place, _ in asked])
    parts.append(QuestionPart(OWN, unit.place, question.days, below=False))
    return parts, pasts


async def _parts_now(
    snapshot: Snapshot, question: Question, asked: list[tuple[int, Place]]
) -> tuple[list[QuestionPart], PastsAsked]:
    days = question.days
    numbers = tuple(place.no for _, place in asked)
    rows = [row for row, _ in asked]
    by_codes = question.coded or snapshot.known is not None  # fact by fact, or as it was known
    pasts = NO_PASTS if by_codes else PastsAsked(days, rows, list(numbers), await pasts_of(snapshot, numbers))
    terms = await terms_of(snapshot, numbers, days, pasts.known)
    parts = []
    for row, place in asked:
        past = pasts.known.get(place.no)
        for part in made_of(place, days, terms.get(place.no, ())):
            on = part.days
            if past is not None and part.place is place and not place.large:
                on = Days(max(on.first, past.until), on.last)
            parts.append(QuestionPart(row, part.place, on, part.sign, part.own, part.below))
    return parts, pasts


def _rows_of(stays: list[list[UnitStay]], summed: _Summed) -> list[Row]:
    """Return a row a unit: all but dissolved ones of zeros."""
    return [
        summed.with_split(row_of(each, summed.figures[row]), [row])
        for row, each in enumerate(stays, start=FIRST)
        if each[0].stood or any(stay.stood for stay in each) or any(summed.figures[row].values())
    ]


async def _by_period(snapshot: Snapshot, unit: KnownUnit, question: Question) -> _Plan:
    by = question.by
    pieces = list(PERIODS[by](question.days)) if by in PERIODS else []
    parts = await parts_of(snapshot, unit, question.days, question.basis)
    rows = {name_of(by, piece.first): row for row, piece in enumerate(pieces, start=1)}
    of_pieces = [part for row, piece in enumerate(pieces, start=1) for part in within(parts, row, piece)]
    row_of_month = None
    if pieces and question.split:
        row_of_month = {_month(month): rows[name_of(by, month.first)] for month in months(question.days)}
    asked = CodesAsked(question.measures, question.split, row_of_month, root=unit.root)

    def lay(summed: _Summed) -> _Laid:
        total = summed.with_split(Row(values=summed.figures[TOTAL]), range(1 + len(pieces)))
        told = [summed.with_split(row_of_period(by, name, summed.figures[row]), [row]) for name, row in rows.items()]
        return _Laid(total, told)

    return _Plan(unit, [*parts, *of_pieces], NO_PASTS, asked, 1 + len(pieces), lay)


async def _summed(snapshot: Snapshot, plan: _Plan) -> _Summed:
    if plan.asked.dimensions:
        return _Summed(*await count_codes(snapshot, plan.parts, plan.asked, plan.rows))
    return _Summed(await add_up(snapshot, plan.parts, plan.asked.measures, plan.rows, plan.pasts), None)


def _month(days: Days) -> int:
    return days.first.year * 100 + days.first.month


def _numbers(row: Row) -> dict[str, int]:
    """Return the values of a row in which nothing is hidden."""
    return {measure: n or 0 for measure, n in (row.values or {}).items()}
