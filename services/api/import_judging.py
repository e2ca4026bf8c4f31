"""What would become of the rows of a sheet, a thousand at a time, by the very judge of `dry_run` (contract, section 8).

A row's id has a number that the log decides: of what was said under it before, the last counts.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from events.codec import encode
from events.envelope import Event
from events.errors import InvalidEventError
from events.subjects import build_bus_subject, message_id, source_of
from events.vocabulary import Outcome, Reason
from projections.answers.access.sight import EVERYTHING, Sight
from projections.bilingual import Bilingual
from projections.store.reading.confined import speakers
from projections.store.reading.sheet_events import LatestSaid, latest_said
from projections.store.reading.snapshot import Snapshot
from services.access.asker import Asker
from services.api.dry_run import tried_items
from services.api.event_bodies import FORBIDDEN, GivenEvent, WhyRefused, entry_of
from services.api.judging import Judged, judge, not_as, used_at
from services.api.kept_receipts import KeptItem, KeptReceipt
from services.api.ledger_lookup import Looked, look_at
from services.api.parameters import today
from services.api.sent_outcomes import found_in_log, items_told
from services.api.sights import holder_of
from services.import_answers import (
    DIFFERS,
    DUPLICATE,
    READY,
    REFUSED,
    SUSPICIOUS,
    TAKEN_BACK,
    WILL_WAIT,
    ImportRow,
    RowEvent,
)
from services.publishing.correction_ids import RETRACTED, retraction_id
from services.publishing.lines import Line, said_at
from services.send_answers import ACCEPTED, SentItem
from services.send_answers import DUPLICATE as SAID_BEFORE
from services.send_answers import REFUSED as NOT_TAKEN
from services.sheets.columns import UNIT, columns_of
from services.sheets.event_ids import numbered
from services.sheets.results import Draft, ReadRow, event_of, page_unpacked

AGAIN, REPLACE = "again", "replace"
_MARK: Final = struct.Struct("!16s8sI")
_NO_STEM: Final = bytes(16)
_HOLDS: Final = frozenset({Outcome.COUNTED, Outcome.APPLIED, Outcome.PARKED})
_pack: Final = msgspec.msgpack.Encoder().encode


class JudgedFor(NamedTuple):
    """Whose sheet it is, of which type, when it was sent, and whether its rows are tried or will be sent."""

    asker: Asker
    type: str
    made_at: dt.datetime
    root: str
    trying: bool


class RowMark(NamedTuple):
    """By what a row is known to others of its sheet: its id's stem, what it says, its number."""

    stem: bytes
    says: bytes
    row: int


class PageOfRows(NamedTuple):
    """A thousand rows as they are kept: packed, with what the clerk decided, and what was sent of them, if any was."""

    rows: Sequence[ReadRow]
    choices: Mapping[int, str]
    sent: Sequence[KeptItem] | None = None


@dataclass
class JudgedRow:
    """A row, and what would become of it.

    ``item`` is what a receipt has of it where nothing is sent; else ``places`` are those of its events, of which the
    last is its own: one, or two where it takes the place of another.
    """

    row: ReadRow
    status: str
    column: str | None = None
    reason: str | None = None
    detail: str | None = None
    event: RowEvent | None = None
    item: KeptItem | None = None
    places: tuple[int, ...] = ()
    choice: str = ""
    tried: SentItem | None = None
    twin: RowMark | None = None


@dataclass
class JudgedPage:
    """Rows with the events that are to be sent of them, and what a snapshot said of these."""

    rows: list[JudgedRow]
    entries: list[GivenEvent] = field(default_factory=list)
    judged: Judged | None = None
    seen: Looked | None = None


def mark_of(row: ReadRow) -> bytes:
    """Write by what a row is known to the others of its sheet."""
    if row.draft is None:
        return _MARK.pack(_NO_STEM, bytes(8), row.row)
    says = blake2b(_pack(row.draft.data), digest_size=8).digest()
    return _MARK.pack(bytes.fromhex(row.draft.stem[2:]), says, row.row)


def marks_of(rows: Iterable[ReadRow]) -> bytes:
    """Write those of a page."""
    return b"".join(map(mark_of, rows))


