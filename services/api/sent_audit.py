"""What of sending stands in the audit log: refusals, and events of the log that were named beside those sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Request
from msgspec import UNSET

from services.access import audit
from services.access.audit import Entry
from services.api.access import access_of, came_from
from services.api.answering import UNWRITTEN
from services.api.event_bodies import FORBIDDEN
from services.api.gate import who_asks
from services.api.kept_receipts import KeptItem
from services.api.problems import not_audited
from services.send_answers import SentItem

NAMED: Final = 20
"""Units that the audit log names of those as which something was sent."""


async def note_forbidden(request: Request, items: Iterable[KeptItem | None]) -> None:
    """Write the refusals of a request into the audit log, one entry for all of them."""
    units = sorted({i.publisher or "" for i in items if i is not None and i.reason == FORBIDDEN})
    if units:
        detail = {
            "status": FORBIDDEN,
            "method": request.method,
            "path": request.scope["route"].path,
            "as": units[:NAMED],
        }
        unit = units[0] or None
        await access_of(request).refused(
            Entry(audit.REFUSED, who_asks(request), unit=unit, came_from=came_from(request), detail=detail)
        )


async def note_named(request: Request, items: Sequence[SentItem]) -> None:
    """Write into the audit log that events of the log are named beside those that were sent, where any are.

    Raises a 503 Problem where it can't.
    """
    suspicious = [(item, each) for item in items if item.suspicious is not UNSET for each in item.suspicious]
    named = {
        (event.publisher or "", event.id or "")
        for item, each in suspicious
        for event in each.events
        if event.position is not None and event.position != item.position
    }
    if not named:
        return
    detail = {"path": request.scope["route"].path, **request.path_params, "named": len(named)}
    units = sorted({publisher for publisher, _ in named})
    said = {**detail, "of": units[:NAMED]}
    entry = Entry(audit.EVENTS_SHOWN, who_asks(request), unit=units[0], came_from=came_from(request), detail=said)
    try:
        await audit.record(access_of(request).writing, entry)
    except UNWRITTEN as error:
        raise not_audited() from error
