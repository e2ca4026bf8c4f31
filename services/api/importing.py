"""A sheet on its way from a request to its preview, and rows that are mended (contract, section 8).

In this order: who may, whether there is room, the file, a process that reads it, the judge, the tables. Of a sheet that
is refused nothing is kept anywhere.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from fastapi import Request
from msgspec import UNSET

from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.words.vietnamese_format import VIETNAM
from projections.store.reading.access import name_of
from projections.store.reading.confined import speakers
from projections.store.reading.find_unit import unknown
from projections.store.reading.sheet_events import those_below, units_of
from projections.store.reading.snapshot import Snapshot
from services.access.asker import Asker
from services.api import kept_imports, kept_receipts
from services.api.access import access_of
from services.api.answering import UNWRITTEN, reader_of
from services.api.gate import who_asks
from services.api.import_bodies import SheetType, not_taken
from services.api.import_judging import (
    AGAIN,
    REPLACE,
    Earlier,
    JudgedFor,
    PageOfRows,
    RowsCounted,
    counts,
    judge_all,
    marks_of,
    rows_now,
)
from services.api.kept_imports import FullError, KeptImport, KeptPage, NewPage
from services.api.kept_receipts import KeptReceipt
from services.api.parameters import cursor_of, today
from services.api.problems import Problem, bad_parameter, forbidden, not_found, not_ready
from services.api.sent_audit import note_named
from services.api.sights import holder_of
from services.api.turns import Limits, Turns
from services.import_answers import Import, ImportRow, ImportTold, Mending, counts_of
from services.send_answers import ACCEPTED, UNSENT, SentItem
from services.settings import Settings
from services.sheets.apart import read_apart
from services.sheets.bounds import Bounds
from services.sheets.columns import UNIT, columns_of
from services.sheets.reading import SheetQuestion
from services.sheets.refusals import CellRefusedError, SheetRefused
from services.sheets.results import ROWS_A_PAGE, ReadRow, SheetReading, page_unpacked
from services.sheets.rows import read_again
from services.sheets.units import BETWEEN, NamedUnit, UnitFinder

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy

READING: Final = Limits(slots=2, vast=2, waiting=40, a_client=8, patience=60, again=10)
"""Files that are read at a time, each in a process of its own; of these, who waits is bounded by account."""
WRITING: Final = Limits(slots=1, vast=1, waiting=20, a_client=4, patience=60, again=10)
SENDING: Final = Limits(slots=4, vast=4, waiting=40, a_client=8, patience=30, again=5)
"""Sheets that are sent at a time: half of the places in which events are published at the most."""
SWEPT_EVERY: Final = 3_600.0
MOST_NAMED: Final = 1_000_000
"""Units by whose names a row may name one; more than there are."""

_OF_UNITS: Final = frozenset({"subject", "unit"})

ReadSheet: TypeAlias = Callable[[bytes, SheetQuestion], Awaitable[SheetReading | SheetRefused]]
_counted: Final = msgspec.json.Decoder(RowsCounted).decode


class Imports:
    """What the routes of sheets share; made once an app. `holding` has a connection for each sheet that is sent."""

    def __init__(self, settings: Settings, holding: Pool[Record], read: ReadSheet = read_apart) -> None:
        self.keep = settings.keep_imports
        self.root = settings.root
        self.holding = holding
        self.read = read
        self.reading = Turns("sheets", READING)
        self.writing = Turns("result sheets", WRITING)
        self.sending = Turns("imports", SENDING)

    async def keep_swept(self, pool: Pool[Record]) -> None:
        """Take away what is too old, now and then every hour; where that fails, an hour later."""
        while True:
            with suppress(*UNWRITTEN):
                await kept_imports.sweep(pool, self.keep)
                await kept_receipts.sweep(pool, self.keep)
            await asyncio.sleep(SWEPT_EVERY)

    def until(self, made: KeptImport) -> dt.datetime:
        """Say until when a sheet is kept."""
        return made.made_at + dt.timedelta(days=self.keep)


def imports_of(request: Request) -> Imports:
    """Return what the app that serves the request takes sheets with."""
    found: Imports = request.app.state.imports
    return found


async def require_clerk(snapshot: Snapshot, _: Sight, *, asker: Asker, unit: str) -> None:
    """Raise a 403 Problem for who may not send as a unit, UnknownUnitError for one that isn't known."""
    holder = holder_of(asker, today())
    name = await name_of(snapshot, unit)
    if name is None:
        raise await unknown(snapshot, unit)
    if holder is not None and not await speakers(snapshot, holder, {unit}):
        raise forbidden(Need.SENDING, unit, name)