class Earlier:
    """The first row of a sheet under each stem, page by page from the first on."""

    def __init__(self, pages: Iterable[bytes] = ()) -> None:
        self._first: dict[bytes, RowMark] = {}
        for marks in pages:
            self.add(marks)

    def add(self, marks: bytes) -> None:
        """Take in the marks of a page."""
        for mark in _MARK.iter_unpack(marks):
            if mark[0] != _NO_STEM:
                self._first.setdefault(mark[0], RowMark(*mark))

    def twin_of(self, mark: RowMark) -> RowMark | None:
        """Return the row before one that has its stem, None where there is none."""
        found = self._first.get(mark.stem)
        return None if found is None or found.row == mark.row else found


async def judge_rows(snapshot: Snapshot, page: PageOfRows, earlier: Earlier, how: JudgedFor) -> JudgedPage:
    """Judge a page; ``earlier`` has taken in the pages before it, and takes in this one."""
    judged = JudgedPage([JudgedRow(row, READY, choice=page.choices.get(row.row, "")) for row in page.rows])
    packed = marks_of(page.rows)
    earlier.add(packed)
    marks = map(RowMark._make, _MARK.iter_unpack(packed))
    holder = holder_of(how.asker, today())
    units = {row.draft.unit for row in page.rows if row.draft is not None}
    may = None if holder is None else await speakers(snapshot, holder, units)
    waiting: list[JudgedRow] = []
    for at, (each, mark) in enumerate(zip(judged.rows, marks, strict=True)):
        sent = page.sent[at] if page.sent is not None else None
        if not _decided_alone(each, mark, earlier.twin_of(mark), sent, may):
            waiting.append(each)
    drafts = [each.row.draft for each in waiting if each.row.draft is not None]
    said = await latest_said(snapshot, [(draft.unit, draft.stem) for draft in drafts], how.root)
    for each, draft, latest in zip(waiting, drafts, said, strict=True):
        _against(each, draft, latest, judged.entries, how)
    judged.seen = await look_at(
        *(snapshot, EVERYTHING), entries=judged.entries, asker=how.asker, trying=how.trying, root=how.root, may=may
    )
    await asyncio.to_thread(_judge_events, judged, how)
    return judged


def _decided_alone(
    each: JudgedRow, mark: RowMark, twin: RowMark | None, sent: KeptItem | None, may: set[str] | None
) -> bool:
    """Decide what needs no look at the log: what was sent, can't be read, may not be said, or was said above."""
    row, draft = each.row, each.row.draft
    if sent is not None and sent.status == ACCEPTED:
        each.status, each.item = DUPLICATE, sent
        each.event = RowEvent(sent.publisher or "", sent.id or "")
        each.detail = str(Bilingual("đã gửi từ bảng này", "sent from this sheet"))
        return True
    if draft is None:
        fault = row.fault
        assert fault is not None, "a row has one of the two"  # noqa: S101
        _refuse(each, fault.reason, fault.column, str(fault.detail))
    elif may is not None and draft.unit not in may:
        _refuse(each, FORBIDDEN, UNIT, not_as(draft.unit))
    elif twin is not None and twin.says == mark.says:
        each.status, each.twin = DUPLICATE, twin
        each.detail = str(Bilingual(f"hàng {twin.row} đã nói điều này", f"row {twin.row} says the same"))
        each.event = RowEvent(draft.unit, numbered(draft.stem, 1))
        each.item = KeptItem(draft.unit, numbered(draft.stem, 1), SAID_BEFORE, row=row.row)
    elif twin is not None:
        detail = Bilingual(
            f"hàng {twin.row} nói khác về cùng người và cùng ngày: sửa hoặc xóa một trong hai hàng",
            f"row {twin.row} says something else of the same person and day: mend or delete one of the two",
        )
        _refuse(each, str(Reason.ID_CONFLICT), None, str(detail))
    else:
        return False
    return True


def _refuse(each: JudgedRow, reason: str, column: str | None, detail: str) -> None:
    draft = each.row.draft
    unit, id_ = (None, None) if draft is None else (draft.unit, numbered(draft.stem, 1))
    each.status, each.reason, each.column, each.detail = REFUSED, reason, column, detail
    each.item = KeptItem(unit, id_, NOT_TAKEN, None, reason, column, detail, row=each.row.row)


