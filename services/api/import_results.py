"""The sheet back: each row with what became of it, in words, made in a process of its own (contract, section 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from services.api.import_judging import Earlier, JudgedFor, PageOfRows, rows_now
from services.api.importing import imports_of
from services.api.kept_imports import KeptImport
from services.api.kept_receipts import KeptReceipt
from services.api.problems import Problem
from services.import_answers import (
    DIFFERS,
    DUPLICATE,
    READY,
    REFUSED,
    SUSPICIOUS,
    TAKEN_BACK,
    WILL_WAIT,
    ImportRow,
)
from services.send_answers import ACCEPTED, UNSENT, SentItem
from services.sheets.apart import NotWrittenError, write_apart
from services.sheets.columns import columns_of
from services.sheets.results import ROWS_A_PAGE, ResultRow, page_unpacked

_STATUSES: Final = {
    READY: "sẽ gửi được",
    DUPLICATE: "đã có, không gửi lại",
    DIFFERS: "khác sự kiện đã gửi",
    TAKEN_BACK: "đã bị thu hồi",
    WILL_WAIT: "sẽ phải chờ",
    SUSPICIOUS: "đáng ngờ, vẫn gửi được",
    REFUSED: "không nhận",
}
_OUTCOMES: Final = {
    "counted": "đã gửi, đã tính",
    "applied": "đã gửi, có hiệu lực",
    "duplicate": "đã gửi, trùng",
    "parked": "đã gửi, đang chờ",
    "rejected": "đã gửi, bị từ chối",
    "retracted": "đã gửi, rồi thu hồi",
}
_BAD: Final = frozenset({REFUSED, DIFFERS, TAKEN_BACK})


class _Page(NamedTuple):
    """A page as it is kept, and what was sent of it."""

    rows: bytes
    choices: Mapping[int, str]
    sent: KeptReceipt | None


class _Lines(msgspec.Struct):
    lines: list[ResultRow]


async def sheet_back(request: Request, kept: KeptImport) -> bytes:
    """Make the .xlsx of a sheet with today's results. Raises Problems: 429, 503."""
    imports, access, asker = imports_of(request), access_of(request), who_asks(request)
    parts: dict[int, KeptReceipt] = {}
    if kept.receipt is not None:
        parts = await kept_receipts.parts_of(access.reading, kept.receipt)
    packed = await kept_imports.packed_pages(access.reading, kept.id)
    pages = [_Page(*page, parts.get(number)) for number, page in enumerate(packed)]
    how = JudgedFor(asker, kept.type, kept.made_at, imports.root, trying=True)
    compute = partial(_lines, pages=pages, how=how)
    async with imports.writing.turn(asker.account):
        if kept.rows > ROWS_A_PAGE:
            lines = msgspec.json.decode(await reader_of(request).apart(request, compute), type=_JustLines).lines
        else:
            lines = msgspec.Raw(msgspec.json.encode((await reader_of(request).at_once(request, compute)).lines))
        try:
            return await write_apart(kept.type, bytes(lines))
        except NotWrittenError as error:
            detail = "Không làm được bảng kết quả; hãy hỏi lại sau. / The sheet could not be made: ask again."
            raise Problem(503, "Chưa sẵn sàng", detail) from error


class _JustLines(msgspec.Struct):
    lines: msgspec.Raw


async def _lines(snapshot: Snapshot, _: Sight, *, pages: Sequence[_Page], how: JudgedFor) -> _Lines:
    earlier, found = Earlier(), _Lines([])
    columns = columns_of(how.type).named
    for page in pages:
        unpacked = PageOfRows(page_unpacked(page.rows), page.choices)
        _judged, rows = await rows_now(snapshot, unpacked, page.sent, earlier, how)
        for row in rows:
            known = columns.get(row.column or "")
            head = known.head if known is not None else row.column or ""
            found.lines.append(_line(row, head))
    return found


def _line(row: ImportRow, column: str) -> ResultRow:
    event = "" if row.event is None else f"{row.event.publisher} {row.event.id}"
    sent = row.sent if isinstance(row.sent, SentItem) else None
    if sent is None or sent.status not in {ACCEPTED, UNSENT}:
        return ResultRow(
            row.row, row.cells, _STATUSES[row.status], column, row.detail or "", event, row.status not in _BAD
        )
    if sent.status == UNSENT:
        return ResultRow(row.row, row.cells, "chưa gửi được, gửi lại", "", sent.reason or "", event, False)
    outcome = sent.outcome if isinstance(sent.outcome, str) else None
    said = "đã gửi, chưa có kết quả" if outcome is None else _OUTCOMES.get(outcome, outcome)
    detail = " ".join(each for each in (sent.reason, sent.detail) if isinstance(each, str))
    good = outcome not in {"rejected", "retracted"}
    return ResultRow(row.row, row.cells, said, "", detail, event, good)
