"""Show units through time: the tree on a day, the history of a unit, and why two totals differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from projections.answers.words.basis_words import BASES
from services.cli.screen import Column, Sheet, named, shown
from services.cli.views.reports import heading_of, period
from services.cli.words import LEVELS, MEASURES, day, days, number, position, say, word
from services.language import either

_CHANGES = {
    "moved_in": "chuyển về",
    "moved_out": "chuyển đi",
    "counted": "tính thêm",
    "retracted": "rút lại",
    "reorganised": "sắp xếp tổ chức",
}


def tree(answer: Mapping[str, Any]) -> RenderableType:
    """Draw the tree, and say where it is cut."""
    drawn = Tree(_label(answer["tree"]), guide_style="dim")
    pending = [(drawn, child) for child in answer["tree"]["children"]]
    for upper, unit in pending:  # grows while it is walked
        branch = upper.add(_label(unit))
        pending += [(branch, child) for child in unit["children"]]
    if answer["complete"]:
        return Group(drawn, _position(answer))
    cut = either(
        f"Quá nhiều đơn vị, chỉ vẽ {answer['depth']} bậc.", f"Too many units: {answer['depth']} steps are drawn."
    )
    return Group(drawn, Text(cut, style="yellow"), _position(answer))


def history(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out all that is known of a unit through time, each line with the events that said so."""
    founded, dissolved = answer["founded"], answer["dissolved"]
    sheet = Sheet(
        "",
        either("Từ ngày", "Since"),
        either("Đến trước ngày", "Until before"),
        Column(either("Nội dung", "What"), words=True),
        either("Theo sự kiện", "Said by"),
    )
    sheet.add(either("Thành lập", "Established"), day(founded["since"]), "", "", _said([founded["said"]]))
    for name in answer["names"]:
        sheet.add(either("Tên", "Name"), *_days(name), shown(name["name"]), _said(name["said"]))
    for level in answer["levels"]:
        sheet.add(either("Cấp", "Level"), *_days(level), say(LEVELS, level["level"]), _said(level["said"]))
    for parent in answer["parents"]:
        if parent["parent"] is not None:
            upper = named(parent["parent"])
            if parent["raw"]:
                upper.append(either(" (thay cho ", " (stands in for "), "dim").append_text(named(parent["raw"]))
                upper.append(")", "dim")
            sheet.add(either("Trực thuộc", "Parent"), *_days(parent), upper, _said(parent["said"]))
    for heading, told in (
        (either("Nhận từ", "Predecessor"), answer["predecessors"]),
        (either("Giao cho", "Successor"), answer["successors"]),
    ):
        for one in told:
            what = named(one["unit"])
            if one["child"]:
                what = named(one["child"]).append(" ⇄ ", "dim").append_text(what)
            sheet.add(heading, day(one["since"]), "", what, _said(one["said"]))
    if dissolved is not None:
        sheet.add(either("Giải thể", "Dissolved"), day(dissolved["since"]), "", "", _said([dissolved["said"]]))
    return Group(heading_of(answer), Text(), sheet, Text(), _position(answer))


def _label(unit: Mapping[str, Any]) -> Text:
    return named(unit).append(f" {say(LEVELS, unit['level'])}", "dim")


def _days(span: Mapping[str, Any]) -> tuple[str, str]:
    return day(span["since"]), day(span["until"]) if span["until"] else ""


def _said(events: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"{event['publisher']} {event['id']}" for event in events)


def _position(answer: Mapping[str, Any]) -> Text:
    return Text(position(answer["position"]), style="dim")


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
        return named(unit).append(f", {days(one)}")
    return Text("\n".join(f"{e['type']} {e['publisher']} {e['id']}" for e in one.get("said", ())))


def _signed(value: int) -> str:
    return f"+{number(value)}" if value > 0 else number(value)
