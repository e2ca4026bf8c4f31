"""Periods as integers: how the counters name days, months and years, and how few of them cover a range."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

YEAR_BASE = 100_000_000
MONTH_BASE = 200_000_000
MONTHS = 12
QUARTER = 3
"""Months."""
DAYS = 31
DAY_BITS = 5
"""A day of the month, where it is packed with other numbers; DAY_MASK has its bits."""
DAY_MASK = (1 << DAY_BITS) - 1
ONE_DAY = dt.timedelta(1)


class Days(NamedTuple):
    """Civil days, both ends included; empty where the last precedes the first."""

    first: dt.date
    last: dt.date


def common(days: Days, other: Days) -> Days:
    """Return the days that are in both."""
    return Days(max(days.first, other.first), min(days.last, other.last))


class Run(NamedTuple):
    """Periods of one kind from ``low`` to ``high``, both included; the ``sign`` adds them or takes them off."""

    low: int
    high: int
    sign: int = 1


class Stretch(NamedTuple):
    """Rows of running sums from period ``low`` to ``high``: what each has at ``step``, less what it has at ``less``.

    Steps are counted from 1; 0 is before the first.
    """

    low: int
    high: int
    step: int
    less: int = 0


def day_period(day: dt.date) -> int:
    """Return ``yyyymmdd``."""
    return day.year * 10_000 + day.month * 100 + day.day


def month_period(day: dt.date) -> int:
    """Return ``200000000 + yyyymm`` of the day's month."""
    return MONTH_BASE + day.year * 100 + day.month


def month_of(day: dt.date) -> Days:
    """Return the days of the day's month."""
    return Days(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def quarter_of(day: dt.date) -> int:
    """Return in which quarter of its year a day is, from 1."""
    return -(-day.month // QUARTER)


def days_of_month(days: Days, month: int) -> tuple[int, int]:
    """Return the first and the last day of a month (a period) that are among the days, where it shares any."""
    return (
        days.first.day if month_period(days.first) == month else 1,
        days.last.day if month_period(days.last) == month else DAYS,
    )


def months(days: Days) -> Iterator[Days]:
    """Yield the days that fall in each month, in order."""
    return _pieces(days, lambda day: month_of(day).last)


def quarters(days: Days) -> Iterator[Days]:
    """Yield the days that fall in each quarter of a year, in order."""
    return _pieces(days, lambda day: month_of(day.replace(month=quarter_of(day) * QUARTER, day=1)).last)


def years(days: Days) -> Iterator[Days]:
    """Yield the days that fall in each year, in order."""
    return _pieces(days, lambda day: day.replace(month=12, day=31))


@lru_cache(maxsize=8192)
def cover(first: dt.date, last: dt.date, *, large: bool) -> tuple[Run, ...]:
    """Cover the days by at most five runs of counter periods that add up to them; none where the range is empty.

    A month or year that is held for the larger part counts whole, less the run of what it has too much: so no more
    than 16 days and 6 months are read at an end, and a year up to today is its one row, less days that have no rows.
    A unit that is not ``large`` has counters by day alone, so one run of days it is.
    """
    if last < first:
        return ()
    month, end = _month_index(first), _month_index(last)
    if not large or (month == end and first.day > 1 and last < month_of(last).last):
        return (Run(day_period(first), day_period(last)),)
    head, tail = month_of(first), month_of(last)
    runs = []
    if first.day - 1 <= head.last.day - first.day + 1:
        runs += _days(head.first, first.day - 1, -1)
    else:
        runs += _days(first, head.last.day - first.day + 1, 1)
        month += 1
    if tail.last.day - last.day <= last.day:
        runs += _days(last + ONE_DAY, tail.last.day - last.day, -1) if last < tail.last else []
        end += 1
    else:
        runs += _days(tail.first, last.day, 1)
    return (*runs, *_cover_months(month, end))


@lru_cache(maxsize=8192)
def stretches(first: dt.date, last: dt.date) -> tuple[Stretch, ...]:
    """Cover the days by at most five stretches of running sums that add up to them; none where the range is empty.

    A month's row has a step a day, a year's one a month. Two rows of months, two of years, and the years between.
    """
    if last < first:
        return ()
    month, end = _month_index(first), _month_index(last)
    if month == end and (first.day > 1 or last != month_of(last).last):
        return (Stretch(_month(month), _month(month), last.day, first.day - 1),)
    found = []
    if first.day > 1:
        found.append(Stretch(_month(month), _month(month), DAYS, first.day - 1))
        month += 1
    if last == month_of(last).last:
        end += 1
    else:
        found.append(Stretch(_month(end), _month(end), last.day))
    if month == end:
        return tuple(found)
    year, year_end = month // MONTHS, (end - 1) // MONTHS
    before, after = month % MONTHS, (end - 1) % MONTHS + 1
    if year == year_end and (before or after < MONTHS):
        return (*found, Stretch(YEAR_BASE + year, YEAR_BASE + year, after, before))
    if before:
        found.append(Stretch(YEAR_BASE + year, YEAR_BASE + year, MONTHS, before))
        year += 1
    if after < MONTHS:
        found.append(Stretch(YEAR_BASE + year_end, YEAR_BASE + year_end, after))
        year_end -= 1
    return (*found, Stretch(YEAR_BASE + year, YEAR_BASE + year_end, MONTHS)) if year <= year_end else tuple(found)


def _cover_months(first: int, end: int) -> list[Run]:
    """Cover the months with these indices, the end excluded, by years and what they have too little or too much."""
    year, year_end = first // MONTHS, -(-end // MONTHS)
    if first >= end:
        return []
    if year + 1 == year_end and end - first <= MONTHS // 2:
        return [_months(first, end)]
    before, after = first - year * MONTHS, year_end * MONTHS - end
    runs = []
    if before > MONTHS // 2:
        runs.append(_months(first, (year + 1) * MONTHS))
        year += 1
    elif before:
        runs.append(_months(year * MONTHS, first, -1))
    if after > MONTHS // 2:
        runs.append(_months((year_end - 1) * MONTHS, end))
        year_end -= 1
    elif after:
        runs.append(_months(end, year_end * MONTHS, -1))
    return [Run(YEAR_BASE + year, YEAR_BASE + year_end - 1), *runs] if year < year_end else runs


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


def _days(first: dt.date, count: int, sign: int) -> list[Run]:
    return [Run(day_period(first), day_period(first) + count - 1, sign)] if count else []


def _months(first: int, end: int, sign: int = 1) -> Run:
    return Run(_month(first), _month(end - 1), sign)


def _month(index: int) -> int:
    return MONTH_BASE + index // MONTHS * 100 + index % MONTHS + 1
