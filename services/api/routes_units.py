"""Units, their reports, and the events under a number: `/v1/units…` (contract §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Annotated, Literal, cast

from fastapi import Query, Request, Response
from pydantic import Field

from events.catalogue import DIMENSIONS, MEASURES
from events.identifiers import is_unit_id
from events.vocabulary import LEVELS
from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.privacy.breakdown_rules import Thresholds, whole_months
from projections.answers.privacy.report_suppression import suppressed
from projections.answers.report.comparing import with_change
from projections.answers.report.report_answers import CountedEvent, CountedEventPage, Report, UnitDay, UnitPage
from projections.answers.report.report_question import Basis, By, Question
from projections.answers.report.row_periods import year_before
from projections.answers.report.splits import TooManyCellsError
from projections.answers.tables.event_table import EventListing, NamedPage, events_table
from projections.answers.tables.report_table import report_table
from projections.rules.counting.periods import Days
from projections.store.reading import report as reports
from projections.store.reading.as_known_then import report_then
from projections.store.reading.compared_report import compared_report
from projections.store.reading.cost import EVERYTHING, MANY_PERIODS, Class, Work
from projections.store.reading.events import CountedEventKey, events_under
from projections.store.reading.find_unit import LAST_KNOWN, UnknownUnitError, any_unit, find, names_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units import SearchKey, search, suggestions, unit_on
from services.access.audit import CELLS_SHOWN, EVENTS_SHOWN
from services.api.answering import reader_of
from services.api.asked import Alike, Asked
from services.api.breakdowns import may_be_shown
from services.api.documentation import answers
from services.api.file_forms import InForms, file_asked, is_whole
from services.api.long_lists import all_pages, one_page, require_fewer_events
from services.api.parameters import (
    DEFAULT_MEASURES,
    MOST_TEXT,
    PAGE,
    AnyLevel,
    AnyUnit,
    AsKnownAt,
    Cursor,
    FreeText,
    Limit,
    Measures,
    OnBasis,
    OnDay,
    OverDays,
    Parameters,
    Parsed,
    Reference,
    Reported,
    UnitId,
    UnitPath,
    cursor_of,
    expected,
    key_of,
    one_of,
    require_passed,
    several,
)
from services.api.problems import bad_parameter, too_long, unknown_unit
from services.api.reading_route import reading_router
from services.api.sights import OfUnit, days_of
from services.needs import needs

router = reading_router("/v1/units", "units")

COUNTED = 3
"""What a unit costs whose figures are many sums (plans, figures as-now), against one that is named or has one sum."""
PERIODS_A_YEAR = {"month": 12, "quarter": 4, "year": 1}
MOST_ROWS = 2400
"""Rows by period that one answer may have: 200 years of months."""
MOST_DIMENSIONS = 2
"""Dimensions that one report breaks down by together."""


def _by(text: str) -> str:
    by, colon, detail = text.partition(":")
    if by == "level":
        if detail not in LEVELS:
            raise expected(f"“level:” cần một trong: {', '.join(LEVELS)}")
    elif by == "facet":
        asked = detail.split(",")
        if len(asked) > MOST_DIMENSIONS or len(set(asked)) < len(asked) or not set(asked) <= DIMENSIONS.keys():
            dimensions = ", ".join(DIMENSIONS)
            raise expected(f"“facet:” cần một hay hai chiều khác nhau, cách nhau bằng dấu phẩy: {dimensions}")
    elif colon or by not in {"child", "month", "quarter", "year", "none"}:
        raise expected(
            "cần một trong: child, month, quarter, year, level:LEVEL, facet:DIMENSION, facet:DIMENSION,DIMENSION, none"
        )
    return text


_DIMENSION = f"({'|'.join(DIMENSIONS)})"
_BY = f"^(child|month|quarter|year|none|level:({'|'.join(LEVELS)})|facet:{_DIMENSION}(,{_DIMENSION})?)$"


class SearchQuery(Parameters):
    """What a search takes."""

    q: FreeText = Field(
        "", description="Part of a name, with or without diacritics, or of an id", examples=["gia binh"]
    )
    level: AnyLevel = Field(None, description="Only units of this level, as last known", examples=["upper"])
    within: UnitId = Field(
        None, description="Only this unit and what is below it, as last known", examples=["gia-binh"]
    )
    limit: Limit = PAGE
    cursor: Cursor = None


class ReportQuery(InForms, OverDays):
    """What a report takes."""

    basis: OnBasis = "as-was"
    measures: Reported = DEFAULT_MEASURES
    by: Annotated[str, Parsed(_by, {"type": "string", "pattern": _BY})] = Field(
        "child",
        description="What a row is; `facet:` takes a dimension, or two different ones with a comma between them",
        examples=["child"],
    )
    compare: Annotated[Literal["last-year"] | None, one_of(("last-year",))] = Field(
        None, description="Beside each number that of the same days a year before, and what changed"
    )
    split: Annotated[tuple[str, ...], several(DIMENSIONS, "các chiều")] = Field(
        (), description="Dimensions, with commas between them, by whose codes each row and the total are split too"
    )
    position: AsKnownAt = None
    cells: Annotated[Literal["all"] | None, one_of(("all",))] = Field(
        None, description="Show small cells too; for officers alone, and written in the audit log"
    )


class EventsQuery(InForms, OverDays):
    """What the list of the events under a number takes."""

    measure: Measures = Field(
        tuple(MEASURES), description="Measures, with commas between them; all unless given", examples=[["badges"]]
    )
    basis: OnBasis = "as-was"
    member: Reference = Field(
        None,
        description="Only events that name this reference of a unit's own book, as member, candidate or `as`; every "
        "event of the unit and the days is read for it",
        examples=["2023-014"],
    )
    limit: Limit = PAGE
    cursor: Cursor = None


@router.get("", summary="Search units by name or id", responses=answers(UnitPage))
@needs(Need.ANY_ACCOUNT)
async def units(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Search ids and all names that units ever had, with and without diacritics; the best matches first."""
    text, level, within, limit = query.q, query.level, query.within, query.limit
    key = key_of(query.cursor, SearchKey) or SearchKey()
    compute = Alike(partial(_found, text=text, level=level, within=within, after=key, limit=limit))
    work = Work(within, steps=0 if within is None else EVERYTHING, text=text)
    asked = Asked(("units", text, level, within, limit, key), compute, work)
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}", summary="A unit on a day", responses=answers(UnitDay))
@needs(Need.ANY_ACCOUNT)
async def unit_of_a_day(request: Request, unit: AnyUnit, query: Annotated[OnDay, Query()]) -> Response:
    """Name, level, parent, ancestors (root first), children and validity of a unit on a day.

    What is nobody's id is a 404 whose `suggestions` are units that may be meant.
    """
    asked = Asked(("unit", unit, query.on), Alike(partial(_unit, unit=unit, on=query.on)), Work(unit, steps=1))
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/{unit}/report",
    summary="A report",
    responses=answers(Report, files=True, others={"by=facet:sex,passed": "ReportByTwoFacets"}),
)
@needs(Need.FIGURES)
async def report(request: Request, unit: UnitPath, query: Annotated[ReportQuery, Query()]) -> Response:
    """Count measures in a unit over days, broken down by `by`; the rows sum to the total.

    With `compare` the rows are those of both periods; `values` or `last_year` is null where the unit was not there on
    any of the days. With `split` each row and the total have their values by the codes of dimensions.

    By facet, cells so small that they would single people out are null, and what would give them away with them.
    Readers have it of whole months, not of the past by `position`, and of measures of enough people: others have their
    total alone, and `not_broken_down` says so.
    """
    days, position = query.days(), query.position
    cells_all = query.cells == "all"
    by, _, detail = query.by.partition(":")
    if (days.last.year - days.first.year + 1) * PERIODS_A_YEAR.get(by, 0) > MOST_ROWS:
        raise bad_parameter("from", f"“by={by}” cho tối đa {MOST_ROWS} dòng: hãy thu hẹp khoảng thời gian")
    if query.split and by == "facet":
        raise bad_parameter("split", "không dùng cùng với “by=facet:…”; hãy dùng “by=facet:DIMENSION,DIMENSION”")
    question = Question(unit, days, query.basis, query.measures, cast("By", by), detail, query.split)
    before = _before(days) if query.compare else None
    file = file_asked(
        request, query, f"report-{unit}-{days.first}-{days.last}", partial(report_table, dimensions=query.split)
    )
    thresholds: Thresholds = request.app.state.thresholds
    of_now = position is None and before is None and not question.coded  # of which nothing is ever hidden
    asked = Asked(
        ("report", *question, query.compare, position, thresholds, cells_all),
        partial(
            _report,
            question=question,
            compare=before is not None,
            position=position,
            thresholds=thresholds,
            cells_all=cells_all,
        ),
        _work(question, position),
        figures=True,
        about=OfUnit(
            unit, days_of(days, query.basis), days_before=None if before is None else days_of(before, query.basis)
        ),
        shows=CELLS_SHOWN if cells_all else None,
        file=file,
        at_once=partial(reports.report_at_once, question=question) if of_now else None,
    )
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}/events", summary="The events under a number", responses=answers(CountedEventPage, files=True))
@needs(Need.SINGLE_EVENTS)
async def events(request: Request, unit: UnitPath, query: Annotated[EventsQuery, Query()]) -> Response:
    """List the events that measures count in a unit, by day, then position: as many as the number says.

    With `member`, those that name one person; two units may use the same reference for two. A file has all of them,
    unless `limit` or `cursor` is given.
    """
    days, basis, measures, member = query.days(), query.basis, query.measure, query.member
    limit, key = query.limit, key_of(query.cursor, CountedEventKey)
    if key is not None and not (days.first <= key.day <= days.last and 0 <= key.measure <= len(MEASURES)):
        raise bad_parameter("cursor", "không thuộc về câu hỏi này")

    file = file_asked(request, query, f"events-{unit}-{days.first}-{days.last}", events_table)
    whole = is_whole(file, query)
    compute = partial(
        _events,
        unit=unit,
        days=days,
        measures=measures,
        basis=basis,
        member=member,
        after=key,
        limit=None if whole else limit,
        listed=file is not None,
        most=None if file is None else file.most_rows,
    )
    asked = Asked(
        ("events", unit, days, basis, measures, member, limit, key, whole),
        Alike(compute),
        _work_of_events(unit, basis, member, whole=whole),
        figures=True,
        about=OfUnit(unit, days_of(days, basis)),
        shows=EVENTS_SHOWN,
        file=file,
    )
    return await reader_of(request).answer(request, query, asked)


