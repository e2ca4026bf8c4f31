"""Show in the terminal who said nothing, who declared zero, whose totals differ, and who admitted nobody."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.cli.words import LEVELS, MEASURES, day, number, say

_LISTS = {
    "silent": "Chưa báo cáo / said nothing",
    "declared_zero": "Báo không phát sinh / declared zero",
    "differing": "Số khai báo khác số đếm được / declared differs from counted",
    "admitted_nobody": "Không kết nạp đảng viên nào / admitted nobody",
}


def silence(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the four lists, each with how many there are; silence is never shown as zero."""
    unit = answer["unit"]
    of_level = f", {say(LEVELS, answer['level'])}" if answer["level"] else ""
    parts: list[RenderableType] = [
        Text.assemble((unit["name"], "bold"), f"  {unit['id']}, {say(LEVELS, unit['level'])}"),
        Text(f"Từ {day(answer['from'])} đến {day(answer['to'])}{of_level}"),
        Text(f"Đã xét {number(answer['asked'])} đơn vị / units looked at"),
    ]
    for name, heading in _LISTS.items():
        parts += _list(name, heading, answer[name])
    parts.append(Text(f"\nVị trí trong nhật ký / position {answer['position']}", style="dim"))
    return Group(*parts)


def _list(name: str, heading: str, page: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield Text(f"\n{heading}: {number(page['count'])}", style="bold")
    if name == "differing":
        if page["figures"]:
            yield _differing(page["figures"])
    elif page["units"]:
        yield _units(page["units"])
    if page["next"]:
        yield Text(f"còn nữa / more: --list {name} --cursor {page['next']}", style="dim")


def _units(rows: list[dict[str, Any]]) -> Table:
    table = Table("Đơn vị", "Cấp / level", show_edge=False, pad_edge=False)
    if "figures" not in rows[0]:
        for unit in rows:
            table.add_row(_unit(unit), say(LEVELS, unit["level"]))
        return table
    table.add_column("Không phát sinh / nothing to report")
    for row in rows:
        zeros = "\n".join(f"{MEASURES[zero['figure']]}, {_period(zero)}" for zero in row["figures"])
        table.add_row(_unit(row["unit"]), say(LEVELS, row["unit"]["level"]), zeros)
    return table


def _differing(rows: list[dict[str, Any]]) -> Table:
    table = Table("Đơn vị", "Chỉ tiêu", "Kỳ", show_edge=False, pad_edge=False)
    for heading in ("Khai báo / declared", "Đếm được / counted", "Chênh / differ"):
        table.add_column(heading, justify="right")
    for row in rows:
        numbers = (number(row[key]) for key in ("declared", "counted", "difference"))
        table.add_row(_unit(row["unit"]), MEASURES[row["figure"]], _period(row), *numbers)
    return table


def _unit(unit: Mapping[str, Any]) -> str:
    return f"{escape(unit['name'])} [dim]{escape(unit['id'])}[/]"


def _period(of: Mapping[str, Any]) -> str:
    return f"{day(of['from'])} - {day(of['to'])}"