def _against(
    each: JudgedRow, draft: Draft, latest: LatestSaid | None, entries: list[GivenEvent], how: JudgedFor
) -> None:
    """Hold a row against what was said last under its stem, and make the events that are to be sent of it."""
    stands = latest is not None and latest.outcome in _HOLDS
    number = 1 if latest is None else latest.number
    each.event = RowEvent(draft.unit, numbered(draft.stem, number))
    if latest is not None:
        other = _differing(draft, latest.event, how)
        known = (draft.unit, numbered(draft.stem, number))
        if not other and (stands or (latest.outcome == Outcome.RETRACTED and not each.choice)):
            each.status = DUPLICATE if stands else TAKEN_BACK
            each.detail = _ALREADY if stands else _TAKEN_BACK
            each.item = KeptItem(*known, SAID_BEFORE, latest.position, row=each.row.row)
            return
        if (stands and each.choice != REPLACE) or (latest.outcome == Outcome.RETRACTED and not each.choice):
            each.status = DIFFERS if stands else TAKEN_BACK
            each.column = other[0] if stands else None
            each.detail = _differs(how.type, other) if stands else _TAKEN_BACK
            why = (str(Reason.ID_CONFLICT), "id", used_at(latest.position))
            each.item = KeptItem(*known, NOT_TAKEN, None, *why, row=each.row.row)
            return
        if stands:
            entries.append(_retraction(draft, known[1], each.row.row, how))
            each.places = (len(entries) - 1,)
        number += 1
    entry = _entry(draft, number, how)
    each.event = RowEvent(draft.unit, numbered(draft.stem, number))
    entries.append(entry)
    each.places = (*each.places, len(entries) - 1)


_ALREADY: Final = str(Bilingual("đã có trong sổ sự kiện", "the log has it already"))
_TAKEN_BACK: Final = str(
    Bilingual(
        "đã gửi rồi thu hồi: đặt “again” nếu vẫn muốn gửi lại",
        "it was sent and taken back: say “again” where it is to be sent once more",
    )
)


def _differs(event_type: str, names: Sequence[str]) -> str:
    columns = columns_of(event_type).named
    heads = ", ".join(f"“{columns[name].head}”" for name in names)
    return str(
        Bilingual(
            f"khác với sự kiện đã gửi ở {heads}: sửa cho đúng, hoặc đặt “replace” để thay sự kiện đó",
            f"it differs from the event that was sent in {', '.join(names)}: mend it, or say “replace” to replace that",
        )
    )


def _differing(draft: Draft, said: Event | None, how: JudgedFor) -> list[str]:
    """Name the columns in which a row says something else than an event; its time is not compared."""
    if said is None or said.type != how.type or said.subject != draft.unit:
        return [columns_of(how.type).reference.name]
    mine = event_of(draft, how.type, 1, how.made_at).data
    if mine == said.data:
        return []
    before, after = (_values(each) for each in (said.data, mine))
    return [name for name in columns_of(how.type).named if before.get(name) != after.get(name)] or [UNIT]


def _values(data: object) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(data)
    facets = found.pop("facets", None)
    return {**found, **(facets if isinstance(facets, dict) else {})}


def _entry(draft: Draft, number: int, how: JudgedFor) -> GivenEvent:
    """Make the event of a row, as it goes to the bus: its time is the sheet's, so that again it is the same bytes."""
    event = event_of(draft, how.type, number, how.made_at)
    try:
        body = encode(event, root=how.root)
    except InvalidEventError as error:
        refusal = error.refusal
        fault = WhyRefused(str(refusal.reason), refusal.field, refusal.detail)
        return GivenEvent(event.publisher, event.id, fault=fault)
    subject = build_bus_subject(event.publisher, event.type)
    line = Line(1, event.publisher, event.id, subject, message_id(event.publisher, event.id, body), body)
    return GivenEvent(event.publisher, event.id, line, event)


def _retraction(draft: Draft, event_id: str, row: int, how: JudgedFor) -> GivenEvent:
    reason = str(Bilingual(f"thay bằng hàng {row} của bảng nhập", f"replaced by row {row} of a sheet"))
    data = {"source": source_of(draft.unit), "id": event_id, "reason": reason}
    id_ = retraction_id(draft.unit, event_id)
    said = said_at(draft.unit, id_, RETRACTED, draft.unit, data, at=how.made_at)
    return entry_of(msgspec.json.encode(said), how.root)


def _judge_events(page: JudgedPage, how: JudgedFor) -> None:
    """Judge the events of a page, and try them, where they are not to be sent."""
    assert page.seen is not None, "it was looked at"  # noqa: S101
    page.judged = judged = judge(page.entries, page.seen.view)
    to_send = set(judged.to_send)
    for each in page.rows:
        if not each.places:
            continue
        if not to_send.issuperset(each.places):
            _not_sent(each, judged)
            to_send.difference_update(each.places)
    if len(to_send) < len(judged.to_send):
        judged.to_send[:] = [place for place in judged.to_send if place in to_send]
    if not how.trying:
        return
    of_event = {each.places[-1]: each for each in page.rows if each.places}
    for item in tried_items(page.entries, judged, page.seen) if page.entries else ():
        if item.index in of_event:
            _told(of_event[item.index], item)


