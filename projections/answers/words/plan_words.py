"""The words of answers about plans: names, and why a number is missing (domain: Plans and indicators)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MEASURE_WORDS: Final[Mapping[str, str]] = {
    "admissions": "số đảng viên mới kết nạp",
    "confirmations": "số đảng viên được công nhận chính thức",
    "badges": "số đảng viên được trao tặng Huy hiệu Đảng",
    "departures": "số đảng viên ra khỏi Đảng",
    "transfers_out": "số đảng viên chuyển sinh hoạt đi",
    "transfers_in": "số đảng viên chuyển sinh hoạt đến",
    "introductions": "số quần chúng ưu tú được giới thiệu",
    "trainings": "số quần chúng ưu tú học lớp bồi dưỡng nhận thức về Đảng",
}

FIGURE_WORDS: Final[Mapping[str, str]] = {
    "members": "đảng viên",
    "staff": "cán bộ, công chức, viên chức, người lao động",
    "key_posts": "đảng viên giữ vị trí chủ chốt",
    "rated_good": "đảng viên hoàn thành tốt nhiệm vụ trở lên",
    "rated_excellent": "đảng viên hoàn thành xuất sắc nhiệm vụ",
    "subordinate_units": "tổ chức đảng trực thuộc",
    "economic_targets": "chỉ tiêu phát triển kinh tế",
    "economic_targets_met": "chỉ tiêu phát triển kinh tế hoàn thành",
}

NO_TARGET: Final = "chưa được giao chỉ tiêu nào nên không tính tỷ lệ"
ZERO_TARGET: Final = "chỉ tiêu bằng 0 nên không tính tỷ lệ"
ZERO_DENOMINATOR: Final = "mẫu số bằng 0 nên không tính tỷ lệ"
SILENT: Final = (
    "chưa có sự kiện nào được tính và đơn vị chưa khai báo gì về chỉ tiêu này trong kỳ nên không kết luận là 0"
)
NOBODY_DECLARED: Final = "đơn vị và các đơn vị trực thuộc chưa khai báo"
NOT_DECLARED: Final = "đơn vị chưa khai báo số này"
NO_PARTS: Final = "chưa có đơn vị trực thuộc nào khai báo số này cho cùng ngày, cùng kỳ"
NO_OPENING: Final = "chưa khai báo số đảng viên của ngày nào đến ngày này"
NO_TERM: Final = "không có chỉ tiêu dài hơn một năm nào đang có hiệu lực nên không biết nhiệm kỳ bắt đầu từ ngày nào"
NOBODY_ALLOCATED: Final = "chưa giao chỉ tiêu cho đơn vị trực thuộc nào cùng chỉ tiêu, cùng kỳ"
NO_OWN_TARGET: Final = "đơn vị không được giao chỉ tiêu này; chỉ các đơn vị trực thuộc được giao"


def not_the_same_day(figure: str, other: str) -> str:
    """Say that two figures were never declared for one day."""
    return f"số {FIGURE_WORDS[figure]} và số {FIGURE_WORDS[other]} không được khai báo cho cùng một ngày"


def not_declared(figure: str) -> str:
    """Say that a figure was not declared up to the day."""
    return f"chưa khai báo số {FIGURE_WORDS[figure]}"
