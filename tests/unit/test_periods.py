"""Covering days by few periods: nothing twice, nothing left out, never more than five runs."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.core.periods import (
    MONTH_BASE,
    YEAR_BASE,
    Days,
    Run,
    cover,
    day_period,
    month_of,
    month_period,
    months,
    partial_months,
    year_period,
    years,
)

ONE_DAY = dt.timedelta(1)
START = dt.date(2018, 1, 1)
SPAN = [START + n * ONE_DAY for n in range(6 * 365)]

some_days = st.tuples(st.sampled_from(SPAN), st.sampled_from(SPAN)).map(lambda ends: Days(*sorted(ends)))


def held_by(run: Run) -> list[dt.date]:
    """Return the days of SPAN that a run of periods holds, whichever kind they are."""
    return [day for day in SPAN if any(run.low <= p(day) <= run.high for p in (day_period, month_period, year_period))]


@given(some_days, st.booleans(), st.sampled_from(["year", "month"]))
def test_a_cover_holds_each_day_once_in_order(days: Days, large: bool, coarsest: str) -> None:
    runs = cover(*days, large=large, coarsest=coarsest)  # type: ignore[arg-type]
    held = [day for run in runs for day in held_by(run)]
    assert held == [day for day in SPAN if days.first <= day <= days.last]
    assert len(runs) <= (5 if large else 1)
    if coarsest == "month":
        assert not any(YEAR_BASE <= run.low < MONTH_BASE for run in runs)


def test_an_empty_range_has_no_cover() -> None:
    assert cover(START, START - ONE_DAY, large=True) == ()
    assert cover(START, START - ONE_DAY, large=False) == ()


def test_full_years_are_one_run() -> None:
    assert cover(dt.date(2004, 1, 1), dt.date(2023, 12, 31), large=True) == (Run(YEAR_BASE + 2004, YEAR_BASE + 2023),)


def test_all_five_kinds_of_runs() -> None:
    assert cover(dt.date(2019, 11, 30), dt.date(2022, 2, 1), large=True) == (
        Run(20191130, 20191130),
        Run(MONTH_BASE + 201912, MONTH_BASE + 201912),
        Run(YEAR_BASE + 2020, YEAR_BASE + 2021),
        Run(MONTH_BASE + 202201, MONTH_BASE + 202201),
        Run(20220201, 20220201),
    )


@pytest.mark.parametrize("large", [True, False])
def test_the_first_and_the_last_day_of_all_can_be_asked_for(large: bool) -> None:
    assert cover(dt.date.min, dt.date.max, large=large)
    assert list(years(Days(dt.date(9998, 5, 1), dt.date.max)))[-1] == Days(dt.date(9999, 1, 1), dt.date.max)
    assert partial_months(Days(dt.date(9999, 12, 2), dt.date.max))[0].outside == [
        Days(dt.date(9999, 12, 1), dt.date(9999, 12, 1))
    ]


@given(some_days)
def test_months_and_years_part_the_days(days: Days) -> None:
    for pieces in (list(months(days)), list(years(days))):
        assert (pieces[0].first, pieces[-1].last) == days
        assert all(before.last + ONE_DAY == after.first for before, after in pairwise(pieces))
    assert all(piece.last <= month_of(piece.first).last for piece in months(days))
    assert all(piece.first.year == piece.last.year for piece in years(days))


@given(some_days)
def test_partial_months_are_the_months_that_are_not_full(days: Days) -> None:
    partial = partial_months(days)
    assert [month.inside for month in partial] == [each for each in months(days) if each != month_of(each.first)]
    for month in partial:
        parts = sorted([month.inside, *month.outside])
        whole = month_of(month.inside.first)
        assert (parts[0].first, parts[-1].last) == whole
        assert sum((part.last - part.first).days + 1 for part in parts) == whole.last.day
        assert month.month == Run(month_period(whole.first), month_period(whole.first))
