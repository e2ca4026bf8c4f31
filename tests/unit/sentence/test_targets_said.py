"""Targets as a statement says them: attained, aimed at, or refused where nothing could but be inferred."""

from __future__ import annotations

import pytest

from projections.answers.plans.known_plans import Assigned
from tests.unit.sentence.telling import YEAR, clause, refusal, said, target, told, total


def test_a_floor() -> None:
    known = told(counts={"admissions": 256}, targets=[target("admissions", *YEAR, 200)])
    for say in ("admissions", "admissions:target", "admissions_of_target"):
        found = said(known, say)
        assert found.text == "Năm 2021, Chi bộ 4 kết nạp 256 đảng viên mới, đạt 128% chỉ tiêu được giao."
        assert found.footing.endswith(" Chỉ tiêu: 200 đảng viên, từ 01/01/2021 đến 31/12/2021, theo Nghị quyết số 5.")
        counted, asked = found.clauses[0].numbers
        assert (counted.value, counted.how) == (256, "counted")
        assert (asked.value, asked.how, [source.id for source in asked.said]) == (200, "target", ["t-1"])


@pytest.mark.parametrize(
    ("at_least", "at_most", "text"),
    [
        (700, 800, "đạt 102,9% mức tối thiểu và 90% mức tối đa của chỉ tiêu được giao"),
        (720, 720, "đạt 100% chỉ tiêu được giao"),
        (0, 900, "đạt 80% mức tối đa của chỉ tiêu được giao"),
    ],
)
def test_a_range(at_least: int, at_most: int, text: str) -> None:
    known = told(counts={"admissions": 720}, targets=[target("admissions", *YEAR, at_least, at_most)])
    assert clause(known, "admissions:target") == f"kết nạp 720 đảng viên mới, {text}"


def test_a_deadline_to_come_counts_up_to_the_last_day() -> None:
    known = told(("2021-01-01", "2021-06-30"), counts={"badges": 5}, targets=[target("badges", *YEAR, 20)])
    assert clause(known, "badges") == "trao tặng Huy hiệu Đảng cho 5 đảng viên, đạt 25% chỉ tiêu được giao"


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ([], "không có chỉ tiêu nào về số đảng viên mới kết nạp"),
        ([target("badges", *YEAR, 20)], "không có chỉ tiêu"),
        ([target("admissions", "2021-01-02", "2021-12-31", 20)], "không có chỉ tiêu"),
        ([target("admissions", "2021-01-01", "2021-12-30", 20)], "không có chỉ tiêu"),
        ([target("admissions", "2021-01-01", f"202{n}-12-31", 20) for n in (2, 3)], "có 2 chỉ tiêu"),
        ([target("admissions", *YEAR, 0)], "chỉ tiêu bằng 0"),
    ],
)
def test_no_percentage_is_inferred(targets: list[Assigned], reason: str) -> None:
    known = told(counts={"admissions": 4}, targets=targets)
    assert clause(known, "admissions") == "kết nạp 4 đảng viên mới"
    refused = refusal(known, "admissions:target")
    assert reason in refused.reason
    assert refused.clause == "admissions:target"


def test_of_several_the_target_of_the_very_period_is_taken() -> None:
    targets = [target("admissions", "2021-01-01", "2025-12-31", 99), target("admissions", *YEAR, 8)]
    assert clause(told(counts={"admissions": 4}, targets=targets), "admissions").endswith("đạt 50% chỉ tiêu được giao")


def test_goals() -> None:
    targets = [
        target("admissions", "2020-08-15", "2025-08-14", 700, 800),
        target("admissions", "2021-01-01", "2021-10-31", 150),
        target("admissions", "2020-01-01", "2020-12-31", 3),
        target("badges", "2021-01-01", "2021-12-31", 3),
    ]
    found = said(told(("2021-01-01", "2021-08-28"), targets=targets), "admissions:goal")
    assert found.clauses[0].text == (
        "phấn đấu đến hết ngày 31/10/2021 kết nạp 150 đảng viên trở lên, kết nạp từ 700 đến 800 đảng viên trong nhiệm"
        " kỳ 2020 - 2025"
    )
    assert [number.value for number in found.clauses[0].numbers] == [150, 700, 800]
    assert "chỉ tiêu: từ 700 đến 800 đảng viên, từ 15/08/2020 đến 14/08/2025" in found.footing


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (target("admissions", "2022-01-01", "2022-12-31", 250), "kết nạp 250 đảng viên trở lên trong năm 2022"),
        (
            target("introductions", "2022-01-01", "2022-12-31", 1),
            "giới thiệu 1 quần chúng ưu tú trở lên cho Đảng xem xét, kết nạp trong năm 2022",
        ),
        (
            target("confirmations", "2022-01-01", "2022-12-31", 5, 5),
            "chuyển đảng chính thức cho 5 đảng viên dự bị trong năm 2022",
        ),
        (
            target("badges", "2022-01-01", "2022-12-31", 0, 5),
            "trao tặng Huy hiệu Đảng cho không quá 5 đảng viên trong năm 2022",
        ),
        (
            target("trainings", "2022-01-01", "2022-12-31", 5, 7),
            "có từ 5 đến 7 quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng trong năm 2022",
        ),
    ],
)
def test_a_goal_of_a_later_period_needs_no_count(goal: Assigned, text: str) -> None:
    assert clause(told(targets=[goal]), f"{goal.measure}:goal") == f"phấn đấu {text}"


def test_without_a_target_to_come_there_is_no_goal() -> None:
    known = told(targets=[target("admissions", "2021-01-01", "2021-12-30", 4)])
    assert "thời hạn từ ngày 31/12/2021 trở đi" in refusal(known, "admissions:goal").reason


def test_a_declared_zero_is_a_percentage_of_zero() -> None:
    asked = [target("admissions", *YEAR, 8)]
    for say in ("admissions", "admissions:target"):
        assert "không kết luận là 0" in refusal(told(targets=asked), say).reason
        known = told(declared=[total("admissions", "2021-03-01", "2021-03-31", 0)], targets=asked)
        assert clause(known, say) == "không kết nạp đảng viên mới, đạt 0% chỉ tiêu được giao"
