"""The roll-up of a unit: a question resolved into parts, added up, laid out in rows (contract §5, A report)."""

from __future__ import annotations

from projections.answers.report.report_answers import Report, Row
from projections.answers.report.report_question import Figures, Place, Question, QuestionPart, made_of, named_on, within
from projections.answers.report.stays import UnitStay, by_unit, row_of
from projections.rules.counting.periods import Days, months, years
from projections.store.reading.as_now import parts_of, terms_of
from projections.store.reading.facet_pairs import pair_rows
from projections.store.reading.facets import facet_rows
from projections.store.reading.find_unit import KnownUnit, find
from projections.store.reading.parked_before import parked_before
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up
from projections.store.reading.units_below import children, children_now, of_level, of_level_now

TOTAL, OWN, FIRST = 0, 1, 2
"""The first rows of the figures; those of the answer follow."""


async def report(snapshot: Snapshot, question: Question) -> Report:
    """Answer a report; rows and total come from one snapshot, each added up by itself. Raises UnknownUnitError."""
    unit = await find(snapshot, question.unit, named_on(question))
    match question.by:
        case "child":
            total, rows = await _by_child(snapshot, unit, question)
        case "level":
            total, rows = await _by_level(snapshot, unit, question)
        case "facet":
            parts = await parts_of(snapshot, unit, question.days, question.basis)
            find_rows = pair_rows if "," in question.detail else facet_rows
            total, rows = await find_rows(snapshot, parts, question.measures, question.detail, root=unit.root)
        case _:
            total, rows = await _by_period(snapshot, unit, question)
    return Report(
        unit=unit.name,
        first=question.days.first,
        last=question.days.last,
        basis=question.basis,
        position=snapshot.position,
        as_of=snapshot.as_of,
        parked=unit.parked + await parked_before(snapshot, unit.place, question.days),
        total=total,
        rows=rows,
    )


async def _by_child(snapshot: Snapshot, unit: KnownUnit, question: Question) -> tuple[dict[str, int], list[Row]]:
    find_children = children if question.basis == "as-was" else children_now
    stays = by_unit(await find_children(snapshot, unit.place, question.days))
    figures, listed = await _of_units(snapshot, unit, question, stays)
    return figures[TOTAL], [*listed, Row(unit=unit.name, own=True, values=figures[OWN])]


async def _by_level(snapshot: Snapshot, unit: KnownUnit, question: Question) -> tuple[dict[str, int], list[Row]]:
    find_units = of_level if question.basis == "as-was" else of_level_now
    stays = by_unit(await find_units(snapshot, unit.place, question.days, question.detail))
    figures, listed = await _of_units(snapshot, unit, question, stays)
    rest = figures.rest(TOTAL, range(FIRST, FIRST + len(stays)))
    return figures[TOTAL], [*listed, Row(rest=True, values=rest)]


async def _of_units(
    snapshot: Snapshot, unit: KnownUnit, question: Question, stays: list[list[UnitStay]]
) -> tuple[Figures, list[Row]]:
    """Return the figures (the stays of each unit from FIRST on), and a row a unit: all but dissolved ones of zeros."""
    numbers = [unit.place.no, *(each[0].place.no for each in stays)]
    terms = await terms_of(snapshot, numbers, question.days) if question.basis == "as-now" else None

    def made(stay_of: Place, days: Days) -> list[QuestionPart]:
        return made_of(stay_of, days, None if terms is None else terms.get(stay_of.no, ()))

    parts = within(made(unit.place, question.days), TOTAL, question.days)
    parts.append(QuestionPart(OWN, unit.place, question.days, below=False))
    for row, each in enumerate(stays, start=FIRST):
        for stay in each:
            parts += within(made(stay.place, stay.days), row, stay.days)
    figures = await add_up(snapshot, parts, question.measures, FIRST + len(stays))
    rows = [
        row_of(each, figures[row])
        for row, each in enumerate(stays, start=FIRST)
        if any(stay.stood for stay in each) or any(figures[row].values())
    ]
    return figures, rows


async def _by_period(snapshot: Snapshot, unit: KnownUnit, question: Question) -> tuple[dict[str, int], list[Row]]:
    periods = {"month": months, "year": years}
    pieces = list(periods[question.by](question.days)) if question.by in periods else []
    parts = await parts_of(snapshot, unit, question.days, question.basis)
    asked = [*parts, *(part for row, piece in enumerate(pieces, start=1) for part in within(parts, row, piece))]
    figures = await add_up(snapshot, asked, question.measures, 1 + len(pieces))
    rows = [
        Row(month=piece.first.isoformat()[:7], values=figures[1 + i])
        if question.by == "month"
        else Row(year=piece.first.isoformat()[:4], values=figures[1 + i])
        for i, piece in enumerate(pieces)
    ]
    return figures[TOTAL], rows
