"""Periods in the words of a report: how a statement begins, and by when a goal is to be reached."""

from __future__ import annotations

import datetime as dt
from typing import Final

from projections.answers.words.vietnamese_format import day
from projections.rules.counting.periods import Days, month_of

_TERM_YEARS: Final = 2
"""A goal for more years than that is one of a term of office: the shortest is of two years and a half."""

_QUARTERS: Final = ("quý I", "quý II", "quý III", "quý IV")
_HALVES: Final = ("6 tháng đầu", "6 tháng cuối")


def period(days: Days) -> str:
    """Return the words that a statement about the days begins with."""
    first, last = days
    if first == last:
        return f"Ngày {day(first)}"
    if _whole_years(days):
        return f"Năm {first.year}" if first.year == last.year else f"Từ năm {first.year} đến năm {last.year}"
    part = _part_of_year(days)
    if part is not None:
        return f"Trong {part}" if part.startswith("tháng") else part[0].upper() + part[1:]
    if (first.month, first.day) == (1, 1) and first.year == last.year:
        return f"Từ đầu năm {first.year} đến ngày {day(last)}"
    return f"Từ ngày {day(first)} đến ngày {day(last)}"


def by_when(days: Days) -> tuple[str, str]:
    """Return the words about the period of a goal, before what is to be done and after it; one of them is empty."""
    first, last = days
    if first == last:
        return "", f"trong ngày {day(first)}"
    if (first.year + _TERM_YEARS, first.month, first.day) <= (last.year, last.month, last.day):
        return "", f"trong nhiệm kỳ {first.year} - {last.year}"
    if _whole_years(days):
        return "", f"trong năm {first.year}" if first.year == last.year else f"từ năm {first.year} đến năm {last.year}"
    part = _part_of_year(days)
    if part is not None:
        return "", f"trong {part}"
    return (f"đến hết năm {last.year}" if _ends_year(last) else f"đến hết ngày {day(last)}"), ""


def _whole_years(days: Days) -> bool:
    return (days.first.month, days.first.day) == (1, 1) and _ends_year(days.last)


def _ends_year(last: dt.date) -> bool:
    return (last.month, last.day) == (12, 31)


def _part_of_year(days: Days) -> str | None:
    """Name a whole month, quarter or half of a year; None for any other days."""
    first, last = days
    if first.day > 1 or last != month_of(last).last or first.year != last.year:
        return None
    length, year = last.month - first.month + 1, f"năm {first.year}"
    if length == 1:
        return f"tháng {first.month:02}/{first.year}"
    for names, size in ((_QUARTERS, 3), (_HALVES, 6)):
        if length == size and (first.month - 1) % size == 0:
            return f"{names[(first.month - 1) // size]} {year}"
    return None
