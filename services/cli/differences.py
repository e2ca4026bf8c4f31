"""Show in the terminal why two totals differ: from the one to the other, contribution by contribution."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.cli.words import BASES, LEVELS, MEASURES, day, number, say

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
    table = Table("", "Nội dung", show_edge=False, pad_edge=False)
    for name in measures:
        table.add_column(MEASURES.get(name, name), justify="right", no_wrap=True)
    same_basis = answer["basis"] == answer["against"]
    for side in ("", "against_"):
        basis = answer["against" if side else "basis"]
        where = f"vị trí / position {answer[side + 'position']}" if same_basis else say(BASES, basis)
        table.add_row("Tổng / total", where, *(number(answer[side + "total"][name]) for name in measures), style="bold")
        if not side:
            table.add_section()
            _changes(table, answer, measures)
            table.add_section()
    above = Text.assemble((answer["unit"]["name"], "bold"), f"  {answer['unit']['id']}, ")
    above.append(say(LEVELS, answer["unit"]["level"]))
    period = Text(f"Từ {day(answer['from'])} đến {day(answer['to'])}, {say(BASES, answer['basis'])}")
    verdict = (
        Text("Đã đối chiếu khớp. / Reconciled.", style="green")
        if answer["reconciled"]
        else Text("Chưa đối chiếu khớp! / Not reconciled!", style="red")
    )
    return Group(above, period, Text(), table, Text(), verdict)


def _changes(table: Table, answer: Mapping[str, Any], measures: list[str]) -> None:
    for one in answer["contributions"]:
        table.add_row(
            say(_CHANGES, one["change"]), _what(one), *(_signed(one["values"].get(name, 0)) for name in measures)
        )
    if rest := answer["rest"]:
        what = f"{number(rest['count'])} thay đổi khác / others"
        table.add_row("", what, *(_signed(rest["values"][name]) for name in measures), style="dim")


def _what(one: Mapping[str, Any]) -> str:
    if unit := one.get("unit"):
        days = f"{day(one['from'])} - {day(one['to'])}"
        return f"{escape(unit['name'])} [dim]{escape(unit['id'])}[/], {days}"
    return "\n".join(escape(f"{e['type']} {e['publisher']} {e['id']}") for e in one.get("said", ()))


def _signed(value: int) -> str:
    return f"+{number(value)}" if value > 0 else number(value)
