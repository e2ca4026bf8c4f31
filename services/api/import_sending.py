"""A sheet on its way to the log: a thousand rows at a time, in order, with one receipt over all (contract, section 8).

Who is killed half-way leaves a receipt that is true, and a sheet whose rest is sent when it is called again: the events
of a row are the same bytes each time, and what the receipt or the ledger has is not sent again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec
from fastapi import Request

from projections.answers.access.sight import Sight
from projections.store.reading.snapshot import Snapshot
from services.api import kept_imports, kept_receipts
from services.api.access import access_of
from services.api.answering import reader_of
from services.api.gate import who_asks
from services.api.import_judging import Earlier, JudgedFor, JudgedPage, JudgedRow, PageOfRows, judge_rows
from services.api.importing import being_sent, imports_of, no_import, require_clerk
from services.api.kept_imports import KeptImport, KeptPage
from services.api.kept_receipts import A_PART, KeptItem, KeptReceipt, ReceiptPart
from services.api.problems import Problem
from services.api.publishing import Publishing, SentTogether
from services.api.reading_receipts import told_of
from services.api.sending import nothing_sent
from services.api.sendings import sendings_of
from services.api.sent_audit import note_forbidden
from services.api.sent_outcomes import found_in_log
from services.import_answers import DUPLICATE as ALREADY
from services.import_answers import READY
from services.send_answers import ACCEPTED, DUPLICATE, UNSENT, SentAnswer

_PAIRS: Final = A_PART // 2
"""Rows that go in one batch of which each takes the place of an event: two events each."""


class _Sent(NamedTuple):
    """What became of a sheet: of its first thousand rows, of all by status, and how far in the log the last one is."""

    kept: KeptImport
    receipt: str
    first: list[KeptItem]
    statuses: Counter[str]
    last: int


async def send_import(request: Request, import_: str, wait: float) -> tuple[int, SentAnswer]:
    """Send what is left of a sheet, and answer for its first thousand rows.

    Raises Problems: 404, 403 for who may not send there any more, 409 while it is being sent, 503 where nothing could
    be.
    """
    sent = await sendings_of(request).finished(asyncio.create_task(_Sending(request, import_).run()))
    accepted = bool(sent.statuses[ACCEPTED])
    if accepted and wait:
        await reader_of(request).reach_beside_others(request, sent.last, wait)
    kept = KeptReceipt(sent.first, answered=True, total=sent.kept.rows)
    answer = await told_of(request, sent.receipt if accepted else None, kept)
    answer = msgspec.structs.replace(answer, counts=dict(sent.statuses))
    if accepted:
        return 202, answer
    if set(sent.statuses) == {UNSENT}:
        raise nothing_sent("hàng", sent.first, answer.items)
    return 200, msgspec.structs.replace(answer, next=None)


class _Sending:
    """A sheet while it is sent; it goes on to the end where its sender has gone, and is held by nobody else."""

    def __init__(self, request: Request, import_: str) -> None:
        self._request = request
        self._import = import_
        self._imports = imports_of(request)
        self._sendings = sendings_of(request)
        self._reader = reader_of(request)
        self._access = access_of(request)
        self._asker = who_asks(request)
        self._earlier = Earlier()
        self._by_stem: dict[bytes, KeptItem] = {}
        """What became of the rows that others of the sheet repeat."""

    async def run(self) -> _Sent:
        """Send part by part. Raises Problems, with nothing sent by this call."""
        async with (
            self._imports.sending.turn(self._asker.account),
            kept_imports.sent_alone(self._imports.holding, self._import) as mine,
        ):
            if not mine:
                raise being_sent()
            kept = await kept_imports.find(self._access.writing, self._import, self._asker.account)
            if kept is None:
                raise no_import()
            await self._reader.at_once(self._request, partial(require_clerk, asker=self._asker, unit=kept.unit))
            return await self._send(kept)

    async def _send(self, kept: KeptImport) -> _Sent:
        receipt = kept.receipt or kept_receipts.new_id()
        first: list[KeptItem] = []
        statuses: Counter[str] = Counter()
        last = 0
        for number in range(kept.pages):
            if number and self._sendings.ending:
                break
            try:
                items = await self._send_page(kept, ReceiptPart(receipt, kept.account, kept.rows, number, kept.id))
            except Problem:
                if not number:
                    raise
                break  # what is not come to is unsent, and sent when it is called again
            first = first or items
            statuses.update(item.status for item in items)
            last = max(last, *(item.position or 0 for item in items))
            if any(item.status == UNSENT for item in items):
                break
        if not statuses[ACCEPTED]:
            await kept_receipts.forget(self._access.writing, receipt)
        if missing := kept.rows - sum(statuses.values()):
            statuses[UNSENT] += missing
        return _Sent(kept, receipt, first, statuses, last)

    async def _send_page(self, kept: KeptImport, part: ReceiptPart) -> list[KeptItem]:
        page = await kept_imports.page_of(self._access.writing, kept.id, part.part)
        if page is None:
            raise no_import()
        before = None
        if kept.receipt is not None:
            before = await kept_receipts.find(self._access.writing, kept.receipt, kept.account, part.part)
        compute = partial(self._judged, kept=kept, page=page, before=before)
        judged, known = await self._reader.at_once(self._request, compute)
        assert judged.judged is not None, "it was judged"  # noqa: S101
        await note_forbidden(self._request, [each.item for each in judged.rows])
        groups = _groups(judged.rows)
        publishing = Publishing(
            self._request,
            part,
            judged.entries,
            judged.judged,
            groups=groups,
            laid_out=partial(self._laid_out, judged),
        )
        nothing = [item or KeptItem(None, None, UNSENT) for item in judged.judged.items]
        if not judged.judged.to_send and known is not None and self._laid_out(judged, nothing) == known:
            items = known
        else:
            async with self._sendings.turns.turn(self._reader.client(self._request)):
                items = await publishing.run()
        await self._count(kept, part.part, judged, items)
        return items

    async def _judged(
        self, snapshot: Snapshot, _: Sight, *, kept: KeptImport, page: KeptPage, before: KeptReceipt | None
    ) -> tuple[JudgedPage, list[KeptItem] | None]:
        known = None
        if before is not None and before.items is not None:
            known = await found_in_log(snapshot, before.items, answered=before.answered)
        how = JudgedFor(self._asker, kept.type, kept.made_at, self._imports.root, trying=False)
        judged = await judge_rows(snapshot, PageOfRows(page.rows, page.choices, known), self._earlier, how)
        return judged, known if before is not None and before.answered else None

    def _laid_out(self, judged: JudgedPage, items: Sequence[KeptItem]) -> list[KeptItem]:
        """Give an item for each row, out of those of the events that are sent."""
        found: list[KeptItem] = []
        for each in judged.rows:
            item = msgspec.structs.replace(items[each.places[-1]], row=each.row.row) if each.places else each.item
            if each.twin is not None and item is not None:
                first = self._by_stem.get(each.twin.stem)
                item = item if first is None else _twin_of(first, each)
            assert item is not None, "what is not sent has one"  # noqa: S101
            if each.row.draft is not None and each.twin is None:
                self._by_stem[bytes.fromhex(each.row.draft.stem[2:])] = item
            found.append(item)
        return found

    async def _count(self, kept: KeptImport, page: int, judged: JudgedPage, items: Sequence[KeptItem]) -> None:
        counts = Counter(
            ALREADY if item.status == ACCEPTED else READY if each.places else each.status
            for each, item in zip(judged.rows, items, strict=True)
        )
        await kept_imports.counted(self._access.writing, kept.id, page, counts)


def _twin_of(first: KeptItem, each: JudgedRow) -> KeptItem:
    """Say of a row that repeats another what became of that one."""
    status = DUPLICATE if first.status in {ACCEPTED, DUPLICATE} else first.status
    return msgspec.structs.replace(first, status=status, row=each.row.row)


def _groups(rows: Sequence[JudgedRow]) -> list[SentTogether]:
    """Part the events of a page into batches: first those that go alone, then those that go in pairs, or not at all."""
    alone = [each.places[0] for each in rows if len(each.places) == 1]
    pairs = [each.places for each in rows if len(each.places) > 1]
    found = [SentTogether(alone, whole=False)] if alone else []
    for at in range(0, len(pairs), _PAIRS):
        together = [place for pair in pairs[at : at + _PAIRS] for place in pair]
        found.append(SentTogether(together, whole=True))
    return found
