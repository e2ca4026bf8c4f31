"""What stands on an official form beside its numbers, in Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from projections.answers.words.vietnamese_format import number

UNCHECKED: Final = "Biểu mẫu chưa đối chiếu bản gốc."
MISSING: Final[Mapping[str, str]] = {
    "not_collected": "không thu thập",
    "not_on_this_basis": "không có theo tổ chức hiện nay",
    "not_there": "chưa có đơn vị",
    "not_declared": "chưa khai báo",
    "hidden": "ẩn",
}
"""What is printed in a cell without a number, by the reason."""


def stock_note(difference: int, computed: int) -> str:
    """Say that the members at the end are not those at the beginning with what came and went."""
    more = "nhiều hơn" if difference > 0 else "ít hơn"
    return (
        f"Số đảng viên cuối kỳ theo khai báo {more} {number(abs(difference))} so với số đầu kỳ cộng tăng trừ giảm "
        f"({number(computed)})."
    )


def reorganised_note() -> str:
    """Say why that may be."""
    return "Trong thời gian này có sắp xếp tổ chức: đảng viên có thể đi theo tổ chức mà không chuyển sinh hoạt."