async def own_import(request: Request, import_: str) -> KeptImport:
    """Find a sheet of the asker's, who must still be clerk where it is for. Raises Problems: 404, 403."""
    asker = who_asks(request)
    kept = await kept_imports.find(access_of(request).reading, import_, asker.account)
    if kept is None:
        raise no_import()
    await reader_of(request).at_once(request, partial(require_clerk, asker=asker, unit=kept.unit))
    return kept


def no_import() -> Problem:
    """Say that an account has no such sheet."""
    return not_found("Không có bảng nhập này của tài khoản này. / This account has no such import.")


async def require_room(request: Request) -> None:
    """Raise a Problem where the asker may keep no more: 429 for sheets, 413 for bytes."""
    try:
        await kept_imports.require_room(access_of(request).reading, who_asks(request).account)
    except FullError as full:
        raise _full(full) from full


async def take(request: Request, unit: str, event_type: str, said: SheetType, sheet: bytes) -> Import:
    """Read a sheet, judge it and keep its rows. Raises Problems: 413 and 422 for a sheet that is refused, 429, 503."""
    imports, reader, asker = imports_of(request), reader_of(request), who_asks(request)
    found = await reader.at_once(request, lambda snapshot, _: units_of(snapshot, unit, MOST_NAMED))
    units = tuple(NamedUnit(*each) for each in found.units)
    asked = SheetQuestion(event_type, units, today(), said.encoding, said.pasted, Bounds())
    async with imports.reading.turn(asker.account):
        read = await imports.read(sheet, asked)
    if isinstance(read, SheetRefused):
        raise not_taken(read)
    if not read.count:
        detail = "Bảng không có hàng nào để nhập. / There is no row in the sheet that could be imported."
        raise Problem(422, "Không nhận bảng", detail, reason="no_rows")
    made_at = dt.datetime.now(VIETNAM).replace(microsecond=0)
    how = JudgedFor(asker, event_type, made_at, imports.root, trying=True)
    judge = partial(judge_all, pages=[(page, {}) for page in read.pages], how=how)
    if read.count > ROWS_A_PAGE:
        judged = _counted(await reader.apart(request, judge))
    else:
        judged = await reader.at_once(request, judge)
    pages = await asyncio.to_thread(_new_pages, read.pages, judged.counts)
    kept = KeptImport(
        kept_imports.new_id(),
        asker.account,
        unit,
        event_type,
        made_at,
        read.count,
        sum(len(page.rows) + len(page.marks) for page in pages),
        ImportTold(read.columns, read.passed_over, read.encoding, read.separator),
        None,
        judged.counts,
    )
    try:
        await kept_imports.add(access_of(request).writing, kept, pages)
    except FullError as full:
        raise _full(full) from full
    except UNWRITTEN as error:
        raise _not_kept() from error
    await _note_named(request, judged.rows)
    return _answer(imports, kept, judged, 0)


def _new_pages(packed: Sequence[bytes], counted: Sequence[Mapping[str, int]]) -> list[NewPage]:
    found = []
    for page, each in zip(packed, counted, strict=True):
        rows = page_unpacked(page)
        found.append(NewPage(rows[0].row, rows[-1].row, page, marks_of(rows), each))
    return found


