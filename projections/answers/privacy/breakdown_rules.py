"""Who may have which breakdown (contract §7): readers whole months and large tables only, officers any.

A breakdown is whatever has codes of a dimension for rows or columns.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.bilingual import Bilingual
from projections.rules.counting.periods import ONE_DAY, Days, month_of


class Thresholds(NamedTuple):
    """From how many people on something is shown: a cell (1 shows every one), and a table broken down (0: any)."""

    cell: int
    table: int


WHOLE = Thresholds(1, 0)
"""Nothing is hidden."""


class RefusedBreakdownError(Exception):
    """A breakdown that may not be had of these days or this position; the message says what to ask instead.

    ``nearest`` are the whole months nearest to the days, where these are what is wrong.
    """

    def __init__(self, parameter: str, reason: Bilingual, nearest: Days | None = None) -> None:
        super().__init__(str(reason))
        self.parameter = parameter
        self.reason = reason
        self.nearest = nearest


class OfficersOnlyError(Exception):
    """Something that only officers may ask for; ``parameter`` asked for it."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter)
        self.parameter = parameter


def thresholds_for(settings: Thresholds, *, as_officer: bool, cells_all: bool) -> Thresholds:
    """Return what holds for an asker. Raises OfficersOnlyError where a reader asks for hidden cells."""
    if not as_officer:
        if cells_all:
            raise OfficersOnlyError("cells")
        return settings
    return WHOLE if cells_all else settings._replace(table=0)


def require_breakdown(days: Days, position: int | None, *, as_officer: bool) -> None:
    """Raise RefusedBreakdownError where a reader may not have a breakdown of these days, as known at this position."""
    if as_officer:
        return
    if position is not None:
        raise RefusedBreakdownError(
            "position",
            Bilingual(
                "số liệu của thời điểm đã qua không có phân tích (trong đó); hãy bỏ “position”, hoặc “facet:”, “split”",
                "the past has no breakdowns: leave out “position”, or “facet:” or “split”",
            ),
        )
    nearest = whole_months(days)
    if nearest != days:
        first, last = (day.isoformat() for day in nearest)
        raise RefusedBreakdownError(
            "from" if nearest.first != days.first else "to",
            Bilingual(
                f"phân tích (trong đó) chỉ có theo tháng trọn; kỳ gần nhất: từ {first} đến {last}",
                f"a breakdown is of whole months; the nearest are {first} to {last}",
            ),
            nearest,
        )


def whole_months(days: Days) -> Days:
    """Return the whole months nearest to the days; where none would be left, those that the days touch."""
    first, last = month_of(days.first), month_of(days.last)
    begin, end = first.first, last.last
    if begin != days.first and _next_is_nearer(days.first, first) and first.last < last.last:
        begin = first.last + ONE_DAY
    if end != days.last and not _next_is_nearer(days.last, last) and begin < last.first:
        end = last.first - ONE_DAY
    return Days(begin, end)


def _next_is_nearer(day: dt.date, month: Days) -> bool:
    """Tell whether a day is in the second half of its month."""
    return (day - month.first).days > (month.last - day).days
