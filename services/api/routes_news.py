"""What is new below a unit, as it comes: `/v1/units/{unit}/news`, server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import datetime as dt
import random
import re
from typing import Annotated, Final

from fastapi import Query, Request, Response
from pydantic import Field
from starlette.types import Receive, Scope, Send

from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.report.news_answers import Keeping, Moved
from projections.rules.counting.periods import Days
from projections.store.reading.find_unit import LAST_KNOWN, find
from projections.store.reading.snapshot import Snapshot
from services.api.answering import reader_of
from services.api.documentation import streamed
from services.api.gate import who_asks
from services.api.metrics import STREAM
from services.api.news import RETRY, Opened, OpenPages
from services.api.parameters import LARGEST, AnyDate, Parameters, Position, UnitPath, today
from services.api.problems import bad_parameter
from services.api.reading_route import reading_router
from services.api.sights import OfUnit, sight_of
from services.needs import needs

router = reading_router("/v1/units", "units")

LAST: Final = "last-event-id"
_POSITION: Final = re.compile(r"[0-9]{1,19}")


class NewsQuery(Parameters):
    """What is asked about what is new."""

    after: Position = Field(
        None,
        description="The position that the page shows; now unless given. A `Last-Event-ID` goes before it",
        examples=[1234],
    )
    first: AnyDate = Field(
        None, alias="from", description="Only what changes figures from this day on", examples=["2023-01-01"]
    )
    last: AnyDate = Field(None, alias="to", description="Only what changes figures up to this day")

    def days(self) -> Days | None:
        """Return the days, None where none are given. Raises a 422 Problem where the first is after the last."""
        if self.first is None and self.last is None:
            return None
        days = Days(self.first or dt.date.min, self.last or dt.date.max)
        if days.first > days.last:
            raise bad_parameter("from", f"phải không sau “to” ({days.last.isoformat()})")
        return days


@router.get(
    "/{unit}/news",
    summary="What is new below a unit, as it comes",
    responses=streamed({"moved": Moved, "behind": Keeping}),
    response_class=Response,
)
@needs(Need.FIGURES)
async def news(request: Request, unit: UnitPath, query: Annotated[NewsQuery, Query()]) -> Response:
    """Tell by server-sent events that the log has moved on at the unit or below it, once a second at most.

    `moved` says how many events came to hold or were taken back since `after`, or since the message before; its id is
    the position. `behind` says that figures are behind the log, and that they are no more. Who asks is looked at again
    before each message. The stream ends after ten minutes, when its asker may have it no more, and with the service.
    """
    last = request.headers.get(LAST)
    if last is not None and (not _POSITION.fullmatch(last) or int(last) > LARGEST):
        raise bad_parameter("Last-Event-ID", "cần một vị trí của nhật ký")
    days = query.days()
    await reader_of(request).wait(request, query)
    return _Stream(request, unit, days, query.after if last is None else int(last), query.min_position)


class _Stream(Response):
    """The answer: it holds a place while it is sent, and goes on for as long as there may be something to tell."""

    def __init__(self, request: Request, unit: str, days: Days | None, after: int | None, least: int | None) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self.raw_headers = [STREAM, *(each for each in self.raw_headers if each[0].startswith((b"cache", b"x-")))]
        self._request = request
        self._unit = unit
        self._days = days
        self._after = after
        self._least = least

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send message by message; who goes, or takes none, is cut off by the connection."""
        reader = reader_of(self._request)
        pages: OpenPages = self._request.app.state.open_pages
        async with pages.place(reader.client(self._request)):
            now = await reader.at_once(self._request, self._allowed, self._least)
            after = now if self._after is None else self._after
            opened = Opened(who_asks(self._request), self._unit, self._days, after)
            async with pages.opened(opened) as page:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                message: bytes | None = b"retry: %d\n\n" % random.randint(*RETRY)  # noqa: S311 - no secret
                while message is not None:
                    await send({"type": "http.response.body", "body": message, "more_body": True})
                    message = await page.message()
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _allowed(self, opened: Snapshot, _: Sight) -> int:
        """Return the position. Raises a 403 Problem for who may not; UnknownUnitError."""
        about, asker = OfUnit(self._unit, self._days), who_asks(self._request)
        await sight_of(opened, asker=asker, need=Need.FIGURES, about=about, today=today())
        await find(opened, self._unit, LAST_KNOWN)
        return opened.position