async def page_shown(request: Request, kept: KeptImport, page: int, only: int | None = None) -> Import:
    """Answer a page of a sheet as it is judged now; with ``only`` that row alone of it, and its counts are kept."""
    imports, access, asker = imports_of(request), access_of(request), who_asks(request)
    found = await kept_imports.page_of(access.reading, kept.id, page)
    if found is None:
        raise no_import() if page == 0 else bad_parameter("cursor", "cần đúng giá trị “next” của trang trước")
    marks = await kept_imports.marks_before(access.reading, kept.id, page)
    sent = None
    if kept.receipt is not None:
        sent = await kept_receipts.find(access.reading, kept.receipt, asker.account, page)
    how = JudgedFor(asker, kept.type, kept.made_at, imports.root, trying=True)
    compute = partial(_page_judged, found=found, marks=marks, sent=sent, how=how)
    rows, counted, position = await reader_of(request).at_once(request, compute)
    await _note_named(request, rows)
    all_counts = [*kept.counts]
    all_counts[page] = counted
    if only is not None:
        rows = [row for row in rows if row.row == only]
        with suppress(*UNWRITTEN):
            await kept_imports.counted(access.writing, kept.id, page, counted)
    return _answer(imports, kept, RowsCounted(all_counts, rows, position), page if only is None else kept.pages)


async def _note_named(request: Request, rows: Sequence[ImportRow]) -> None:
    """Write into the audit log that events of the log are named beside rows. Raises a 503 Problem where it can't."""
    told = [row.sent for row in rows if isinstance(row.sent, SentItem)]
    tried = [SentItem(row.row, None, None, row.status, None, suspicious=row.suspicious) for row in rows]
    await note_named(request, [*told, *tried])


async def _page_judged(
    snapshot: Snapshot, _: Sight, *, found: KeptPage, marks: Sequence[bytes], sent: KeptReceipt | None, how: JudgedFor
) -> tuple[list[ImportRow], dict[str, int], int]:
    judged, rows = await rows_now(snapshot, PageOfRows(found.rows, found.choices), sent, Earlier(marks), how)
    return rows, counts(judged), snapshot.position


def _answer(
    imports: Imports,
    kept: KeptImport,
    judged: RowsCounted,
    page: int,
) -> Import:
    """Write a page of a sheet; ``judged`` has its rows, and the counts of all pages."""
    return Import(
        import_=kept.id,
        unit=kept.unit,
        type=kept.type,
        made_at=kept.made_at,
        until=imports.until(kept),
        encoding=kept.told.encoding,
        separator=kept.told.separator,
        columns=kept.told.columns,
        passed_over=kept.told.passed_over,
        counts=counts_of(judged.counts),
        rows=judged.rows,
        next=cursor_of(page + 1 if page + 1 < kept.pages else None),
        receipt=kept.receipt,
        position=judged.position,
    )


async def mend(request: Request, kept: KeptImport, row: int, mending: Mending) -> Import:
    """Mend a row and answer with it. Raises Problems: 404 for no such row, 409 for one that was sent, 422."""
    access = access_of(request)
    changed = _by_names(kept.type, mending.cells)
    seen = await kept_imports.page_of_row(access.reading, kept.id, row)
    at = None if seen is None else next((n for n, each in enumerate(seen.rows) if each.row == row), None)
    if seen is None or at is None:
        raise not_found(f"Bảng không có hàng {row} để nhập. / The sheet has no such row to be imported.")
    units = await _units_meant(request, kept, seen.rows[at], changed) if changed else []
    try:
        async with access.writing.acquire() as connection, connection.transaction():
            if not await kept_imports.may_change(connection, kept.id):
                raise being_sent()
            page = await kept_imports.page_for_update(connection, kept.id, seen.page)
            if page is None:
                raise no_import()
            await _require_unsent(connection, kept, page.page, at)
            if changed:
                page.rows[at] = _mended(kept.type, page.rows[at], changed, units)
            _decide(page, row, mending)
            await kept_imports.change(connection, kept.id, page, marks_of(page.rows))
    except UNWRITTEN as error:
        raise _not_kept() from error
    return await page_shown(request, kept, seen.page, only=row)


def _by_names(event_type: str, cells: Mapping[str, str]) -> dict[str, str]:
    """Give texts by the names of columns, which may be called by their heads. Raises a 422 Problem."""
    columns = columns_of(event_type)
    changed: dict[str, str] = {}
    for name, text in cells.items():
        column = columns.named.get(name) or columns.of_head(name)
        if column is None:
            raise bad_parameter(
                "cells", f"không có cột này; có / no such column; there are: {', '.join(columns.named)}"
            )
        changed[column.name] = text
    return changed


