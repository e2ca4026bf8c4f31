"""Counts as a statement says them: every measure, zero and silence, other totals that were declared."""

from __future__ import annotations

import pickle

import pytest

from projections.answers.plans.known_plans import Declared
from projections.answers.plans.plan_answers import Operand, Rate
from projections.answers.plans.rates import OF_DECLARED
from projections.answers.sentence.clauses import RATES, SAYABLE
from projections.answers.sentence.sentence import DEFAULT_CLAUSES
from projections.answers.sentence.unsaid import UnsaidError
from tests.unit.sentence.telling import YEAR, clause, day, refusal, said, target, told, total


def test_the_sentence_of_gia_binh() -> None:
    counts = {"admissions": 89, "confirmations": 99, "badges": 396}
    found = said(told(("2023-01-01", "2023-11-28"), "Huyện ủy Gia Bình", counts=counts))
    assert found.text == (
        "Từ đầu năm 2023 đến ngày 28/11/2023, Đảng bộ huyện Gia Bình kết nạp 89 đảng viên mới; chuyển đảng chính thức"
        " cho 99 đảng viên dự bị; trao tặng Huy hiệu Đảng cho 396 đảng viên."
    )
    assert found.footing == (
        "Số liệu tính theo tổ chức tại thời điểm phát sinh, tại vị trí 1.234 của nhật ký sự kiện,"
        " lúc 16:01:02 ngày 28/11/2023."
    )
    assert [each.say for each in found.clauses] == list(DEFAULT_CLAUSES)
    year = (day("2023-01-01"), day("2023-11-28"))
    assert found.clauses[0].numbers == [Operand("admissions", *year, 89, "counted", [])]


def test_the_footing_names_the_basis() -> None:
    known = told(basis="as-now", counts={"badges": 1})._replace(as_of=None)
    assert said(known, "badges").footing == (
        "Số liệu tính theo tổ chức hiện nay, tại vị trí 1.234 của nhật ký sự kiện."
    )


@pytest.mark.parametrize(
    ("measure", "some", "none"),
    [
        ("admissions", "kết nạp 1.905 đảng viên mới", "không kết nạp đảng viên mới"),
        (
            "confirmations",
            "chuyển đảng chính thức cho 1.905 đảng viên dự bị",
            "không chuyển đảng chính thức cho đảng viên dự bị nào",
        ),
        (
            "badges",
            "trao tặng Huy hiệu Đảng cho 1.905 đảng viên",
            "không trao tặng Huy hiệu Đảng cho đảng viên nào",
        ),
        (
            "departures",
            "có 1.905 đảng viên ra khỏi Đảng (từ trần, khai trừ, xóa tên, xin ra, không được công nhận chính thức)",
            "không có đảng viên ra khỏi Đảng (từ trần, khai trừ, xóa tên, xin ra, không được công nhận chính thức)",
        ),
        (
            "transfers_out",
            "có 1.905 đảng viên chuyển sinh hoạt đảng chính thức đi",
            "không có đảng viên chuyển sinh hoạt đảng chính thức đi",
        ),
        (
            "transfers_in",
            "tiếp nhận 1.905 đảng viên chuyển sinh hoạt đảng chính thức đến",
            "không tiếp nhận đảng viên chuyển sinh hoạt đảng chính thức đến",
        ),
        (
            "introductions",
            "giới thiệu 1.905 quần chúng ưu tú cho Đảng xem xét, kết nạp",
            "không giới thiệu quần chúng ưu tú cho Đảng xem xét, kết nạp",
        ),
        (
            "restorations",
            "phục hồi đảng tịch cho 1.905 đảng viên",
            "không phục hồi đảng tịch cho đảng viên nào",
        ),
        (
            "trainings",
            "có 1.905 quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng",
            "không có quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng",
        ),
    ],
)
def test_every_measure(measure: str, some: str, none: str) -> None:
    assert clause(told(counts={measure: 1905}), measure) == some
    assert clause(told(declared=[total(measure, *YEAR, 0)]), measure) == none