def _work_of_events(unit: str, basis: Basis, member: str | None, *, whole: bool) -> Work:
    """Say what a page of events makes the service do, or the ``whole`` list."""
    if member is not None or whole:  # whatever the unit and the days have is read
        return Work(unit, steps=EVERYTHING, least=Class.SLOW)
    # Days, not units, bound what is looked at; on the other basis all that is below is walked.
    return Work() if basis == "as-was" else Work(unit, steps=EVERYTHING)


def _before(days: Days) -> Days:
    """Return the days a year before. Raises a 422 Problem where there are none."""
    try:
        return year_before(days)
    except ValueError:
        raise bad_parameter("from", "năm trước đó không có, nên không so sánh được") from None


def _work(question: Question, position: int | None) -> Work:
    """Say what a report makes the service do: of the past it is never one that is answered between others."""
    work = _work_now(question)
    return work if position is None else work.at_least(Class.SLOW)


def _work_now(question: Question) -> Work:
    if question.split:
        return _work_of_split(question)
    weight = 1 if question.basis == "as-was" else COUNTED
    match question.by:
        case "child":
            return Work(question.unit, steps=1, weight=weight)
        case "level":
            return Work(question.unit, level=question.detail, weight=weight)
        case "facet" if "," in question.detail:  # two dimensions are counted fact by fact
            return Work(question.unit, steps=EVERYTHING, least=Class.SLOW)
        case "month" | "quarter" | "year":
            days = question.days
            periods = (days.last.year - days.first.year + 1) * PERIODS_A_YEAR[question.by]
            return Work(rows=periods, least=Class.QUICK if periods < MANY_PERIODS else Class.SLOW)
        case _:
            return Work()


