"""Show in the terminal who said nothing, who declared zero, whose totals differ, and who admitted nobody."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.screen import Column, Sheet, named, whole
from services.cli.views.reports import heading_of, period
from services.cli.views.shared import behind
from services.cli.words import LEVELS, MEASURES, days, number, position, say, word
from services.language import either

_LISTS = {
    "silent": ("Chưa báo cáo", "Said nothing"),
    "only_zero": ("Chỉ báo không phát sinh", "Declared zero and nothing else"),
    "declared_zero": ("Báo không phát sinh", "Declared zero"),
    "differing": ("Số khai báo khác số đếm được", "Declared differs from counted"),
    "admitted_nobody": ("Không kết nạp đảng viên nào", "Admitted nobody"),
}


def silence(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the lists, each with how many there are; silence is never shown as zero."""
    of_level = f", {say(LEVELS, answer['level'])}" if answer["level"] else ""
    asked = number(answer["asked"])
    parts: list[RenderableType] = [
        heading_of(answer["unit"]),
        Text(f"{period(answer)}{of_level}"),
        Text(either(f"Đã xét {asked} đơn vị", f"{asked} units were looked at")),
    ]
    for name, heading in _LISTS.items():
        parts += _list(name, either(*heading), answer[name])
    parts += [Text(), *behind(answer), Text(position(answer["position"]), style="dim")]
    return Group(*parts)


def _list(name: str, heading: str, page: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield Text(f"\n{heading}: {number(page['count'])}", style="bold")
    if name == "differing":
        if page["figures"]:
            yield _differing(page["figures"])
    elif page["units"]:
        yield _units(page["units"])
    if page["next"]:
        yield whole(either("còn nữa: ", "more: ") + f"--list {name} --cursor {page['next']}", "dim")


def _units(rows: list[dict[str, Any]]) -> Sheet:
    columns = [Column(either("Đơn vị", "Unit"), words=True), Column(either("Cấp", "Level"))]
    if "figures" not in rows[0]:
        sheet = Sheet(*columns)
        for unit in rows:
            sheet.add(named(unit), say(LEVELS, unit["level"]))
        return sheet
    sheet = Sheet(*columns, Column(either("Không phát sinh", "Nothing to report"), words=True))
    for row in rows:
        zeros = "\n".join(f"{word(MEASURES, zero['figure'])}, {days(zero)}" for zero in row["figures"])
        sheet.add(named(row["unit"]), say(LEVELS, row["unit"]["level"]), zeros)
    return sheet


def _differing(rows: list[dict[str, Any]]) -> Sheet:
    sheet = Sheet(
        Column(either("Đơn vị", "Unit"), words=True),
        either("Nội dung", "Measure"),
        either("Kỳ", "Period"),
        Column(either("Khai báo", "Declared"), "right"),
        Column(either("Đếm được", "Counted"), "right"),
        Column(either("Chênh", "Differ by"), "right"),
    )
    for row in rows:
        numbers = (number(row[key]) for key in ("declared", "counted", "difference"))
        sheet.add(named(row["unit"]), word(MEASURES, row["figure"]), days(row), *numbers)
    return sheet
