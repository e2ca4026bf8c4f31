"""How a cell is shown where people read it: numbers, percentages, days and codes in Vietnamese, in one place.

Nothing is rounded and nothing is left out: what is shown is what the JSON says, in other signs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from events.names import harmless
from events.words import CODES, DIMENSIONS, LEVELS, MEASURES, STOCKS, TYPES
from projections.answers.tables.answer_table import KIND, AnswerTable, Cell, Kept
from projections.answers.words.basis_words import BASES
from projections.answers.words.vietnamese_format import VIETNAM, day, days, number

HIDDEN_TEXT: Final = "ẩn"
"""What stands in a cell whose number is kept from being seen; an empty one has no number."""
PERCENTS: Final = frozenset({"percent", "attainment.at_least", "attainment.at_most"})
"""The columns whose numbers are percentages, without what is before them in another."""

KINDS: Final[Mapping[str, str]] = {
    "row": "",
    "own": "Của chính đơn vị",
    "rest": "Còn lại",
    "suppressed": "Các ô bị ẩn",
    "total": "Tổng cộng",
    "target": "Chỉ tiêu của đơn vị",
    "child": "Chỉ tiêu của đơn vị trực thuộc",
    "against": "Tổng được so sánh",
    "difference": "Chênh lệch",
}
"""What rows are, where that is said of each."""
_WAYS: Final[Mapping[str, str]] = {
    "declared": "đã khai báo",
    "counted": "đã đếm",
    "target": "chỉ tiêu",
    "opening_and_flows": "số đầu kỳ và biến động",
    "count": "đếm sự kiện",
    "children": "cộng các đơn vị trực thuộc",
    "units": "đếm đơn vị trực thuộc",
}
_CHANGES: Final[Mapping[str, str]] = {
    "moved_in": "chuyển về",
    "moved_out": "chuyển đi",
    "counted": "được tính thêm",
    "retracted": "bị rút lại",
    "reorganised": "sắp xếp tổ chức",
}
_WHAT: Final = {
    **{name: words.column for name, words in STOCKS.items()},
    **{name: words.column for name, words in MEASURES.items()},
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    KIND: KINDS,
    "level": LEVELS,
    "asked_level": LEVELS,
    "measure": _WHAT,
    "figure": _WHAT,
    "what": _WHAT,
    "type": TYPES,
    "basis": BASES,
    "against": BASES,
    "how": _WAYS,
    "computed_by": _WAYS,
    "change": _CHANGES,
    "code": CODES,
    **dict.fromkeys(DIMENSIONS, CODES),
}
"""By the last part of a column's name, the words of the codes in it."""
_PERIODS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "month": (re.compile(r"(\d{4})-(\d\d)"), r"\2/\1"),
    "quarter": (re.compile(r"(\d{4})-Q(\d)"), r"Quý \2/\1"),
}
_NO_CHARACTERS: Final = re.compile("[\ufffe\uffff]")
"""What XML has no place for, beside what can't be seen."""
_OF_UNIT: Final = frozenset({"of", "of_name", "of_level", "from", "to", "on", "basis", "position", "as_of"})


def is_number(cell: Cell) -> bool:
    """Tell whether a cell is a number, or one that is hidden."""
    return isinstance(cell, Kept) or (isinstance(cell, (int, float)) and not isinstance(cell, bool))


def is_percentage(column: str) -> bool:
    """Tell whether the numbers of a column are percentages."""
    return column in PERCENTS or column.removeprefix("item.") in PERCENTS or column.rpartition(".")[2] in PERCENTS


def shown(column: str, cell: Cell) -> str:
    """Show a cell of a column; empty where there is nothing."""
    match cell:
        case None:
            text = ""
        case Kept():
            text = HIDDEN_TEXT
        case bool():
            text = "Có" if cell else "Không"
        case int() | float():
            text = (number(cell) if isinstance(cell, int) else _decimal(cell)) + "%" * is_percentage(column)
        case dt.datetime():
            text = moment(cell)
        case dt.date():
            text = day(cell)
        case _:
            text = _text(column, cell)
    return text


def plain(text: str) -> str:
    """Write a text such that it does no harm, and any kind of file may have it."""
    return _NO_CHARACTERS.sub(lambda found: f"\\u{ord(found[0]):04x}", harmless(text))


def moment(at: dt.datetime) -> str:
    """Show a moment in Vietnam's time as exactly as it is known: 28/11/2023 16:01:02,5."""
    there = at.astimezone(VIETNAM)
    rest = f",{there.microsecond:06}".rstrip("0") if there.microsecond else ""
    return f"{day(there.date())} {there:%H:%M:%S}{rest}"


def said(table: AnswerTable) -> list[tuple[str, str]]:
    """Say of what the figures are, each with what it is called: unit, days, basis, position, time, and what else."""
    of = {column.name: cell for column, cell in table.stated}
    level = "" if of.get("of_level") is None else f", {shown('level', of['of_level'])}"
    found = [("Đơn vị", f"{shown('of_name', of.get('of_name'))} ({shown('of', of.get('of'))}){level}")]
    first, last = of.get("from"), of.get("to")
    if isinstance(first, dt.date) and isinstance(last, dt.date):
        found.append(("Kỳ", days(first, last)))
    if of.get("on") is not None:
        found.append(("Tính đến ngày", shown("on", of["on"])))
    if of.get("basis") is not None:
        found.append(("Cơ sở tổ chức", f"{shown('basis', of['basis'])} ({of['basis']})"))
    found.append(("Vị trí nhật ký", shown("position", of.get("position"))))
    if of.get("as_of") is not None:
        found.append(("Thời điểm số liệu", f"{shown('as_of', of['as_of'])} (giờ Việt Nam)"))
    others = ((column, cell) for column, cell in table.stated if column.name not in _OF_UNIT and cell is not None)
    return [*found, *((column.head, shown(column.name, cell)) for column, cell in others)]


def _decimal(value: float) -> str:
    text = msgspec.json.encode(value).decode()
    whole, point, places = text.partition(".")
    if not point or not whole.lstrip("-").isdecimal() or not places.isdecimal():  # very large, very small
        return text.replace(".", ",")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{number(int(whole.lstrip('-')))}" + ("" if places == "0" else f",{places}")


def _text(column: str, text: str) -> str:
    last = column.rpartition(".")[2]
    if (period := _PERIODS.get(last)) is not None:
        pattern, written = period
        return pattern.sub(written, text) if pattern.fullmatch(text) else plain(text)
    if last == "time":
        return _moment(text) or plain(text)
    if last == "stays":
        return "; ".join(_stay(each) for each in text.split("; "))
    return _WORDS.get(last, {}).get(text) or plain(text)


def _moment(text: str) -> str | None:
    try:
        at = dt.datetime.fromisoformat(text)
        return None if at.tzinfo is None else moment(at)
    except (ValueError, OverflowError):
        return None


def _stay(text: str) -> str:
    since, _, until = text.partition("/")
    return f"{_day(since)} – {_day(until)}".rstrip()


def _day(text: str) -> str:
    try:
        return day(dt.date.fromisoformat(text))
    except ValueError:
        return plain(text)
