"""Declared figures and rates as a statement says them, each with its denominator below."""

from __future__ import annotations

import pytest

from events.vocabulary import STOCKS
from projections.answers.past.structure_answers import Source
from projections.answers.plans.plan_answers import Operand, Rate
from projections.answers.plans.rates import OF_DECLARED
from tests.unit.sentence.telling import clause, day, refusal, said, stock, told


def test_a_stock_is_the_latest_that_was_declared() -> None:
    known = told(declared=[stock("members", "2021-03-01", 15), stock("members", "2021-07-07", 16)])
    found = said(known, "members")
    assert found.text == "Năm 2021, Chi bộ 4 có 16 đảng viên."
    assert "Số đảng viên: 16, ngày 07/07/2021, theo khai báo u/members-1." in found.footing
    assert "chưa khai báo số đảng viên giữ vị trí chủ chốt" in refusal(known, "key_posts").reason


def test_a_stock_of_before_the_period_says_so() -> None:
    known = told(declared=[stock("members", "2020-12-31", 16), stock("key_posts", "2021-01-01", 0)])
    assert clause(known, "members") == "có 16 đảng viên (số liệu ngày 31/12/2020)"
    assert clause(known, "key_posts") == "không có đảng viên giữ vị trí chủ chốt"


@pytest.mark.parametrize("figure", STOCKS)
def test_every_stock(figure: str) -> None:
    assert clause(told(declared=[stock(figure, "2021-01-01", 1905)]), figure).startswith("có 1.905 ")


@pytest.mark.parametrize(
    ("rate", "part", "whole", "text"),
    [
        (
            "members_of_staff",
            16,
            19,
            "có 16 đảng viên trên tổng số 19 cán bộ, viên chức, người lao động, đạt 84,2%",
        ),
        ("key_posts_of_members", 38, 52, "có 38/52 đảng viên giữ vị trí chủ chốt, chiếm 73,1%"),
        ("rated_good_of_members", 23, 23, "có 23/23 đảng viên hoàn thành tốt nhiệm vụ trở lên, đạt 100%"),
        (
            "rated_excellent_of_rated_good",
            3,
            23,
            (
                "có 3 đảng viên hoàn thành xuất sắc nhiệm vụ trong số 23 đảng viên hoàn thành tốt nhiệm vụ trở lên,"
                " chiếm 13%"
            ),
        ),
        (
            "economic_targets_met_of_economic_targets",
            36,
            39,
            "có 36/39 chỉ tiêu phát triển kinh tế hoàn thành và hoàn thành vượt mức, đạt 92,3%",
        ),
    ],
)
def test_shares_of_declared_figures(rate: str, part: int, whole: int, text: str) -> None:
    upper, lower = OF_DECLARED[rate]
    known = told(declared=[stock(upper, "2021-07-07", part), stock(lower, "2021-07-07", whole)])
    found = said(known, rate)
    assert found.clauses[0].text == text
    assert [number.value for number in found.clauses[0].numbers] == [part, whole]
    assert f": {whole}, ngày 07/07/2021, theo khai báo u/{lower}-1" in found.footing
    alone = told(declared=[stock(lower, "2021-07-07", whole)])
    assert "chưa khai báo" in refusal(alone, rate).reason
    empty = told(declared=[stock(upper, "2021-07-07", 0), stock(lower, "2021-07-07", 0)])
    assert "mẫu số bằng 0" in refusal(empty, rate).reason


def rate(name: str, first: str, part: int, whole: Operand | None) -> Rate:
    counted = Operand(name.partition("_of_")[0], day(first), day("2021-12-31"), part, "counted", [])
    percent = 100 * part / whole.value if whole and whole.value else None
    return Rate(name, "", counted, whole, percent, None if percent is not None else "chưa khai báo số đảng viên")


OPENING = Operand("members", None, day("2020-12-31"), 200, "opening_and_flows", [Source(8, "u", "m-1", "x")])
LAST_YEAR = Operand("badges", day("2020-01-01"), day("2020-12-31"), 8, "counted", [])


def test_counts_against_the_stock_and_last_year() -> None:
    stock_rate, year_rate = "admissions_of_stock_at_start_of_year", "badges_of_last_year"
    rates = [rate(stock_rate, "2021-01-01", 4, OPENING), rate(year_rate, "2021-01-01", 9, LAST_YEAR)]
    found = said(told(counts={"admissions": 4, "badges": 9}, rates=rates), stock_rate, year_rate)
    assert [each.text for each in found.clauses] == [
        "kết nạp 4 đảng viên mới, bằng 2% tổng số đảng viên đầu năm",
        "trao tặng Huy hiệu Đảng cho 9 đảng viên, bằng 112,5% cùng kỳ năm trước",
    ]
    assert "Tổng số đảng viên đầu năm: 200, ngày 31/12/2020, theo số đã khai báo và biến động từ đó" in found.footing
    assert "cùng kỳ năm trước: 8, từ 01/01/2020 đến 31/12/2020" in found.footing


def test_a_rate_is_said_of_its_own_period_alone() -> None:
    name = "admissions_of_stock_at_start_of_term"
    known = told(counts={"admissions": 4}, rates=[rate(name, "2020-08-15", 9, OPENING)])
    assert "từ 15/08/2020 đến 31/12/2021" in refusal(known, name).reason
    both = [rate(name, "2020-08-15", 9, OPENING), rate(name, "2021-01-01", 4, OPENING)]
    assert clause(known._replace(rates=both), name).endswith("bằng 2% tổng số đảng viên đầu nhiệm kỳ")
    missing = known._replace(rates=[rate(name, "2021-01-01", 4, None)])
    assert "chưa khai báo" in refusal(missing, name).reason
    assert "nhiệm kỳ" in refusal(known._replace(rates=[Rate(name, "", None, None, None, "nhiệm kỳ?")]), name).reason