def _named_by_id(event_type: str, before: ReadRow, changed: Mapping[str, str]) -> dict[str, str]:
    """Give the units that a row names and that are not changed, by their ids: they need not be looked up again."""
    if before.draft is None:
        return {}
    known = {**before.draft.data, UNIT: before.draft.unit}
    of_units = (each.name for each in columns_of(event_type).all if each.kind in _OF_UNITS)
    return {name: known[name] for name in of_units if name in known and name not in changed}


def _mended(event_type: str, before: ReadRow, changed: Mapping[str, str], units: Sequence[NamedUnit]) -> ReadRow:
    by_id = _named_by_id(event_type, before, changed)
    known = [*units, *[NamedUnit(each, "") for each in by_id.values()]]
    try:
        read = read_again(event_type, before.row, {**before.cells, **changed, **by_id}, UnitFinder(known), today())
    except CellRefusedError as error:
        raise bad_parameter("cells", str(error.detail)) from error
    return msgspec.structs.replace(read, cells=read.cells | {name: before.cells[name] for name in by_id})


def _decide(page: KeptPage, row: int, mending: Mending) -> None:
    for name, said in ((AGAIN, mending.again), (REPLACE, mending.replace)):
        if said is UNSET:
            continue
        if said:
            page.choices[row] = name
        elif page.choices.get(row) == name:
            del page.choices[row]


async def _units_meant(
    request: Request, kept: KeptImport, before: ReadRow, changed: Mapping[str, str]
) -> list[NamedUnit]:
    """Return the units among which the texts of a row name one: those whose ids they are, or else all."""
    reader, by_id = reader_of(request), _named_by_id(kept.type, before, changed)
    cells = {**before.cells, **changed}
    of_units = [each.name for each in columns_of(kept.type).all if each.kind in _OF_UNITS and each.name not in by_id]
    texts = [cells[name].strip() for name in of_units if name in cells]
    meant = [{text, text.lower(), text.rpartition(BETWEEN.strip())[2].strip()} for text in texts]
    ids = set[str]().union(*meant)
    found = await reader.at_once(request, lambda snapshot, _: those_below(snapshot, kept.unit, ids))
    if not all(each & {id_ for id_, _ in found} for each in meant):
        found = (await reader.at_once(request, lambda snapshot, _: units_of(snapshot, kept.unit, MOST_NAMED))).units
    return [NamedUnit(*each) for each in found]


async def _require_unsent(connection: PoolConnectionProxy[Record], kept: KeptImport, page: int, at: int) -> None:
    """Raise a 409 Problem for a row that was sent, or may have been."""
    sent = await kept_receipts.of_import(connection, kept.id, page)
    if sent is None or sent.items is None:
        return
    item = sent.items[at]
    if item.status == ACCEPTED:
        detail = (
            "Hàng này đã gửi: hãy thu hồi hoặc thay sự kiện đó. / "
            "This row was sent: take the event back, or replace it."
        )
        raise Problem(409, "Đã gửi", detail, publisher=item.publisher, id=item.id)
    if item.status == UNSENT and (item.detail or not sent.answered):
        detail = "Chưa rõ hàng này đã gửi hay chưa: hãy gửi lại bảng trước. / It may have been sent: send again first."
        raise Problem(409, "Chưa rõ", detail)


def being_sent() -> Problem:
    """Say that a sheet is being sent just now."""
    detail = "Bảng này đang được gửi; hãy đợi. / This sheet is being sent just now: wait for it."
    return Problem(409, "Đang gửi", detail)


def _full(full: FullError) -> Problem:
    if full.bytes:
        detail = (
            f"Các bảng nhập còn giữ của tài khoản này dài quá {kept_imports.MOST_BYTES} byte: hãy xóa bớt (DELETE "
            "/v1/imports/…). / The sheets that are kept for this account take too much: delete some."
        )
        return Problem(413, "Hết chỗ", detail)
    detail = (
        f"Tài khoản này đã có {kept_imports.MOST_KEPT} bảng nhập còn giữ: hãy xóa bớt (DELETE /v1/imports/…). / "
        "That many sheets are kept for this account: delete some."
    )
    return Problem(429, "Hết chỗ", detail, again=SENDING.again)


def _not_kept() -> Problem:
    return not_ready("Không ghi được bảng nhập; hãy gửi lại sau. / The sheet can't be kept: send it again.")