def _work_of_split(question: Question) -> Work:
    """Say what a split makes the service do: full months of vast units are kept, all else is walked and counted."""
    of_rows = question.by in {"child", "level"}
    whole = whole_months(question.days) == question.days
    return Work(question.unit, steps=EVERYTHING, past_vast=not whole, of_rows=of_rows)


async def _found(
    snapshot: Snapshot, *, text: str, level: str | None, within: str | None, after: SearchKey, limit: int
) -> UnitPage:
    found, more = await search(snapshot, text, level, within, after=after, limit=limit)
    return UnitPage(found, cursor_of(more), snapshot.position)


async def _unit(snapshot: Snapshot, unit: str, on: dt.date) -> UnitDay:
    if is_unit_id(unit):
        with suppress(UnknownUnitError):
            return await unit_on(snapshot, unit, on)
    near = [] if "\0" in unit else await suggestions(snapshot, unit[:MOST_TEXT])
    raise unknown_unit(unit, near, none_yet=not near and not await any_unit(snapshot))


async def _report(
    snapshot: Snapshot,
    sight: Sight,
    *,
    question: Question,
    compare: bool,
    position: int | None,
    thresholds: Thresholds,
    cells_all: bool,
) -> Report:
    shown = may_be_shown(question, position, thresholds, cells_all=cells_all, as_officer=sight.as_officer)
    if position is not None:
        require_passed(snapshot.position, position)
    try:
        if compare:
            found = await compared_report(snapshot, question, position)
        elif position is None:
            found = await reports.report(snapshot, question)
        else:
            found = await report_then(snapshot, position, question)
    except TooManyCellsError as error:
        raise too_long("ô", error.cells, error.most, parameter="split") from None
    return with_change(suppressed(found, question, shown))


