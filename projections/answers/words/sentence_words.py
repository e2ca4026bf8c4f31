"""The words of a statement's clauses: what is counted, declared and aimed at, as official reports say it (domain)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from projections.answers.words.plan_words import FIGURE_WORDS
from projections.answers.words.vietnamese_format import number


class MeasureWords(NamedTuple):
    """How a count is said (``{}`` is the number), how that there was none, how a goal is (``{}`` has the noun too)."""

    some: str
    none: str
    goal: str
    noun: str


MEASURES_SAID: Final[Mapping[str, MeasureWords]] = {
    "admissions": MeasureWords(
        "kết nạp {} đảng viên mới",
        "không kết nạp đảng viên mới",
        "kết nạp {}",
        "đảng viên",
    ),
    "confirmations": MeasureWords(
        "chuyển đảng chính thức cho {} đảng viên dự bị",
        "không chuyển đảng chính thức cho đảng viên dự bị nào",
        "chuyển đảng chính thức cho {}",
        "đảng viên dự bị",
    ),
    "badges": MeasureWords(
        "trao tặng Huy hiệu Đảng cho {} đảng viên",
        "không trao tặng Huy hiệu Đảng cho đảng viên nào",
        "trao tặng Huy hiệu Đảng cho {}",
        "đảng viên",
    ),
    "departures": MeasureWords(
        "có {} đảng viên ra khỏi Đảng (từ trần, khai trừ, xóa tên, xin ra)",
        "không có đảng viên ra khỏi Đảng (từ trần, khai trừ, xóa tên, xin ra)",
        "có {} ra khỏi Đảng",
        "đảng viên",
    ),
    "transfers_out": MeasureWords(
        "có {} đảng viên chuyển sinh hoạt đảng chính thức đi",
        "không có đảng viên chuyển sinh hoạt đảng chính thức đi",
        "có {} chuyển sinh hoạt đảng chính thức đi",
        "đảng viên",
    ),
    "transfers_in": MeasureWords(
        "tiếp nhận {} đảng viên chuyển sinh hoạt đảng chính thức đến",
        "không tiếp nhận đảng viên chuyển sinh hoạt đảng chính thức đến",
        "tiếp nhận {} chuyển sinh hoạt đảng chính thức đến",
        "đảng viên",
    ),
    "introductions": MeasureWords(
        "giới thiệu {} quần chúng ưu tú cho Đảng xem xét, kết nạp",
        "không giới thiệu quần chúng ưu tú cho Đảng xem xét, kết nạp",
        "giới thiệu {} cho Đảng xem xét, kết nạp",
        "quần chúng ưu tú",
    ),
    "trainings": MeasureWords(
        "có {} quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng",
        "không có quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng",
        "có {} tham gia lớp bồi dưỡng nhận thức về Đảng",
        "quần chúng ưu tú",
    ),
}

STOCKS_SAID: Final[Mapping[str, str]] = {
    **FIGURE_WORDS,
    "staff": "cán bộ, viên chức, người lao động",
    "economic_targets_met": "chỉ tiêu phát triển kinh tế hoàn thành và hoàn thành vượt mức",
}

SHARES_SAID: Final[Mapping[str, str]] = {
    "members_of_staff": "có {part} đảng viên trên tổng số {whole} cán bộ, viên chức, người lao động, đạt {percent}",
    "key_posts_of_members": "có {part}/{whole} đảng viên giữ vị trí chủ chốt, chiếm {percent}",
    "rated_good_of_members": "có {part}/{whole} đảng viên hoàn thành tốt nhiệm vụ trở lên, đạt {percent}",
    "rated_excellent_of_rated_good": "có {part} đảng viên hoàn thành xuất sắc nhiệm vụ"
    " trong số {whole} đảng viên hoàn thành tốt nhiệm vụ trở lên, chiếm {percent}",
    "economic_targets_met_of_economic_targets": "có {part}/{whole} chỉ tiêu phát triển kinh tế hoàn thành"
    " và hoàn thành vượt mức, đạt {percent}",
}
"""Rates of two declared figures."""

OF_STOCK_SAID: Final[Mapping[str, str]] = {
    "admissions_of_stock_at_start_of_year": "tổng số đảng viên đầu năm",
    "admissions_of_stock_at_start_of_term": "tổng số đảng viên đầu nhiệm kỳ",
    "admissions_of_stock_at_end_of_last_year": "tổng số đảng viên cuối năm trước",
}
"""What admissions are divided by."""

LAST_YEAR_SAID: Final = "cùng kỳ năm trước"


def counted(measure: str, n: int) -> str:
    """Say a count; that there was none is said in words."""
    words = MEASURES_SAID[measure]
    return words.some.format(number(n)) if n else words.none


def held(stock: str, n: int) -> str:
    """Say a declared figure of a day; a declared zero is said in words."""
    return f"có {number(n)} {STOCKS_SAID[stock]}" if n else f"không có {STOCKS_SAID[stock]}"


def ends(at_least: int, at_most: int | None, noun: str) -> str:
    """Say how many a target asks for: a floor, a range, or exactly so many."""
    if at_most is None:
        return f"{number(at_least)} {noun} trở lên"
    if at_most == at_least:
        return f"{number(at_least)} {noun}"
    if at_least == 0:
        return f"không quá {number(at_most)} {noun}"
    return f"từ {number(at_least)} đến {number(at_most)} {noun}"
