"""Covering days by few periods: nothing twice, nothing left out, never more than five runs."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.rules.counting.periods import (
    MONTH_BASE,
    YEAR_BASE,
    Days,
    Run,
    cover,
    day_period,
    month_of,
    month_period,
    months,
    years,
)

ONE_DAY = dt.timedelta(1)
START = dt.date(2018, 1, 1)
SPAN = [START + n * ONE_DAY for n in range(4 * 365 + 1)]

some_days = st.tuples(st.sampled_from(SPAN), st.sampled_from(SPAN)).map(lambda ends: Days(*sorted(ends)))


def year_period(day: dt.date) -> int:
    """Return ``100000000 + yyyy`` of the day's year."""
    return YEAR_BASE + day.year


def sum_of(runs: tuple[Run, ...]) -> dict[dt.date, int]:
    """Return how often each day of SPAN counts in all."""
    counted: Counter[dt.date] = Counter()
    for low, high, sign in runs:
        for day in SPAN:
            counted[day] += sign * any(low <= of(day) <= high for of in (day_period, month_period, year_period))
    return {day: n for day, n in counted.items() if n}


@settings(deadline=None)  # counting day by day takes as long as it takes
@given(some_days, st.booleans())
def test_a_cover_counts_each_day_once(days: Days, large: bool) -> None:
    runs = cover(*days, large=large)
    assert sum_of(runs) == dict.fromkeys((day for day in SPAN if days.first <= day <= days.last), 1)
    assert len(runs) <= (5 if large else 1)
    for low, high, _ in runs if large else ():
        assert low >= YEAR_BASE or high - low < 31
        assert low < MONTH_BASE or high - low < 6


def test_an_empty_range_has_no_cover() -> None:
    assert cover(START, START - ONE_DAY, large=True) == ()
    assert cover(START, START - ONE_DAY, large=False) == ()


def test_full_years_are_one_run() -> None:
    assert cover(dt.date(2004, 1, 1), dt.date(2023, 12, 31), large=True) == (Run(YEAR_BASE + 2004, YEAR_BASE + 2023),)


def test_a_year_up_to_today_is_its_row_less_what_is_to_come() -> None:
    assert cover(dt.date(2023, 1, 1), dt.date(2023, 11, 28), large=True) == (
        Run(20231129, 20231130, -1),
        Run(YEAR_BASE + 2023, YEAR_BASE + 2023),
        Run(MONTH_BASE + 202312, MONTH_BASE + 202312, -1),
    )


@pytest.mark.parametrize("large", [True, False])
def test_the_first_and_the_last_day_of_all_can_be_asked_for(large: bool) -> None:
    assert cover(dt.date.min, dt.date.max, large=large)
    assert list(years(Days(dt.date(9998, 5, 1), dt.date.max)))[-1] == Days(dt.date(9999, 1, 1), dt.date.max)


@given(some_days)
def test_months_and_years_part_the_days(days: Days) -> None:
    for pieces in (list(months(days)), list(years(days))):
        assert (pieces[0].first, pieces[-1].last) == days
        assert all(before.last + ONE_DAY == after.first for before, after in pairwise(pieces))
    assert all(piece.last <= month_of(piece.first).last for piece in months(days))
    assert all(piece.first.year == piece.last.year for piece in years(days))