async def _events(
    snapshot: Snapshot,
    *,
    unit: str,
    days: Days,
    measures: tuple[str, ...],
    basis: Basis,
    member: str | None,
    after: CountedEventKey | None,
    limit: int | None,
    listed: bool,
    most: int | None,
) -> CountedEventPage | EventListing:
    """Answer a page, as JSON or ``listed`` for a file; without a limit, the list of all, of ``most`` at the most."""
    read = partial(events_under, snapshot, unit, days, measures, basis=basis, member=member)
    named_on = days.last if basis == "as-was" else LAST_KNOWN
    if limit is not None:
        page, more = await read(after=after, limit=limit)
        if not listed:
            units = await names_of(snapshot, {event.unit for event in page}, named_on)
            return CountedEventPage(page, cursor_of(more), snapshot.position, units)
        pages, following = one_page(page), cursor_of(more)
    else:
        await require_fewer_events(snapshot, Question(unit, days, basis, measures, "none"), most)
        pages, following = all_pages(read), None
    named = (await find(snapshot, unit, named_on)).name
    listed_pages = _named(snapshot, pages, named_on)
    return EventListing(
        named, days.first, days.last, basis, snapshot.position, snapshot.as_of, listed_pages, next=following
    )


async def _named(snapshot: Snapshot, pages: AsyncIterator[list[CountedEvent]], on: dt.date) -> AsyncIterator[NamedPage]:
    async for page in pages:
        yield NamedPage(page, await names_of(snapshot, {event.unit for event in page}, on))
