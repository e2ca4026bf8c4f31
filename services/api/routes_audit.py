"""The audit log over HTTP: `/v1/audit` (contract, section 7)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from projections.answers.access.needs import Need
from projections.answers.words.vietnamese_format import VIETNAM
from services.access import audit
from services.access.access_answers import AuditPage
from services.access.audit import KINDS, Wanted
from services.api.access import access_of, asker_of_request
from services.api.administering import part_audited
from services.api.documentation import told
from services.api.parameters import (
    PAGE,
    AnyDate,
    Cursor,
    FreeText,
    Limit,
    Strict,
    UnitId,
    cursor_of,
    key_of,
    one_of,
)
from services.api.reading_route import reading_router
from services.api.routes_accounts import answer
from services.needs import needs

_FIRST, _LAST = dt.date(2000, 1, 1), dt.date(2999, 12, 31)

router = reading_router("/v1", "access")


class AuditQuery(Strict):
    """What the audit log is asked by."""

    first: AnyDate = Field(None, alias="from", description="First day, inclusive", examples=["2026-11-01"])
    last: AnyDate = Field(None, alias="to", description="Last day, inclusive", examples=["2026-11-28"])
    account: FreeText = Field("", description="What this account did")
    unit: UnitId = Field(None, description="What was done for this unit")
    what: Annotated[str | None, one_of(KINDS)] = Field(None, description="Entries of one kind")
    limit: Limit = PAGE
    cursor: Cursor = None


@router.get("/audit", summary="The audit log", responses=told(AuditPage))
@needs(Need.ANY_ACCOUNT)
async def entries(request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """List what was done, the newest first: for a keeper what concerns his part, for an operator everything."""
    asker = await asker_of_request(request)
    part = await part_audited(request, asker)
    wanted = Wanted(
        account=query.account or None,
        what=query.what,
        part=None if part is None else (part.units, part.accounts),
        unit=query.unit,
        since=None if query.first is None else _start(query.first),
        until=None if query.last is None else _start(query.last) + dt.timedelta(days=1),
    )
    before = key_of(query.cursor, int)
    found, more = await audit.page(access_of(request).reading, wanted, before=before, limit=query.limit)
    return answer(AuditPage(found, cursor_of(more)))


def _start(day: dt.date) -> dt.datetime:
    """Return when a day begins; one outside all days of this log is taken for the nearest inside."""
    return dt.datetime.combine(min(max(day, _FIRST), _LAST), dt.time(), VIETNAM)