@pytest.mark.parametrize(
    "declared",
    [
        [],
        [total("badges", *YEAR, 0)],
        [total("admissions", "2020-01-01", "2020-12-31", 0)],
        [total("admissions", "2020-12-01", "2021-03-31", 5)],
    ],
)
def test_silence_is_not_zero(declared: list[Declared]) -> None:
    refused = refusal(told(counts={"confirmations": 3}, declared=declared), "admissions")
    assert (refused.parameter, refused.clause) == ("say", "admissions")
    assert "không kết luận là 0" in refused.reason


@pytest.mark.parametrize(
    ("first", "last"), [YEAR, ("2021-03-01", "2021-03-31"), ("2020-06-01", "2021-01-01"), ("2021-12-31", "2022-06-30")]
)
def test_a_zero_is_declared_for_a_period_that_shares_a_day(first: str, last: str) -> None:
    known = told(declared=[total("admissions", first, last, 0)])
    assert clause(known, "admissions") == "không kết nạp đảng viên mới"


def test_a_zero_against_a_declared_total_is_refused() -> None:
    within = total("admissions", "2021-03-01", "2021-03-31", 5)
    assert "khai báo 5" in refusal(told(declared=[within]), "admissions").reason
    zero = total("admissions", *YEAR, 0)
    assert "khai báo 5" in refusal(told(declared=[within, zero]), "admissions").reason
    for harmless in (
        total("badges", "2021-03-01", "2021-03-31", 5),
        total("admissions", "2020-12-01", "2021-03-31", 5),
        total("admissions", "2021-12-01", "2022-03-31", 5),
    ):
        assert clause(told(declared=[harmless, zero]), "admissions") == "không kết nạp đảng viên mới"


def test_another_declared_total_stands_below() -> None:
    known = told(counts={"admissions": 1950}, declared=[total("admissions", "2021-01-01", "2021-12-31", 1905)])
    found = said(known, "admissions")
    assert found.clauses[0].text == "kết nạp 1.950 đảng viên mới"
    assert "đơn vị khai báo là 1.905, khác số tính được 1.950, theo khai báo u/d-1" in found.footing
    same = told(counts={"admissions": 1905}, declared=[total("admissions", "2021-01-01", "2021-12-31", 1905)])
    assert "khai báo" not in said(same, "admissions").footing


def test_every_clause_is_known() -> None:
    assert len(set(SAYABLE)) == len(SAYABLE)
    for say in SAYABLE:
        kinds = [rate for rate in RATES if rate == say and rate not in OF_DECLARED]
        refusal(told(rates=[Rate(kind, "", None, None, None, "thiếu") for kind in kinds]), say)


def test_clauses_stand_in_the_order_asked_for_and_a_note_once() -> None:
    known = told(counts={"admissions": 4, "badges": 2}, targets=[target("admissions", *YEAR, 8)])
    found = said(known, "badges", "admissions", "admissions:goal")
    assert found.text == (
        "Năm 2021, Chi bộ 4 trao tặng Huy hiệu Đảng cho 2 đảng viên; kết nạp 4 đảng viên mới, đạt 50% chỉ tiêu được"
        " giao; phấn đấu kết nạp 8 đảng viên trở lên trong năm 2021."
    )
    assert found.footing.lower().count("chỉ tiêu: 8") == 1


def test_a_refusal_passes_from_one_process_to_another() -> None:
    """A statement about a vast unit is made in a process of its own."""
    sent = UnsaidError("badges", "chưa có", parameter="claim", others=[UnsaidError("members", "chưa khai báo")])
    found = pickle.loads(pickle.dumps(sent))  # noqa: S301 - written just now
    assert (type(found), found.clause, found.reason, found.parameter) == (UnsaidError, "badges", "chưa có", "claim")
    assert [(each.clause, each.reason, each.parameter) for each in found.others] == [
        ("members", "chưa khai báo", "say")
    ]


def test_all_that_is_not_said_is_refused_at_once() -> None:
    """A page shows the reason beside each clause, and does not ask for one after the other."""
    refused = refusal(told(), "admissions:goal", "members", "staff", claim="admissions_of_target:84")
    assert [(each.parameter, each.clause) for each in (refused, *refused.others)] == [
        ("claim", "admissions_of_target:84%"),
        ("say", "admissions:goal"),
        ("say", "members"),
        ("say", "staff"),
    ]
