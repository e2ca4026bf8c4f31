"""The roll-up of a unit: a question resolved into parts, added up, laid out in rows (contract §5, A report)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from projections.core.periods import Days, months, years
from projections.core.reading import Part
from projections.core.reading_answers import Report, Row
from projections.store.reading.descent import Stay, children, of_level
from projections.store.reading.facets import facet_rows
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.standing import Standing, find
from projections.store.reading.sums import add_up

TOTAL, OWN, FIRST = 0, 1, 2
"""The first rows of the figures; those of the answer follow."""


class Question(NamedTuple):
    """What a report asks for. ``by`` is the kind of rows, ``detail`` its level or dimension where it takes one."""

    unit: str
    days: Days
    basis: Literal["as-was"]
    measures: tuple[str, ...]
    by: Literal["child", "month", "year", "level", "facet", "none"]
    detail: str = ""


async def report(snapshot: Snapshot, question: Question) -> Report:
    """Answer a report; rows and total come from one snapshot, each added up by itself. Raises UnknownUnitError."""
    unit = await find(snapshot, question.unit, question.days.last)
    match question.by:
        case "child":
            total, rows = await _by_child(snapshot, unit, question)
        case "level":
            total, rows = await _by_level(snapshot, unit, question)
        case "facet":
            total, rows = await facet_rows(snapshot, unit, question.days, question.measures, question.detail)
        case _:
            total, rows = await _by_period(snapshot, unit, question)
    return Report(
        unit=unit.name,
        first=question.days.first,
        last=question.days.last,
        basis=question.basis,
        position=snapshot.position,
        as_of=snapshot.as_of,
        parked=unit.parked,
        total=total,
        rows=rows,
    )


async def _by_child(snapshot: Snapshot, unit: Standing, question: Question) -> tuple[dict[str, int], list[Row]]:
    stays = _by_unit(await children(snapshot, unit.place.no, unit.place.standing(question.days)))
    total, listed, own = await _of_units(snapshot, unit, question, stays)
    return total, [*listed, Row(unit=unit.name, own=True, values=own)]


async def _by_level(snapshot: Snapshot, unit: Standing, question: Question) -> tuple[dict[str, int], list[Row]]:
    days = unit.place.standing(question.days)
    stays = _by_unit(await of_level(snapshot, unit.place.no, days, question.detail))
    total, listed, _ = await _of_units(snapshot, unit, question, stays)
    rest = {measure: n - sum(row.values[measure] for row in listed) for measure, n in total.items()}
    return total, [*listed, Row(rest=True, values=rest)]


async def _of_units(
    snapshot: Snapshot, unit: Standing, question: Question, stays: list[list[Stay]]
) -> tuple[dict[str, int], list[Row], dict[str, int]]:
    """Return the total, a row a unit (a dissolved one only where it isn't all zero), and the asked unit's own."""
    parts = [Part(TOTAL, unit.place, question.days), Part(OWN, unit.place, question.days, below=False)]
    parts += [Part(FIRST + i, stay.place, stay.days) for i, each in enumerate(stays) for stay in each]
    figures = await add_up(snapshot, parts, question.measures, FIRST + len(stays))
    rows = [
        Row(unit=each[-1].name, values=figures[FIRST + i])
        for i, each in enumerate(stays)
        if any(stay.stood for stay in each) or any(figures[FIRST + i].values())
    ]
    return figures[TOTAL], rows, figures[OWN]


async def _by_period(snapshot: Snapshot, unit: Standing, question: Question) -> tuple[dict[str, int], list[Row]]:
    periods = {"month": months, "year": years}
    pieces = list(periods[question.by](question.days)) if question.by in periods else []
    parts = [Part(TOTAL, unit.place, question.days)]
    parts += [Part(1 + i, unit.place, piece) for i, piece in enumerate(pieces)]
    figures = await add_up(snapshot, parts, question.measures, 1 + len(pieces))
    rows = [
        Row(month=piece.first.isoformat()[:7], values=figures[1 + i])
        if question.by == "month"
        else Row(year=piece.first.isoformat()[:4], values=figures[1 + i])
        for i, piece in enumerate(pieces)
    ]
    return figures[TOTAL], rows


def _by_unit(stays: list[Stay]) -> list[list[Stay]]:
    """Put together the stays of each unit, which follow each other; the last is the latest."""
    found: dict[int, list[Stay]] = {}
    for stay in stays:
        found.setdefault(stay.place.no, []).append(stay)
    return list(found.values())
