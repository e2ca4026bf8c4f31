"""The words of answers about plans: rates by name, why a number is missing (domain: Plans and indicators)."""

from __future__ import annotations

from typing import Final

from events.words import MEASURES, OF_LAST_YEAR, OF_TARGET, RATES_OF_DECLARED, RATES_OF_STOCK, STOCKS

NO_TARGET: Final = "chưa được giao chỉ tiêu nào nên không tính tỷ lệ"
ZERO_TARGET: Final = "chỉ tiêu bằng 0 nên không tính tỷ lệ"
ZERO_DENOMINATOR: Final = "mẫu số bằng 0 nên không tính tỷ lệ"
SILENT: Final = (
    "chưa có sự kiện nào được tính và đơn vị chưa khai báo gì về nội dung này trong kỳ nên không kết luận là 0"
)
NOBODY_DECLARED: Final = "đơn vị và các đơn vị trực thuộc chưa khai báo"
NOT_DECLARED: Final = "đơn vị chưa khai báo số này"
NO_PARTS: Final = "chưa có đơn vị trực thuộc nào khai báo số này cho cùng ngày, cùng kỳ"
NO_OPENING: Final = "chưa khai báo số đảng viên của ngày nào đến ngày này"
NO_TERM: Final = "không có chỉ tiêu dài hơn một năm nào đang có hiệu lực nên không biết nhiệm kỳ bắt đầu từ ngày nào"
NOBODY_ALLOCATED: Final = "chưa giao chỉ tiêu cho đơn vị trực thuộc nào cùng chỉ tiêu, cùng kỳ"
NO_OWN_TARGET: Final = "đơn vị không được giao chỉ tiêu này; chỉ các đơn vị trực thuộc được giao"


def rate_name(rate: str) -> str:
    """Return what a rate is called, with its denominator."""
    known = RATES_OF_DECLARED.get(rate) or RATES_OF_STOCK.get(rate)
    if known is not None:
        return known.name
    measure, _, of = rate.partition("_of_")
    return (OF_TARGET if of == "target" else OF_LAST_YEAR).name.format(MEASURES[measure].rate)


def not_the_same_day(figure: str, other: str) -> str:
    """Say that two figures were never declared for one day."""
    return f"số {STOCKS[figure].noun} và số {STOCKS[other].noun} không được khai báo cho cùng một ngày"


def not_declared(figure: str) -> str:
    """Say that a figure was not declared up to the day."""
    return f"chưa khai báo số {STOCKS[figure].noun}"
