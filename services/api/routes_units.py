"""Units, their reports, and the events under a number: `/v1/units…` (contract §5)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Literal, cast, get_args

from fastapi import APIRouter, Path, Request, Response

from events.catalogue import MEASURES
from events.vocabulary import LEVELS
from projections.core.reading import Basis, Question
from projections.core.reading_answers import CountedEventPage, Report, UnitDay, UnitPage
from projections.core.reading_suppression import suppressed
from projections.store.reading import report as reports
from projections.store.reading.as_known_then import report_then
from projections.store.reading.events import EventKey, events_under
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units import SearchKey, search, unit_on
from services.api.answering import reader_of
from services.api.documentation import described
from services.api.parameters import DEFAULT_MEASURES, MOST_ROWS, Query, cursor_of, require_passed, require_unit, today
from services.api.problems import bad_parameter

router = APIRouter(prefix="/v1/units", tags=["units"])

UnitPath = Annotated[str, Path(description="A unit's id", examples=["gia-binh"])]
By = Literal["child", "month", "year", "level", "facet", "none"]
BASES = get_args(Basis)
PAGE, LONGEST_PAGE = 100, 1000
PERIODS_A_YEAR = {"month": 12, "year": 1}


@router.get("", openapi_extra=described("Search units by name", "UnitPage", query=("q", "level", "limit", "cursor")))
async def units(request: Request) -> Response:
    """Search all names that units ever had, with and without diacritics; the best matches first."""
    query = Query(request, "q", "level", "limit", "cursor")
    text, level = query.text("q"), query.choice("level", LEVELS)
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    after = query.cursor(SearchKey) or SearchKey()

    async def compute(snapshot: Snapshot) -> UnitPage:
        found, more = await search(snapshot, text, level, after=after, limit=limit)
        return UnitPage(found, cursor_of(more), snapshot.position)

    return await reader_of(request).answer(request, query, ("units", text, level, limit, after), compute)


@router.get("/{unit}", openapi_extra=described("A unit on a day", "UnitDay", query=("on",)))
async def unit_of_a_day(request: Request, unit: UnitPath) -> Response:
    """Name, level, parent, ancestors (root first), children and validity of a unit on a day."""
    query = Query(request, "on")
    require_unit(unit)
    on = query.date("on", today())

    async def compute(snapshot: Snapshot) -> UnitDay:
        return await unit_on(snapshot, unit, on)

    return await reader_of(request).answer(request, query, ("unit", unit, on), compute)


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
    reader = reader_of(request)

    async def compute(snapshot: Snapshot) -> Report:
        if position is None:
            found = await reports.report(snapshot, question)
        else:
            require_passed(snapshot.position, position)
            found = await report_then(snapshot, position, question)
        return suppressed(found, question, reader.smallest_cell)

    slow = position is not None or "," in detail
    async with reader.slow if slow else nullcontext():
        return await reader.answer(request, query, ("report", *question, position, reader.smallest_cell), compute)


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

    async def compute(snapshot: Snapshot) -> CountedEventPage:
        page, more = await events_under(snapshot, unit, days, measures, basis=basis, after=after, limit=limit)
        return CountedEventPage(page, cursor_of(more), snapshot.position)

    question = ("events", unit, days, basis, measures, limit, after)
    return await reader_of(request).answer(request, query, question, compute)


def basis_of(query: Query) -> Basis:
    """Read on which basis is counted; as-was unless it is given."""
    return cast("Basis", query.choice("basis", BASES, "as-was"))