def _not_sent(each: JudgedRow, judged: Judged) -> None:
    """Say why no event of a row is sent: of two that go together the one that can't be sent keeps back the other."""
    item = next(one for place in each.places if (one := judged.items[place]) is not None)
    _refuse(each, item.reason or str(Reason.ID_CONFLICT), _column(item.field), item.detail or "")
    for place in each.places:
        judged.items[place] = judged.items[place] or item
    each.places = ()


def _column(event_field: str | None) -> str | None:
    """Name the column of a field of an event."""
    if event_field is None:
        return None
    return UNIT if event_field in {"source", "subject"} else event_field.rpartition(".")[2]


def _told(each: JudgedRow, item: SentItem) -> None:
    each.tried = item
    if item.outcome == Outcome.PARKED:
        each.status, each.reason = WILL_WAIT, item.reason
        each.column = _column(item.field if isinstance(item.field, str) else None)
        each.detail = _waits(item.reason or "")
    elif item.outcome == Outcome.REJECTED:
        _refuse(each, item.reason or "", None, item.detail if isinstance(item.detail, str) else "")
        each.places = ()
    elif isinstance(item.suspicious, tuple) and item.suspicious:
        each.status, each.reason = SUSPICIOUS, item.suspicious[0].kind
        each.detail = "; ".join(one.detail for one in item.suspicious)


_WAITS: Final = {
    "unknown_unit": ("chờ đến khi có đơn vị này", "it waits until the unit is known"),
    "inactive_unit": ("chờ: đơn vị không hoạt động vào ngày này", "it waits: the unit is not active on that day"),
    "not_authorised": ("chờ đến khi có thẩm quyền", "it waits for authority"),
    "unknown_event": ("chờ sự kiện bị thu hồi", "it waits for the event that it takes back"),
}


def _waits(reason: str) -> str:
    return str(Bilingual(*_WAITS.get(reason, (reason, reason))))


def shown(page: JudgedPage, sent: Sequence[SentItem] | None = None) -> Iterator[ImportRow]:
    """Write the rows as they are answered; ``sent``: what became of each, where any was sent."""
    for at, each in enumerate(page.rows):
        yield ImportRow(
            *(each.row.row, each.status, each.column, each.reason, each.detail, each.row.cells, each.event),
            again=True if each.choice == AGAIN else UNSET,
            replace=True if each.choice == REPLACE else UNSET,
            suspicious=UNSET if each.tried is None else each.tried.suspicious,
            sent=UNSET if sent is None else sent[at],
        )


def counts(page: JudgedPage) -> dict[str, int]:
    """Count the rows of a page by status."""
    return dict(Counter(each.status for each in page.rows))


class RowsCounted(msgspec.Struct, frozen=True):
    """The counts of all pages of a sheet, and the rows of one of them."""

    counts: list[dict[str, int]]
    rows: list[ImportRow]
    position: int


async def rows_now(
    snapshot: Snapshot, page: PageOfRows, receipt: KeptReceipt | None, earlier: Earlier, how: JudgedFor
) -> tuple[JudgedPage, list[ImportRow]]:
    """Judge a page and write its rows, with what became of those that its part of a receipt says were sent."""
    told: list[SentItem] | None = None
    if receipt is not None and receipt.items is not None:
        items = await found_in_log(snapshot, receipt.items, answered=receipt.answered)
        told, _behind = await items_told(snapshot, items, holder_of(how.asker, today()))
        page = page._replace(sent=items)
    judged = await judge_rows(snapshot, page, earlier, how)
    return judged, list(shown(judged, told))


async def judge_all(
    snapshot: Snapshot, _: Sight, *, pages: Sequence[tuple[bytes, Mapping[int, str]]], how: JudgedFor
) -> RowsCounted:
    """Judge all pages of a sheet of which nothing was sent, as they are kept; give the rows of the first."""
    earlier, found, first = Earlier(), list[dict[str, int]](), list[ImportRow]()
    for packed, choices in pages:
        judged = await judge_rows(snapshot, PageOfRows(page_unpacked(packed), choices), earlier, how)
        first = first or list(shown(judged))
        found.append(counts(judged))
    return RowsCounted(found, first, snapshot.position)
