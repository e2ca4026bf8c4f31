"""Units, their reports, and the events under a number: `/v1/units…` (contract §5)."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import partial
from typing import Annotated, Literal, cast, get_args

from fastapi import APIRouter, Path, Request, Response

from events.catalogue import MEASURES
from events.identifiers import is_unit_id
from events.vocabulary import LEVELS
from projections.answers.privacy.report_suppression import suppressed
from projections.answers.report.report_answers import CountedEventPage, Report, UnitDay, UnitPage
from projections.answers.report.report_question import Basis, Question
from projections.rules.counting.periods import Days
from projections.store.reading import report as reports
from projections.store.reading.as_known_then import report_then
from projections.store.reading.cost import EVERYTHING, MANY_PERIODS, Class, Work
from projections.store.reading.events import EventKey, events_under
from projections.store.reading.find_unit import UnknownUnitError
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units import SearchKey, search, suggestions, unit_on
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import described
from services.api.parameters import (
    DEFAULT_MEASURES,
    MOST_ROWS,
    MOST_TEXT,
    Query,
    cursor_of,
    require_passed,
    require_unit,
    today,
)
from services.api.problems import bad_parameter, unknown_unit

router = APIRouter(prefix="/v1/units", tags=["units"])

UnitPath = Annotated[str, Path(description="A unit's id", examples=["gia-binh"])]
By = Literal["child", "month", "year", "level", "facet", "none"]
BASES = get_args(Basis)
PAGE, LONGEST_PAGE = 100, 1000
COUNTED = 3
"""What a unit costs whose figures are added up, against one that is only named."""
PERIODS_A_YEAR = {"month": 12, "year": 1}


@router.get(
    "", openapi_extra=described("Search units by name or id", "UnitPage", query=("q", "level", "limit", "cursor"))
)
async def units(request: Request) -> Response:
    """Search ids and all names that units ever had, with and without diacritics; the best matches first."""
    query = Query(request, "q", "level", "limit", "cursor")
    text, level = query.text("q"), query.choice("level", LEVELS)
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    after = query.cursor(SearchKey) or SearchKey()

    compute = partial(_found, text=text, level=level, after=after, limit=limit)
    asked = Asked(("units", text, level, limit, after), compute, Work(text=text))
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}", openapi_extra=described("A unit on a day", "UnitDay", query=("on",)))
async def unit_of_a_day(request: Request, unit: UnitPath) -> Response:
    """Name, level, parent, ancestors (root first), children and validity of a unit on a day.

    What is nobody's id is a 404 whose `suggestions` are units that may be meant.
    """
    query = Query(request, "on")
    on = query.date("on", today())
    asked = Asked(("unit", unit, on), partial(_unit, unit=unit, on=on), Work(unit, steps=1))
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/{unit}/report",
    openapi_extra=described(
        "The roll-up",
        "Report",
        query=("from", "to", "basis", "measures", "by", "position"),
        others={"by=facet:sex,passed": "ReportByTwoFacets"},
    ),
)
async def report(request: Request, unit: UnitPath) -> Response:
    """Count measures in a unit over days, broken down by `by`; the rows sum to the total.

    By facet, cells so small that they would single people out are null, and what would give them away with them.
    """
    query = Query(request, "from", "to", "basis", "measures", "by", "position")
    require_unit(unit)
    days = query.days()
    basis = basis_of(query)
    measures = query.measures("measures", DEFAULT_MEASURES)
    by, detail = query.by()
    if (days.last.year - days.first.year + 1) * PERIODS_A_YEAR.get(by, 0) > MOST_ROWS:
        raise bad_parameter("from", f"“by={by}” cho tối đa {MOST_ROWS} dòng: hãy thu hẹp khoảng thời gian")
    question = Question(unit, days, basis, measures, cast("By", by), detail)
    position = query.position()
    smallest: int = request.app.state.smallest_cell
    asked = Asked(
        ("report", *question, position, smallest),
        partial(_report, question=question, position=position, smallest=smallest),
        _work(question, position),
        figures=True,
    )
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/{unit}/events",
    openapi_extra=described(
        "The events under a number",
        "CountedEventPage",
        query=("measure", "from", "to", "basis", "limit", "cursor"),
    ),
)
async def events(request: Request, unit: UnitPath) -> Response:
    """List the events that measures count in a unit, by day, then position: as many as the number says."""
    query = Query(request, "measure", "from", "to", "basis", "limit", "cursor")
    require_unit(unit)
    days = query.days()
    basis = basis_of(query)
    measures = query.measures("measure", MEASURES)
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    after = query.cursor(EventKey)
    if after is not None and not (days.first <= after.day <= days.last and 0 <= after.measure <= len(MEASURES)):
        raise bad_parameter("cursor", "không thuộc về câu hỏi này")

    asked = Asked(
        ("events", unit, days, basis, measures, limit, after),
        partial(_events, unit=unit, days=days, measures=measures, basis=basis, after=after, limit=limit),
        # Days, not units, bound what is looked at; on the other basis all that is below is walked.
        Work() if basis == "as-was" else Work(unit, steps=EVERYTHING),
        figures=True,
    )
    return await reader_of(request).answer(request, query, asked)


def _work(question: Question, position: int | None) -> Work:
    """Say what a report makes the service do."""
    if position is not None:
        return Work(least=Class.VAST)
    match question.by:
        case "child":
            return Work(question.unit, steps=1, weight=COUNTED)
        case "level":
            return Work(question.unit, level=question.detail, weight=COUNTED)
        case "facet" if "," in question.detail:  # two dimensions are counted fact by fact
            return Work(question.unit, steps=EVERYTHING, least=Class.SLOW)
        case "month" | "year":
            days = question.days
            periods = (days.last.year - days.first.year + 1) * PERIODS_A_YEAR[question.by]
            return Work(rows=periods, least=Class.QUICK if periods < MANY_PERIODS else Class.SLOW)
        case _:
            return Work()


async def _found(snapshot: Snapshot, text: str, level: str | None, after: SearchKey, limit: int) -> UnitPage:
    found, more = await search(snapshot, text, level, after=after, limit=limit)
    return UnitPage(found, cursor_of(more), snapshot.position)


async def _unit(snapshot: Snapshot, unit: str, on: dt.date) -> UnitDay:
    if is_unit_id(unit):
        with suppress(UnknownUnitError):
            return await unit_on(snapshot, unit, on)
    near = [] if "\0" in unit else await suggestions(snapshot, unit[:MOST_TEXT])
    raise unknown_unit(unit, near)


async def _report(snapshot: Snapshot, question: Question, position: int | None, smallest: int) -> Report:
    if position is None:
        found = await reports.report(snapshot, question)
    else:
        require_passed(snapshot.position, position)
        found = await report_then(snapshot, position, question)
    return suppressed(found, question, smallest)


async def _events(
    snapshot: Snapshot,
    *,
    unit: str,
    days: Days,
    measures: tuple[str, ...],
    basis: Basis,
    after: EventKey | None,
    limit: int,
) -> CountedEventPage:
    page, more = await events_under(snapshot, unit, days, measures, basis=basis, after=after, limit=limit)
    return CountedEventPage(page, cursor_of(more), snapshot.position)


def basis_of(query: Query) -> Basis:
    """Read on which basis is counted; as-was unless it is given."""
    return cast("Basis", query.choice("basis", BASES, "as-was"))
