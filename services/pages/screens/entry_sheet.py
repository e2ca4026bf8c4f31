"""Many facts at once: pasted or uploaded, looked at row by row, mended in place, sent (contract, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from projections.answers.report.report_answers import UnitDay
from services.import_answers import Import, ImportHead, ImportList, ImportRow
from services.pages.asking import ProblemSaid, RefusedPage, ask, path_of
from services.pages.entry import units
from services.pages.entry.answers import SheetRefusal
from services.pages.entry.facts import TYPES, Field, Option, read_fact
from services.pages.entry.parts import parts_of
from services.pages.entry.saying import WAIT
from services.pages.entry.uploading import CELLS, FILE, SheetComing
from services.pages.form_fields import fields_of, proof_in
from services.pages.me import WhoAsks
from services.pages.page import Page
from services.pages.paging import NUMBER
from services.pages.periods import today
from services.send_answers import ACCEPTED, SentAnswer
from services.sheets.bounds import MAX_FILE
from services.sheets.columns import SheetColumn, columns_of

MANY: Final = "/nhap/nhieu"
UPLOAD: Final = "/nhap/tai-len"
SHEETS: Final = "/nhap/bang"
SHEET: Final = "/nhap/bang/{import}"
PASTED: Final = "text/tab-separated-values"
ANY_FILE: Final = "application/octet-stream"
LISTED: Final = 100
TO_MEND: Final = frozenset({"refused", "differs", "taken_back"})
"""Rows that are not sent as they are."""
SENDABLE: Final = frozenset({"ready", "suspicious", "will_wait"})
"""Rows that are sent as they are."""
NOT_HIS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""Refusals that no other sheet would change."""
CHOICES: Final = ("again", "replace")
ALL, MEND = "tat-ca", "can-sua"
_MOST_FORM: Final = MAX_FILE + 256 * 1024


class SheetColumnShown(NamedTuple):
    """A column of a sheet that is pasted: its name, its head, the words that may stand in it, and what may head it."""

    name: str
    head: str
    required: bool
    codes: tuple[str, ...]
    heads: tuple[str, ...]


async def many(page: Page) -> Response:
    """Show where cells are pasted and a file is chosen, for a type and a unit."""
    me = await units.clerk(page)
    event_type = _type(page)
    return _many(page, me, await units.shown(page, page.query.get("unit", "")), event_type)


