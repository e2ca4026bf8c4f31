"""Periods as integers: how the counters name days, months and years, and how few of them cover a range."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

YEAR_BASE = 100_000_000
MONTH_BASE = 200_000_000
MONTHS = 12
ONE_DAY = dt.timedelta(1)


class Days(NamedTuple):
    """Civil days, both ends included; empty where the last precedes the first."""

    first: dt.date
    last: dt.date


class Run(NamedTuple):
    """Periods from ``low`` to ``high``, both included, all of one kind."""

    low: int
    high: int


class PartialMonth(NamedTuple):
    """A month that a range covers in part: the days of it that the range holds, and those that it does not."""

    month: Run
    inside: Days
    outside: list[Days]


LAST_MONTH = MONTH_BASE + 999_912


def day_period(day: dt.date) -> int:
    """Return ``yyyymmdd``."""
    return day.year * 10_000 + day.month * 100 + day.day


def month_period(day: dt.date) -> int:
    """Return ``200000000 + yyyymm`` of the day's month."""
    return MONTH_BASE + day.year * 100 + day.month


def month_from(day: dt.date) -> dt.date:
    """Return the first day of the first month that begins on the day or after it; the last civil day where none does."""
    if day.day == 1 or (day.year, day.month) == (9999, 12):
        return day if day.day == 1 else dt.date.max
    return (day.replace(day=1) + dt.timedelta(32)).replace(day=1)


def year_period(day: dt.date) -> int:
    """Return ``100000000 + yyyy`` of the day's year."""
    return YEAR_BASE + day.year


def month_of(day: dt.date) -> Days:
    """Return the days of the day's month."""
    return Days(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def months(days: Days) -> Iterator[Days]:
    """Yield the days that fall in each month, in order."""
    return _pieces(days, lambda day: month_of(day).last)


def years(days: Days) -> Iterator[Days]:
    """Yield the days that fall in each year, in order."""
    return _pieces(days, lambda day: day.replace(month=12, day=31))


def partial_months(days: Days) -> list[PartialMonth]:
    """Return the months that the days cover in part, at most two, in order."""
    found = []
    for inside in months(days):
        month = month_of(inside.first)
        before = Days(month.first, inside.first - ONE_DAY) if month.first < inside.first else None
        after = Days(inside.last + ONE_DAY, month.last) if inside.last < month.last else None
        outside = [part for part in (before, after) if part is not None]
        if outside:
            period = month_period(month.first)
            found.append(PartialMonth(Run(period, period), inside, outside))
    return found


@lru_cache(maxsize=8192)
def cover(
    first: dt.date, last: dt.date, *, large: bool, coarsest: Literal["year", "month"] = "year"
) -> tuple[Run, ...]:
    """Cover the days by at most five runs of counter periods, in order of time; none where the range is empty.

    A unit that is not ``large`` has counters by day alone, so one run of days it is.
    """
    if last < first:
        return ()
    if not large:
        return (Run(day_period(first), day_period(last)),)
    month, end = (
        _month_index(first) + (first.day > 1),
        _month_index(last) + (last == month_of(last).last),
    )  # [month, end) are full
    if month >= end:
        return (Run(day_period(first), day_period(last)),)
    runs = []
    if first.day > 1:
        runs.append(Run(day_period(first), day_period(month_of(first).last)))
    year, year_end = -(-month // MONTHS), end // MONTHS
    if coarsest == "year" and year < year_end:
        runs += _month_run(month, year * MONTHS)
        runs.append(Run(YEAR_BASE + year, YEAR_BASE + year_end - 1))
        runs += _month_run(year_end * MONTHS, end)
    else:
        runs += _month_run(month, end)
    if last != month_of(last).last:
        runs.append(Run(day_period(last.replace(day=1)), day_period(last)))
    return tuple(runs)


def _pieces(days: Days, end_of: Callable[[dt.date], dt.date]) -> Iterator[Days]:
    first = days.first
    while first <= days.last:
        end = end_of(first)
        yield Days(first, min(end, days.last))
        if end >= days.last:  # the day after the last one of all can't be named
            return
        first = end + ONE_DAY


def _month_index(day: dt.date) -> int:
    return day.year * MONTHS + day.month - 1


def _month_run(start: int, end: int) -> list[Run]:
    """Return the run of the months with these indices, the end excluded; none where there are none."""
    return [Run(_month(start), _month(end - 1))] if start < end else []


def _month(index: int) -> int:
    return MONTH_BASE + index // MONTHS * 100 + index % MONTHS + 1
