"""What became of events: `/v1/events/…`, `/v1/outcomes`, `/v1/rejects`, `/v1/receipts` (contract §2, §5)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from events.identifiers import is_event_id, is_unit_id
from projections.answers.report.report_answers import ReceiptPage, RejectsPage, Said, SaidPage
from projections.store.reading.cost import Class, Work
from projections.store.reading.outcomes import OUTCOMES, event, outcomes, receipts
from projections.store.reading.rejects import RejectsKey, rejects
from projections.store.reading.snapshot import Snapshot
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import POSITIONS, described
from services.api.parameters import LARGEST, Query, cursor_of
from services.api.problems import Problem, bad_parameter, not_found

router = APIRouter(prefix="/v1", tags=["events"])

Publisher = Annotated[str, Path(description="The unit that said it", examples=["gia-binh"])]
EventId = Annotated[str, Path(description="The event's id", examples=["gb-2023-0001"])]

PAGE, LONGEST_PAGE = 100, 1000
MOST_RECEIPTS = 10_000


@router.get("/events/{publisher}/{id}", openapi_extra=described("One event", "Said"))
async def said(request: Request, publisher: Publisher, id: EventId) -> Response:  # noqa: A002 - the name in the path
    """Say what became of an event, and give it whole; of several under one key, the first."""
    query = Query(request)
    missing = not_found(f"Không có sự kiện “{id}” của “{publisher}”.", publisher=publisher, id=id)
    if not is_unit_id(publisher) or not is_event_id(id):
        raise missing

    asked = Asked(("event", publisher, id), partial(_said, publisher=publisher, event_id=id, missing=missing))
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/outcomes",
    openapi_extra=described("Parked and rejected events", "SaidPage", query=("outcome", "unit", "limit", "cursor")),
)
async def refused(request: Request) -> Response:
    """List parked or rejected events, or both (`any`), the newest last."""
    query = Query(request, "outcome", "unit", "limit", "cursor")
    outcome = query.choice("outcome", OUTCOMES, "parked") or "parked"
    unit = query.unit()
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    after = query.cursor(int) or 0

    compute = partial(_outcomes, outcome=outcome, unit=unit, after=after, limit=limit)
    # With a unit, all that is refused may have to be looked through for it.
    work = Work() if unit is None else Work(least=Class.SLOW)
    return await reader_of(request).answer(
        request, query, Asked(("outcomes", outcome, unit, limit, after), compute, work)
    )


@router.get(
    "/rejects",
    openapi_extra=described("Rejected events by publisher", "RejectsPage", query=("limit", "cursor")),
)
async def rejects_by_publisher(request: Request) -> Response:
    """Count the rejected events of each publisher by reason, the publisher with most first: who is broken."""
    query = Query(request, "limit", "cursor")
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    after = query.cursor(RejectsKey)

    asked = Asked(("rejects", limit, after), partial(_rejects, after=after, limit=limit))
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/receipts",
    openapi_extra=described("Receipts by position", "ReceiptPage", query=("from", "to"), over=POSITIONS),
)
async def receipts_of(request: Request) -> Response:
    """Say what became of the messages at positions, for those who published them."""
    query = Query(request, "from", "to")
    first = query.integer("from", 1, low=1)
    last = query.integer("to", min(first + MOST_RECEIPTS - 1, LARGEST), low=1)
    if not first <= last < first + MOST_RECEIPTS:
        raise bad_parameter("to", f"cần một vị trí từ “from” đến “from” + {MOST_RECEIPTS - 1}")

    asked = Asked(("receipts", first, last), partial(_receipts, first=first, last=last), Work(rows=last - first + 1))
    return await reader_of(request).answer(request, query, asked)


async def _said(snapshot: Snapshot, publisher: str, event_id: str, missing: Problem) -> Said:
    found = await event(snapshot, publisher, event_id)
    if found is None:
        raise missing
    return found


async def _outcomes(snapshot: Snapshot, outcome: str, unit: str | None, after: int, limit: int) -> SaidPage:
    page, more = await outcomes(snapshot, outcome=outcome, unit=unit, after=after, limit=limit)
    return SaidPage(page, cursor_of(more), snapshot.position)


async def _rejects(snapshot: Snapshot, after: RejectsKey | None, limit: int) -> RejectsPage:
    page, more = await rejects(snapshot, after=after, limit=limit)
    return RejectsPage(page, cursor_of(more), snapshot.position)


async def _receipts(snapshot: Snapshot, first: int, last: int) -> ReceiptPage:
    return ReceiptPage(await receipts(snapshot, first, last), snapshot.position)
