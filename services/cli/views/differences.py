"""Show in the terminal why two totals differ: from the one to the other, contribution by contribution."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.language import either
from services.cli.screen import Column, Sheet, named
from services.cli.views.reports import heading_of, period
from services.cli.words import BASES, MEASURES, day, number, position, say, word

_CHANGES = {
    "moved_in": "chuyển về",
    "moved_out": "chuyển đi",
    "counted": "tính thêm",
    "retracted": "rút lại",
    "reorganised": "sắp xếp tổ chức",
}


def difference(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the first total, all that changed it, and the second."""
    measures = list(answer["total"])
    sheet = Sheet(
        Column("", words=True),
        Column(either("Nội dung", "What"), words=True),
        *(Column(word(MEASURES, name), "right") for name in measures),
    )
    same_basis = answer["basis"] == answer["against"]
    for side in ("", "against_"):
        basis = answer["against" if side else "basis"]
        where = position(answer[side + "position"]) if same_basis else say(BASES, basis)
        totals = (number(answer[side + "total"][name]) for name in measures)
        sheet.add(either("Tổng", "Total"), where, *totals, style="bold")
        if not side:
            sheet.section()
            _changes(sheet, answer, measures)
            sheet.section()
    verdict = (
        Text(either("Đã đối chiếu khớp.", "Reconciled."), style="green")
        if answer["reconciled"]
        else Text(either("Chưa đối chiếu khớp!", "Not reconciled!"), style="red")
    )
    above = Text(f"{period(answer)}, {say(BASES, answer['basis'])}")
    return Group(heading_of(answer["unit"]), above, Text(), sheet, Text(), verdict)


def _changes(sheet: Sheet, answer: Mapping[str, Any], measures: list[str]) -> None:
    for one in answer["contributions"]:
        values = (_signed(one["values"].get(name, 0)) for name in measures)
        sheet.add(say(_CHANGES, one["change"]), _what(one), *values)
    if rest := answer["rest"]:
        what = either(f"{number(rest['count'])} thay đổi khác", f"{number(rest['count'])} other changes")
        sheet.add("", what, *(_signed(rest["values"][name]) for name in measures), style="dim")


def _what(one: Mapping[str, Any]) -> Text:
    if unit := one.get("unit"):
        return named(unit).append(f", {day(one['from'])} - {day(one['to'])}")
    return Text("\n".join(f"{e['type']} {e['publisher']} {e['id']}" for e in one.get("said", ())))


def _signed(value: int) -> str:
    return f"+{number(value)}" if value > 0 else number(value)
