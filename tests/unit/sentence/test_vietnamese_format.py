"""Numbers, days, moments and percentages as Vietnamese reports write them."""

from __future__ import annotations

import datetime as dt

import pytest

from projections.answers.words.percents import percent
from projections.answers.words.vietnamese_format import day, days, moment, number, percentage


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (999, "999"), (1905, "1.905"), (5_600_000, "5.600.000")])
def test_a_number(value: int, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (256, 200, "128%"),
        (16, 19, "84,2%"),
        (38, 52, "73,1%"),
        (36, 39, "92,3%"),
        (23, 25, "92%"),
        (0, 7, "0%"),
        (1, 2000, "0,1%"),  # a half is rounded up
        (1, 2001, "0%"),
        (9_999, 10_000, "100%"),
        (12_805, 1_000, "1.280,5%"),
        (25, 2, "1.250%"),
    ],
)
def test_a_percentage(part: int, whole: int, text: str) -> None:
    found = percent(part, whole)
    assert found is not None
    assert percentage(found) == text


def test_a_day_and_a_period() -> None:
    assert day(dt.date(2022, 2, 3)) == "03/02/2022"
    assert days(dt.date(2021, 1, 1), dt.date(2021, 12, 31)) == "từ 01/01/2021 đến 31/12/2021"


def test_a_moment_is_in_vietnams_time() -> None:
    assert moment(dt.datetime(2023, 11, 28, 9, 1, 2, tzinfo=dt.UTC)) == "16:01:02 ngày 28/11/2023"
    assert moment(dt.datetime(2022, 12, 31, 17, 0, tzinfo=dt.UTC)) == "00:00:00 ngày 01/01/2023"