async def upload(page: Page) -> Response:
    """Hand a sheet on as it comes; where it is refused, say why beside what was pasted."""
    page.require_own()
    me = await units.clerk(page)
    event_type, unit = _type(page), page.query.get("unit", "")
    pasted = page.query.get("dan") == "1"
    length = page.request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > _MOST_FORM:
        title = page.gettext("Quá dài")
        detail = page.gettext("Tệp quá 20 MB: hãy chia thành nhiều tệp.")
        raise RefusedPage(ProblemSaid(title, detail, HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
    coming = SheetComing(page.request, CELLS if pasted else FILE)
    try:
        page.asking.proof = proof_in(await coming.proof())
        came = await page.asking.send(
            "POST",
            path_of("units", unit, "imports"),
            coming.pieces(),
            PASTED if pasted else ANY_FILE,
            parameters={"type": event_type},
        )
    except ClientDisconnect:
        return Response(None, HTTPStatus.BAD_REQUEST)
    except RefusedPage as refused:
        if refused.said.status in NOT_HIS and not coming.broken:
            raise
        said, refusal = _why(page, coming, refused)
        return _many(
            page, me, await units.shown(page, unit), event_type, said=said, refusal=refusal, cells=coming.typed
        )
    made = msgspec.json.decode(came.body, type=Import)
    return page.redirect(f"{SHEETS}/{made.import_}")


async def sheet(page: Page) -> Response:
    """Show a sheet as it stands: what would become of each row, those to be mended first."""
    me = await units.clerk(page)
    found = await _import(page)
    unit = await units.shown(page, found.unit)
    mends = any(row.status in TO_MEND and not _is_sent(row) for row in found.rows)
    which = page.query.get("loc") or (MEND if mends else ALL)
    rows = [row for row in found.rows if _is_shown(row, which)]
    part = parts_of(page, rows)
    shown = part.rows
    opened = _whole(page.query.get("hang", "")) or next(
        (row.row for row in shown if row.status in TO_MEND and not _is_sent(row)), 0
    )
    columns = columns_of(found.type)
    sendable = sum(found.counts.get(status, 0) for status in SENDABLE) + sum(
        row.status in TO_MEND and bool(row.again or row.replace) for row in found.rows
    )
    return page.draw(
        "entry/sheet.html",
        me=me,
        sheet=found,
        unit=unit,
        rows=shown,
        part=part,
        which=which,
        opened=opened,
        heads=[(each.name, _head(page, columns.named[each.name])) for each in found.columns],
        fields={row.row: _fields(page, found, row) for row in shown if row.row == opened},
        sendable=sendable,
        to_mend=_to_mend(found.counts),
        others={status: count for status, count in found.counts.items() if count and status not in TO_MEND},
        is_sent=_is_sent,
        choices={"taken_back": "again", "differs": "replace"},
        total=sum(found.counts.values()),
    )


async def mend(page: Page) -> Response:
    """Mend a row, and go on to the next one that is to be mended."""
    given = await fields_of(page)
    await units.clerk(page)
    cells = {name.removeprefix("c."): text for name, text in given.items() if name.startswith("c.")}
    chosen = {name: given.get("choice") == name for name in CHOICES if "choice" in given}
    body = msgspec.json.encode({"cells": cells, **chosen})
    path = path_of("imports", page.part("import"), "rows", page.part("row"))
    came = await page.asking.send("PATCH", path, body)
    row = next(iter(msgspec.json.decode(came.body, type=Import).rows), None)
    still = row is not None and row.status in TO_MEND and not (row.again or row.replace)
    kept = {name: given[name] for name in ("cursor", NUMBER) if given.get(name)}
    where = page.link(f"{SHEETS}/{page.part('import')}", **kept, hang=page.part("row") if still else None)
    return page.redirect(f"{where}#hang-{page.part('row')}" if still else f"{where}#hang-mo")


async def send(page: Page) -> Response:
    """Send what is left of a sheet that can be sent."""
    await fields_of(page)
    await units.clerk(page)
    path = path_of("imports", page.part("import"), "send")
    came = await page.asking.send("POST", path, headers={"prefer": WAIT})
    answer = msgspec.json.decode(came.body, type=SentAnswer)
    return page.redirect(f"/phieu/{answer.receipt}" if answer.receipt else f"{SHEETS}/{page.part('import')}?gui=0")


async def delete(page: Page) -> Response:
    """Throw a sheet away; what was sent of it stays sent."""
    await fields_of(page)
    await units.clerk(page)
    await page.asking.send("DELETE", path_of("imports", page.part("import")))
    return page.redirect("/nhap")


async def listed(page: Page) -> Response:
    """List one's own sheets: those that are not sent yet first."""
    me = await units.clerk(page)
    kept = await page.asking.one(ask(path_of("imports"), ImportList, limit=LISTED, cursor=page.query.get("cursor")))
    unsent: list[ImportHead] = [each for each in kept.imports if each.receipt is None]
    sent: list[ImportHead] = [each for each in kept.imports if each.receipt is not None]
    names = await units.named(page, (each.unit for each in kept.imports))
    return page.draw("entry/sheets.html", me=me, kept=kept, unsent=unsent, sent=sent, names=names, to_mend=_to_mend)


def _many(
    page: Page,
    me: WhoAsks,
    unit: UnitDay,
    event_type: str,
    *,
    said: ProblemSaid | None = None,
    refusal: SheetRefusal | None = None,
    cells: str = "",
) -> Response:
    of_type = columns_of(event_type)
    columns = [
        SheetColumnShown(
            each.name,
            _head(page, each),
            each.required,
            tuple(code.word for code in each.codes),
            tuple(head for head, of in of_type.heads.items() if of is each),
        )
        for each in of_type.all
    ]
    return page.draw(
        "entry/many.html",
        200 if said is None else said.status,
        me=me,
        unit=unit,
        type=event_type,
        columns=columns,
        said=said,
        refusal=refusal,
        cells=cells or "\t".join(each.head for each in columns) + "\n",
        most=MAX_FILE,
    )


def _why(page: Page, coming: SheetComing, refused: RefusedPage) -> tuple[ProblemSaid, SheetRefusal]:
    """Say why a sheet is not taken, in words of the page's language."""
    title = page.gettext("Chưa nhận bảng này")
    if coming.broken or (not coming.length and refused.said.status == HTTPStatus.UNPROCESSABLE_ENTITY):
        detail = page.gettext("Chưa có gì để đọc: hãy chọn tệp, hoặc dán các ô, rồi gửi.")
        return ProblemSaid(title, detail, HTTPStatus.UNPROCESSABLE_ENTITY), SheetRefusal()
    try:
        refusal = msgspec.json.decode(refused.body, type=SheetRefusal)
    except msgspec.DecodeError:
        refusal = SheetRefusal()
    return refused.said.told(page.language), refusal


async def _import(page: Page) -> Import:
    question = ask(path_of("imports", page.part("import")), Import, cursor=page.query.get("cursor"))
    return await page.asking.one(question)


def _type(page: Page) -> str:
    given = page.query.get("type", "")
    if given in TYPES:
        return given
    raise RefusedPage.unfit("type", page.gettext("Hãy chọn loại sự việc ở trang nhập số liệu."))


def _head(page: Page, column: SheetColumn) -> str:
    return column.name.replace("_", " ").capitalize() if page.language == "en" else column.head


def _fields(page: Page, found: Import, row: ImportRow) -> list[Field]:
    """Write the fields of a row that is opened to be mended, the unit's first."""
    cells: Mapping[str, Any] = row.cells
    fact = read_fact(found.type, found.unit, cells, page.texts, today())
    told = page.said(row.detail or "")
    fact = fact._replace(faults={**fact.faults, row.column: told} if row.column and told else fact.faults)
    unit = columns_of(found.type).named["unit"]
    fault = fact.faults.get(unit.name)
    of_unit = Field(
        *(unit.name, unit.kind, _head(page, unit), unit.meaning, True, False, str(cells.get("unit", "")), (), False),
        fault,
    )
    return [of_unit, *(_with_typed(each) for each in fact.fields(page.texts))]


def _with_typed(field: Field) -> Field:
    """Offer what was typed where it is no code, so that it is seen, and changed."""
    if field.kind != "code" or not field.text or field.text in {each.code for each in field.choices}:
        return field._replace(radios=False)
    return field._replace(radios=False, choices=(Option(field.text, field.text), *field.choices))


def _is_shown(row: ImportRow, which: str) -> bool:
    if which == MEND:
        return row.status in TO_MEND and not _is_sent(row)
    return which in {ALL, row.status}


def _to_mend(counts: Mapping[str, int]) -> int:
    """Count the rows that are not sent as they are."""
    return sum(counts.get(status, 0) for status in TO_MEND)


def _is_sent(row: ImportRow) -> bool:
    return row.sent is not UNSET and row.sent.status == ACCEPTED


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len("10000000") else 0


SCREENS: Final = {
    MANY: many,
    f"POST {UPLOAD}": upload,
    SHEETS: listed,
    SHEET: sheet,
    f"POST {SHEET}/hang/{{row}}": mend,
    f"POST {SHEET}/gui": send,
    f"POST {SHEET}/xoa": delete,
}
