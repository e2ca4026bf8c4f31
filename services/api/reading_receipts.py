"""A receipt, read again: today's outcomes of what was sent, as far as its sender may know them."""

from __future__ import annotations

from functools import partial

import msgspec
from fastapi import Request

from projections.answers.access.sight import Holder, Sight
from projections.store.reading.snapshot import Snapshot
from services.api import kept_receipts
from services.api.access import access_of
from services.api.answering import reader_of
from services.api.gate import who_asks
from services.api.kept_receipts import KeptItem
from services.api.parameters import Parameters, cursor_of, today
from services.api.sent_audit import note_named
from services.api.sent_outcomes import found_in_log, items_told
from services.api.sights import holder_of
from services.send_answers import UNSENT, SentAnswer


async def read_again(request: Request, receipt: str, query: Parameters, part: int = 0) -> SentAnswer | None:
    """Answer for a part of a receipt of the asker's with today's outcomes; None where there is no such one.

    Raises a 503 Problem where `min_position` isn't reached in time.
    """
    kept = await kept_receipts.find(access_of(request).reading, receipt, who_asks(request).account, part)
    if kept is None or part * kept_receipts.A_PART >= max(kept.total, 1):
        return None
    await reader_of(request).wait(request, query)
    return await told_of(request, receipt, kept, part, query.min_position)


async def told_of(
    request: Request,
    receipt: str | None,
    kept: kept_receipts.KeptReceipt,
    part: int = 0,
    min_position: int | None = None,
) -> SentAnswer:
    """Answer for a part of a receipt with today's outcomes, as far as the asker may know them.

    Raises a 503 Problem where `min_position` isn't reached.
    """
    compute = partial(_told_again, receipt=receipt, kept=kept, part=part, holder=holder_of(who_asks(request), today()))
    answer = await reader_of(request).at_once(request, compute, min_position)
    await note_named(request, answer.items)
    return answer


async def _told_again(
    snapshot: Snapshot,
    _: Sight,
    *,
    receipt: str | None,
    kept: kept_receipts.KeptReceipt,
    part: int,
    holder: Holder | None,
) -> SentAnswer:
    first = part * kept_receipts.A_PART
    items = kept.items
    if items is None:  # a part of a sheet that was not come to
        length = min(kept.total - first, kept_receipts.A_PART)
        items = [KeptItem(None, None, UNSENT, reason="interrupted")] * length
    items = await found_in_log(snapshot, items, answered=kept.answered)
    shown, behind = await items_told(snapshot, items, holder)
    shown = [msgspec.structs.replace(item, index=first + item.index) for item in shown]
    if kept.total <= kept_receipts.A_PART:
        return SentAnswer(receipt, shown, behind)
    return SentAnswer(receipt, shown, behind, cursor_of(part + 1 if first + len(items) < kept.total else None))
