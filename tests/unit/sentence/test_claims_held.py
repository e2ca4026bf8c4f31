"""A printed percentage held against what is known: possible, contradicted, or without a base."""

from __future__ import annotations

import pytest

from projections.answers.plans.plan_answers import Operand, Rate
from tests.unit.sentence.telling import YEAR, day, refusal, said, stock, target, told, total

RATED = [stock("rated_good", "2018-02-06", 23), stock("members", "2018-02-06", 23)]
CLERKS = ("2018-01-01", "2018-02-06")
EXCELLENT = "rated_excellent_of_rated_good"


def test_fifteen_percent_of_twenty_three_is_no_whole_number() -> None:
    refused = refusal(told(CLERKS, declared=RATED), "members", claim=f"{EXCELLENT}:15")
    assert (refused.parameter, refused.clause) == ("claim", f"{EXCELLENT}:15%")
    assert refused.reason == (
        "15% không ứng với số nguyên nào trên 23: 3/23 = 13,0%, 4/23 = 17,4%"
        " (số đảng viên hoàn thành tốt nhiệm vụ trở lên: 23, ngày 06/02/2018, theo khai báo u/rated_good-1)"
    )


def test_what_a_whole_number_gives_is_possible_where_the_part_is_not_known() -> None:
    known = told(CLERKS, declared=RATED)
    assert "Tỷ lệ 13% ứng với số nguyên trên 23" not in said(known, "members").footing
    assert "tỷ lệ 13% ứng với số nguyên trên 23" in said(known, "members", claim=f"{EXCELLENT}:13").footing
    assert "23/23 = 100,0%" in refusal(known, "members", claim=f"{EXCELLENT}:104").reason


@pytest.mark.parametrize(
    ("claim", "agrees"), [("84,2", True), ("84", True), ("84,21", True), ("84,3", False), ("79", False)]
)
def test_a_known_part_decides(claim: str, agrees: bool) -> None:
    known = told(declared=[stock("members", "2021-07-07", 16), stock("staff", "2021-07-07", 19)])
    if agrees:
        assert (
            f"tỷ lệ {claim}% khớp với 16/19 = 84,2" in said(known, "members", claim=f"members_of_staff:{claim}").footing
        )
    else:
        assert refusal(known, "members", claim=f"members_of_staff:{claim}").parameter == "claim"


def test_a_contradiction_names_what_is_known() -> None:
    known = told(declared=[stock("members", "2021-07-07", 16), stock("staff", "2021-07-07", 19)])
    reason = refusal(known, "members", claim="members_of_staff:79").reason
    assert reason.startswith("79% không đúng với số liệu: 16/19 = 84,2% (số cán bộ")


def test_more_members_than_staff_agree_with_what_is_printed_of_them() -> None:
    known = told(declared=[stock("members", "2021-07-07", 20), stock("staff", "2021-07-07", 19)])
    assert said(known, "members_of_staff", claim="members_of_staff:105,3").clauses[0].text.endswith("đạt 105,3%")


def test_without_a_base_nothing_is_confirmed() -> None:
    assert "chưa khai báo" in refusal(told(declared=RATED), "members", claim="members_of_staff:84,2").reason
    zero = told(declared=[stock("staff", "2021-07-07", 0)])
    assert "mẫu số bằng 0" in refusal(zero, "staff", claim="members_of_staff:84,2").reason


def test_of_a_target() -> None:
    known = told(counts={"admissions": 256}, targets=[target("admissions", *YEAR, 200)])
    found = said(known, "admissions", claim="admissions_of_target:128")
    assert "tỷ lệ 128% khớp với 256/200 = 128,0%" in found.footing
    assert "256/200 = 128,0%" in refusal(known, "admissions", claim="admissions_of_target:120").reason
    assert "không có chỉ tiêu" in refusal(known, "admissions", claim="badges_of_target:100").reason


def test_of_either_end_of_a_range() -> None:
    known = told(counts={"admissions": 720}, targets=[target("admissions", *YEAR, 700, 800)])
    for claim in ("102,9", "90"):
        assert "khớp với" in said(known, "admissions", claim=f"admissions_of_target:{claim}").footing
    assert "720/700" in refusal(known, "admissions", claim="admissions_of_target:95").reason


def test_a_silent_count_confirms_no_zero() -> None:
    asked = [target("admissions", *YEAR, 200), target("badges", *YEAR, 3)]
    silent = told(targets=asked)
    said_zero = told(targets=asked, declared=[total("admissions", *YEAR, 0)])
    assert "ứng với số nguyên trên 200" in said(silent, "badges:goal", claim="admissions_of_target:50").footing
    assert "0/200 = 0,0%" in refusal(said_zero, "badges:goal", claim="admissions_of_target:50").reason


def test_of_the_stock_and_of_last_year() -> None:
    name = "badges_of_last_year"
    ends = (day("2021-01-01"), day("2021-12-31"))
    before = Operand("badges", day("2020-01-01"), day("2020-12-31"), 8, "counted", [])
    rates = [Rate(name, "", Operand("badges", *ends, 9, "counted", []), before, 112.5, None)]
    known = told(counts={"badges": 9}, rates=rates)
    assert "khớp với 9/8 = 112,5%" in said(known, "badges", claim=f"{name}:112,5").footing
    assert "9/8 = 112,5%" in refusal(known, "badges", claim=f"{name}:100").reason
    unknown = [Rate(name, "", rates[0].numerator, None, None, "chưa khai báo")]
    assert refusal(known._replace(rates=unknown), "badges", claim=f"{name}:100").reason == "chưa khai báo"
