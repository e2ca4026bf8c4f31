"""Events on their way from a request to the log, and what their sender is told (contract, section 8).

In this order: what can be said without the log, a receipt in its table, the log, the receipt complete. Whoever is
killed at any step leaves a receipt that is true when it is read: what it does not know is looked up in the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

from fastapi import Request, Response

from projections.answers.report.report_answers import Behind
from services.api import kept_receipts
from services.api.answering import reader_of
from services.api.asked import JSON
from services.api.bodies import as_json
from services.api.dry_run import tried_items
from services.api.event_bodies import GivenEvent
from services.api.gate import who_asks
from services.api.judging import judge
from services.api.kept_receipts import KeptItem, ReceiptPart
from services.api.ledger_lookup import Looked, look_at
from services.api.parameters import today
from services.api.problems import NotReachedProblem, Problem
from services.api.publishing import Publishing
from services.api.sendings import sendings_of
from services.api.sent_audit import note_forbidden, note_named
from services.api.sent_items import shown_items
from services.api.sent_outcomes import Told, outcomes_at
from services.api.sights import holder_of
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.send_answers import ACCEPTED, UNSENT, SentAnswer, SentItem

AGAIN: Final = 5
"""Seconds after which one whose events could not be sent may send them again."""


class How(NamedTuple):
    """How events are sent: whether they only are tried, how long outcomes are waited for, all at once or not at all."""

    dry_run: bool = False
    wait: float = 0.0
    whole: bool = False


async def send(request: Request, entries: Sequence[GivenEvent], how: How) -> Response:
    """Send what can be sent and answer for each. Raises a Problem where nothing was sent: 429, 503."""
    sendings, reader = sendings_of(request), reader_of(request)
    seen = await reader.at_once(
        request, partial(look_at, entries=entries, asker=who_asks(request), trying=how.dry_run, root=sendings.root)
    )
    judged = await asyncio.to_thread(judge, entries, seen.view)
    await note_forbidden(request, judged.items)
    if how.dry_run:
        found = await asyncio.to_thread(tried_items, entries, judged, seen)
        await note_named(request, found)
        return _answer(200, SentAnswer(None, found, seen.behind))
    if not judged.to_send:
        items = [item for item in judged.items if item is not None]
        return _answer(200, SentAnswer(None, shown_items(items, seen.view.told), None))
    async with sendings.turns.turn(reader.client(request)):
        part = ReceiptPart(kept_receipts.new_id(), who_asks(request).account, len(entries))
        publishing = Publishing(request, part, entries, judged, whole=how.whole)
        items = await sendings.finished(asyncio.create_task(publishing.alone()))
    return await _answered(request, part.receipt, items, seen, how)


async def _answered(request: Request, receipt: str, items: list[KeptItem], seen: Looked, how: How) -> Response:
    statuses = {item.status for item in items}
    if statuses == {UNSENT}:
        raise nothing_sent("sự kiện", items, shown_items(items, {}))
    if ACCEPTED not in statuses:
        return _answer(200, SentAnswer(None, shown_items(items, seen.view.told), None))
    told = Told(seen.view.told, {}, seen.behind)
    last = max(item.position or 0 for item in items)
    if how.wait:
        reader = reader_of(request)
        await reader.reach_beside_others(request, last, how.wait)
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED, NotReachedProblem):  # it is sent, and the receipt tells the rest
            holder = holder_of(who_asks(request), today())
            told = await reader.at_once(request, partial(outcomes_at, items=items, last=last, holder=holder))
    elif told.behind is not None:
        behind = told.behind
        told = told._replace(behind=Behind(max(behind.events, last - seen.position), behind.state, behind.detail))
    shown = shown_items(items, told.rows, told.suspicious)
    try:
        await note_named(request, shown)
    except Problem:  # it is sent: what the audit log can't have of it is left to the receipt
        shown = shown_items(items, told.rows)
    headers = {"location": f"/v1/receipts/{receipt}"}
    return _answer(202, SentAnswer(receipt, shown, told.behind), headers)


def nothing_sent(what: str, items: Sequence[KeptItem], shown: Sequence[SentItem]) -> Problem:
    """Say that nothing could be sent, and why; ``what``: events or rows, in Vietnamese."""
    reasons = sorted({item.reason or "" for item in items})
    detail = (
        f"Chưa gửi được {what} nào ({', '.join(reasons)}); hãy gửi lại, gửi lại không hại gì. / "
        "Nothing could be sent; send it again, which is harmless."
    )
    return Problem(503, "Chưa gửi được", detail, again=AGAIN, items=shown)


def _answer(status: int, said: SentAnswer, headers: Mapping[str, str] | None = None) -> Response:
    return Response(as_json(said), status, {"cache-control": "no-store", **(headers or {})}, JSON)
