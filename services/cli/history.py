"""Show units through time in the terminal: the tree on a day, the history of a unit."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from services.cli.words import LEVELS, day, say


def tree(answer: Mapping[str, Any]) -> RenderableType:
    """Draw the tree, and say where it is cut."""
    drawn = Tree(_label(answer["tree"]), guide_style="dim")
    pending = [(drawn, child) for child in answer["tree"]["children"]]
    for upper, unit in pending:  # grows while it is walked
        branch = upper.add(_label(unit))
        pending += [(branch, child) for child in unit["children"]]
    if answer["complete"]:
        return Group(drawn, _position(answer))
    cut = f"Quá nhiều đơn vị, chỉ vẽ {answer['depth']} bậc. / Too many units: {answer['depth']} steps drawn."
    return Group(drawn, Text(cut, style="yellow"), _position(answer))


def history(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out all that is known of a unit through time, each line with the events that said so."""
    founded, dissolved = answer["founded"], answer["dissolved"]
    table = Table("", "Từ ngày", "Đến trước ngày", "Nội dung", "Theo sự kiện", show_edge=False, pad_edge=False)
    table.add_row("Thành lập / founded", day(founded["since"]), "", "", _said([founded["said"]]))
    for name in answer["names"]:
        table.add_row("Tên / name", *_days(name), escape(name["name"]), _said(name["said"]))
    for level in answer["levels"]:
        table.add_row("Cấp / level", *_days(level), say(LEVELS, level["level"]), _said(level["said"]))
    for parent in answer["parents"]:
        if parent["parent"] is not None:
            stands_in = f" [dim](thay / for {_unit(parent['raw'])})[/]" if parent["raw"] else ""
            table.add_row(
                "Trực thuộc / parent", *_days(parent), _unit(parent["parent"]) + stands_in, _said(parent["said"])
            )
    for heading, told in (
        ("Nhận từ / predecessor", answer["predecessors"]),
        ("Giao cho / successor", answer["successors"]),
    ):
        for one in told:
            what = f"{_unit(one['child'])} [dim]⇄[/] {_unit(one['unit'])}" if one["child"] else _unit(one["unit"])
            table.add_row(heading, day(one["since"]), "", what, _said(one["said"]))
    if dissolved is not None:
        table.add_row("Giải thể / dissolved", day(dissolved["since"]), "", "", _said([dissolved["said"]]))
    above = Text.assemble((answer["name"], "bold"), f"  {answer['id']}, {say(LEVELS, answer['level'])}")
    return Group(above, Text(), table, Text(), _position(answer))


def _label(unit: Mapping[str, Any]) -> str:
    return f"{_unit(unit)} [dim]{escape(say(LEVELS, unit['level']))}[/]"


def _unit(unit: Mapping[str, Any]) -> str:
    return f"{escape(unit['name'])} [dim]{escape(unit['id'])}[/]"


def _days(span: Mapping[str, Any]) -> tuple[str, str]:
    return day(span["since"]), day(span["until"]) if span["until"] else ""


def _said(events: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(escape(f"{event['publisher']} {event['id']}") for event in events)


def _position(answer: Mapping[str, Any]) -> Text:
    return Text(f"Vị trí trong nhật ký / position {answer['position']}", style="dim")
