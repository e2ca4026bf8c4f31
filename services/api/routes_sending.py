"""Sending over HTTP, receipts of it, and corrections: `/v1/events`, `/v1/receipts/…` (contract, section 8)."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query, Request, Response
from pydantic import Field

from events.identifiers import is_event_id, is_unit_id
from projections.answers.access.needs import Need
from services.api.answering import reader_of
from services.api.corrections import correcting
from services.api.documentation import sent, taking, taking_events
from services.api.event_bodies import MOST_BYTES, media_type_of, read_entries, too_long
from services.api.gate import who_asks
from services.api.guard import MOST_BODY
from services.api.json_bodies import read
from services.api.long_bodies import body_of, length_said
from services.api.parameters import Cursor, Parameters, Strict, key_of, one_of
from services.api.problems import no_event, not_found
from services.api.reading_receipts import read_again
from services.api.reading_route import reading_router
from services.api.routes_accounts import answer
from services.api.routes_events import EventId, Publisher
from services.api.sending import How, send
from services.api.sendings import sendings_of
from services.needs import needs
from services.send_answers import Replacement, Retraction, SentAnswer

router = reading_router("/v1", "sending")

LONGEST_WAIT: Final = 30.0
SHORT: Final = 64 * 1024
"""Bytes of a body that is read between two others; a longer one in a thread."""
_wait: Final = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;[^,]*)?(?=,|$)', re.IGNORECASE).search
_receipt: Final = re.compile(r"r-[0-9a-f]{32}").fullmatch

PREFER: Final[dict[str, Any]] = {
    "name": "Prefer",
    "in": "header",
    "description": "`wait=SECONDS` (at most 30) waits for outcomes",
    "schema": {"type": "string"},
    "example": "wait=10",
}
ReceiptPath = Annotated[str, Path(description="A receipt", examples=["r-0123456789abcdef0123456789abcdef"])]


class SendQuery(Strict):
    """How events are sent."""

    dry_run: Annotated[Literal["true", "false"], one_of(("true", "false"))] = Field(
        "false", description="Publish nothing, and say what would become of each", examples=["true"]
    )


class ReceiptQuery(Parameters):
    """What a receipt is asked by."""

    cursor: Cursor = None


@router.post(
    "/events",
    status_code=202,
    summary="Send events",
    responses=sent(SentAnswer),
    openapi_extra={**taking_events(), "parameters": [PREFER]},
)
@needs(Need.SENDING)
async def send_events(request: Request, query: Annotated[SendQuery, Query()]) -> Response:
    """Send one event, a batch, or lines, at most 1,000, and answer for each; sending again is harmless, for ever."""
    media_type = media_type_of(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
    length = length_said(request)
    if length is not None and length > MOST_BYTES:
        raise too_long()
    if length is not None and length <= MOST_BODY:
        return await _sent(request, query, media_type)
    async with sendings_of(request).long.place(reader_of(request).client(request)):
        return await _sent(request, query, media_type)


@router.post(
    "/events/{publisher}/{id}/retraction",
    status_code=202,
    summary="Take an event back",
    responses=sent(SentAnswer),
    openapi_extra={**taking(Retraction), "parameters": [PREFER]},
)
@needs(Need.SENDING)
async def retract(
    request: Request,
    publisher: Publisher,
    id: EventId,  # noqa: A002 - the name in the path
    _: Annotated[Strict, Query()],
) -> Response:
    """Take an event back, as its publisher: whoever may speak as that one or a unit above it. Again is harmless."""
    return await _corrected(request, publisher, id, await read(request, Retraction))


@router.post(
    "/events/{publisher}/{id}/replacement",
    status_code=202,
    summary="Take an event back and say it anew",
    responses=sent(SentAnswer),
    openapi_extra={**taking(Replacement), "parameters": [PREFER]},
)
@needs(Need.SENDING)
async def replace(
    request: Request,
    publisher: Publisher,
    id: EventId,  # noqa: A002 - the name in the path
    _: Annotated[Strict, Query()],
) -> Response:
    """Take an event back and say it anew with other data, in one atomic batch: both, or neither."""
    return await _corrected(request, publisher, id, await read(request, Replacement))


@router.get("/receipts/{receipt}", summary="A receipt of one's own", responses=sent(SentAnswer, 200))
@needs(Need.ANY_ACCOUNT)
async def receipt_of(request: Request, receipt: ReceiptPath, query: Annotated[ReceiptQuery, Query()]) -> Response:
    """Answer as when it was sent, with today's outcomes, to the account that sent it; of a sheet a thousand rows."""
    part = key_of(query.cursor, int) or 0
    found = await read_again(request, receipt, query, part) if _receipt(receipt) and part >= 0 else None
    if found is None:
        raise not_found("Không có biên nhận này của tài khoản này. / This account has no such receipt.")
    return answer(found)


async def _sent(request: Request, query: SendQuery, media_type: str) -> Response:
    body, root = await body_of(request, MOST_BYTES, too_long), sendings_of(request).root
    if len(body) <= SHORT:
        entries = read_entries(media_type, body, root)
    else:
        entries = await asyncio.to_thread(read_entries, media_type, body, root)
    return await send(request, entries, How(query.dry_run == "true", waits(request)))


async def _corrected(request: Request, publisher: str, event_id: str, wanted: Retraction | Replacement) -> Response:
    if not is_unit_id(publisher) or not is_event_id(event_id):
        raise no_event(publisher, event_id)
    compute = partial(
        correcting,
        asker=who_asks(request),
        publisher=publisher,
        event_id=event_id,
        wanted=wanted,
        root=sendings_of(request).root,
    )
    entries = await reader_of(request).at_once(request, compute)
    return await send(request, entries, How(wait=waits(request), whole=True))


def waits(request: Request) -> float:
    """Return for how many seconds outcomes are to be waited for; what can't be read is passed over (RFC 7240)."""
    found = _wait(",".join(request.headers.getlist("prefer")))
    return min(float(found[1]), LONGEST_WAIT) if found else 0.0
