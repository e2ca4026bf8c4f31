"""Every form of a period, at the beginning of a statement and of a goal."""

from __future__ import annotations

import datetime as dt

import pytest

from projections.answers.sentence.sentence_periods import by_when, period
from projections.rules.counting.periods import Days


def between(first: str, last: str) -> Days:
    return Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2021-01-01", "2021-12-31", "Năm 2021"),
        ("2020-01-01", "2022-12-31", "Từ năm 2020 đến năm 2022"),
        ("2023-01-01", "2023-11-28", "Từ đầu năm 2023 đến ngày 28/11/2023"),
        ("2023-01-01", "2023-01-02", "Từ đầu năm 2023 đến ngày 02/01/2023"),
        ("2023-01-01", "2023-09-30", "Từ đầu năm 2023 đến ngày 30/09/2023"),
        ("2021-11-01", "2021-11-30", "Trong tháng 11/2021"),
        ("2022-01-01", "2022-01-31", "Trong tháng 01/2022"),
        ("2024-02-01", "2024-02-29", "Trong tháng 02/2024"),
        ("2023-02-01", "2023-02-27", "Từ ngày 01/02/2023 đến ngày 27/02/2023"),
        ("2022-01-01", "2022-03-31", "Quý I năm 2022"),
        ("2022-04-01", "2022-06-30", "Quý II năm 2022"),
        ("2022-07-01", "2022-09-30", "Quý III năm 2022"),
        ("2022-10-01", "2022-12-31", "Quý IV năm 2022"),
        ("2022-02-01", "2022-04-30", "Từ ngày 01/02/2022 đến ngày 30/04/2022"),
        ("2022-01-01", "2022-06-30", "6 tháng đầu năm 2022"),
        ("2022-07-01", "2022-12-31", "6 tháng cuối năm 2022"),
        ("2022-04-01", "2022-09-30", "Từ ngày 01/04/2022 đến ngày 30/09/2022"),
        ("2022-02-03", "2022-03-06", "Từ ngày 03/02/2022 đến ngày 06/03/2022"),
        ("2022-02-03", "2022-02-03", "Ngày 03/02/2022"),
        ("2022-01-01", "2022-01-01", "Ngày 01/01/2022"),
        ("2021-01-01", "2022-06-30", "Từ ngày 01/01/2021 đến ngày 30/06/2022"),
        ("2021-11-01", "2022-11-30", "Từ ngày 01/11/2021 đến ngày 30/11/2022"),
        ("2021-10-01", "2022-03-31", "Từ ngày 01/10/2021 đến ngày 31/03/2022"),
        ("9999-12-01", "9999-12-31", "Trong tháng 12/9999"),
    ],
)
def test_a_period(first: str, last: str, text: str) -> None:
    assert period(between(first, last)) == text


@pytest.mark.parametrize(
    ("first", "last", "before", "after"),
    [
        ("2022-01-01", "2022-12-31", "", "trong năm 2022"),
        ("2020-08-15", "2025-08-14", "", "trong nhiệm kỳ 2020 - 2025"),
        ("2021-01-01", "2025-12-31", "", "trong nhiệm kỳ 2021 - 2025"),
        ("2022-03-01", "2024-08-31", "", "trong nhiệm kỳ 2022 - 2024"),
        ("2020-01-01", "2021-12-31", "", "từ năm 2020 đến năm 2021"),
        ("2021-01-01", "2021-10-31", "đến hết ngày 31/10/2021", ""),
        ("2021-12-17", "2022-12-31", "đến hết năm 2022", ""),
        ("2021-03-01", "2022-02-28", "đến hết ngày 28/02/2022", ""),
        ("2022-04-01", "2022-06-30", "", "trong quý II năm 2022"),
        ("2022-01-01", "2022-06-30", "", "trong 6 tháng đầu năm 2022"),
        ("2021-11-01", "2021-11-30", "", "trong tháng 11/2021"),
        ("2022-02-03", "2022-02-03", "", "trong ngày 03/02/2022"),
        ("2020-02-29", "9999-12-31", "", "trong nhiệm kỳ 2020 - 9999"),
    ],
)
def test_by_when_a_goal_is_to_be_reached(first: str, last: str, before: str, after: str) -> None:
    assert by_when(between(first, last)) == (before, after)
