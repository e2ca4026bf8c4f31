"""What became of events: `/v1/events/…`, `/v1/outcomes`, `/v1/rejects`, `/v1/receipts` (contract §2, §5)."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import Field

from events.identifiers import is_event_id, is_unit_id
from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.report.report_answers import LogMoment, ReceiptPage, RejectsPage, Said, SaidPage
from projections.store.reading.cost import Class, Work
from projections.store.reading.find_unit import LAST_KNOWN, names_of
from projections.store.reading.log_moment import log_moment
from projections.store.reading.outcomes import OUTCOMES, event, outcomes, receipts
from projections.store.reading.rejects import RejectsKey, rejects
from projections.store.reading.snapshot import Snapshot
from services.access.audit import EVENTS_SHOWN
from services.api import kept_receipts
from services.api.access import access_of
from services.api.answering import reader_of
from services.api.asked import Alike, Asked
from services.api.documentation import answers
from services.api.gate import who_asks
from services.api.parameters import (
    LARGEST,
    PAGE,
    Cursor,
    Limit,
    OnDay,
    Parameters,
    UnitId,
    cursor_of,
    key_of,
    one_of,
    whole,
)
from services.api.problems import bad_parameter, no_event
from services.api.reading_route import reading_router
from services.api.routes_accounts import answer
from services.api.sights import OfEvent, OfList, OfUnit, sees_everything
from services.needs import needs
from services.send_answers import OwnReceipt, OwnReceipts

router = reading_router("/v1", "events")

Publisher = Annotated[str, Path(description="The unit that said it", examples=["gia-binh"])]
EventId = Annotated[str, Path(description="The event's id", examples=["gb-2023-0001"])]

MOST_RECEIPTS = 10_000


class OutcomesQuery(Parameters):
    """What the list of refused events takes."""

    outcome: Annotated[str, one_of(OUTCOMES)] = Field("parked", description="Which events", examples=["parked"])
    unit: UnitId = Field(
        None, description="Only events about this unit or one below it, as last known", examples=["gia-binh"]
    )
    publisher: UnitId = Field(None, description="Only events that this unit said", examples=["gia-binh"])
    limit: Limit = PAGE
    cursor: Cursor = None


class RejectsQuery(Parameters):
    """What the list of publishers takes."""

    limit: Limit = PAGE
    cursor: Cursor = None


class ReceiptsQuery(Parameters):
    """What receipts are asked by."""

    first: Annotated[int | None, whole(1)] = Field(
        None, alias="from", description="First position; without it, the receipts of what one sent", examples=[1]
    )
    last: Annotated[int | None, whole(1)] = Field(None, alias="to", description="Last position", examples=[100])
    limit: Limit = PAGE
    cursor: Cursor = None


@router.get("/events/{publisher}/{id}", summary="One event", responses=answers(Said))
@needs(Need.SINGLE_EVENTS)
async def said(
    request: Request,
    publisher: Publisher,
    id: EventId,  # noqa: A002 - the name in the path
    query: Annotated[Parameters, Query()],
) -> Response:
    """Say what became of an event, and give it whole; of several under one key, the first."""
    if not is_unit_id(publisher) or not is_event_id(id):
        raise no_event(publisher, id)
    compute = Alike(partial(_said, publisher=publisher, event_id=id))
    asked = Asked(("event", publisher, id), compute, about=OfEvent(publisher, id), shows=EVENTS_SHOWN)
    return await reader_of(request).answer(request, query, asked)


@router.get("/outcomes", summary="Parked and rejected events", responses=answers(SaidPage))
@needs(Need.SINGLE_EVENTS)
async def refused(request: Request, query: Annotated[OutcomesQuery, Query()]) -> Response:
    """List parked or rejected events, or both (`any`), the newest last."""
    outcome, unit, publisher, limit = query.outcome, query.unit, query.publisher, query.limit
    key = key_of(query.cursor, int) or 0
    compute = partial(_outcomes, outcome=outcome, unit=unit, publisher=publisher, after=key, limit=limit)
    # All that is refused may have to be looked through for a unit, a publisher, or for what the asker may see.
    whole = unit is None and publisher is None and sees_everything(who_asks(request))
    work = Work() if whole else Work(least=Class.SLOW)
    about = OfList() if unit is None else OfUnit(unit, listed=True)
    asked = Asked(("outcomes", outcome, unit, publisher, limit, key), compute, work, about=about, shows=EVENTS_SHOWN)
    return await reader_of(request).answer(request, query, asked)


@router.get("/moment", summary="Where the log was on a day", responses=answers(LogMoment))
@needs(Need.ANY_ACCOUNT)
async def moment(request: Request, query: Annotated[OnDay, Query()]) -> Response:
    """Say which position the log had reached by the end of a day in Vietnam: what was known then, for `position`."""
    asked = Asked(("moment", query.on), Alike(partial(log_moment, on=query.on)))
    return await reader_of(request).answer(request, query, asked)


@router.get("/rejects", summary="Rejected events by publisher", responses=answers(RejectsPage))
@needs(Need.OPERATING)
async def rejects_by_publisher(request: Request, query: Annotated[RejectsQuery, Query()]) -> Response:
    """Count the rejected events of each publisher by reason, the publisher with most first: who is broken."""
    limit, key = query.limit, key_of(query.cursor, RejectsKey)
    work = Work() if sees_everything(who_asks(request)) else Work(least=Class.SLOW)
    asked = Asked(("rejects", limit, key), partial(_rejects, after=key, limit=limit), work, about=OfList())
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/receipts",
    summary="Receipts by position, or of what one sent",
    responses=answers(ReceiptPage, {"what one sent": OwnReceipts.__name__}, OwnReceipts),
)
@needs(Need.SENDING)
async def receipts_of(request: Request, query: Annotated[ReceiptsQuery, Query()]) -> Response:
    """Say what became of the messages at positions, for those who published them; without `from`, list one's own.

    One's own are the receipts of what was sent over HTTP, the newest first, a `limit` a page.
    """
    first = query.first
    if first is None:
        if query.last is not None:
            raise bad_parameter("from", "cần vị trí đầu / the first position is needed")
        return await _own_receipts(request, query)
    for name, given in (("limit", query.limit != PAGE), ("cursor", query.cursor is not None)):
        if given:
            raise bad_parameter(name, "chỉ dùng khi không có “from” / only without “from”")
    last = min(first + MOST_RECEIPTS - 1, LARGEST) if query.last is None else query.last
    if not first <= last < first + MOST_RECEIPTS:
        raise bad_parameter("to", f"cần một vị trí từ “from” đến “from” + {MOST_RECEIPTS - 1}")

    compute = partial(_receipts, first=first, last=last)
    asked = Asked(("receipts", first, last), compute, Work(rows=last - first + 1), about=OfList())
    return await reader_of(request).answer(request, query, asked)


async def _own_receipts(request: Request, query: ReceiptsQuery) -> Response:
    before = key_of(query.cursor, tuple[dt.datetime, str])
    found, more = await kept_receipts.page(
        access_of(request).reading, who_asks(request).account, before=before, limit=query.limit
    )
    return answer(OwnReceipts([OwnReceipt(*each) for each in found], cursor_of(more)))


async def _said(snapshot: Snapshot, publisher: str, event_id: str) -> Said:
    found = await event(snapshot, publisher, event_id)
    if found is None:
        raise no_event(publisher, event_id)
    return found


async def _outcomes(
    snapshot: Snapshot, sight: Sight, *, outcome: str, unit: str | None, publisher: str | None, after: int, limit: int
) -> SaidPage:
    page, more = await outcomes(
        snapshot, outcome=outcome, unit=unit, publisher=publisher, after=after, limit=limit, confined=sight.confined
    )
    units = await names_of(snapshot, {said.subject for said in page if said.subject is not None}, LAST_KNOWN)
    return SaidPage(page, cursor_of(more), snapshot.position, units)


async def _rejects(snapshot: Snapshot, sight: Sight, after: RejectsKey | None, limit: int) -> RejectsPage:
    page, more = await rejects(snapshot, after=after, limit=limit, confined=sight.confined)
    return RejectsPage(page, cursor_of(more), snapshot.position)


async def _receipts(snapshot: Snapshot, sight: Sight, first: int, last: int) -> ReceiptPage:
    return ReceiptPage(await receipts(snapshot, first, last, sight.confined), snapshot.position)
