"""What heads columns in Vietnamese: the words of fields, and of those within others; one table for all answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from events.words import CODES, DIMENSIONS, MEASURES

HEADS: Final[Mapping[str, str]] = {
    "of": "Mã đơn vị báo cáo",
    "of_name": "Đơn vị báo cáo",
    "of_level": "Cấp đơn vị báo cáo",
    "from": "Từ ngày",
    "to": "Đến ngày",
    "on": "Ngày",
    "basis": "Cơ sở tổ chức",
    "position": "Vị trí nhật ký",
    "as_of": "Thời điểm số liệu",
    "note": "Ghi chú",
    "kind": "Loại dòng",
    "unit": "Mã đơn vị",
    "id": "Mã",
    "name": "Tên",
    "level": "Cấp",
    "month": "Tháng",
    "quarter": "Quý",
    "year": "Năm",
    "code": "Trong đó",
    "since": "Từ",
    "until": "Đến trước",
    "stays": "Các thời gian",
    "parked": "Đang chờ",
    "last_year": "Năm trước",
    "change": "Tăng, giảm",
    "publisher": "Đơn vị gửi",
    "type": "Loại sự kiện",
    "day": "Ngày",
    "measure": "Nội dung",
    "time": "Ghi lúc",
    "next": "Trang sau",
    "against": "So với cơ sở",
    "against_position": "So với vị trí",
    "against_as_of": "So với thời điểm",
    "reconciled": "Đã đối chiếu",
    "said": "Theo sự kiện",
    "count": "Số lượng",
    "parent": "Trực thuộc",
    "raw": "Trực thuộc đã nêu",
    "child": "Đơn vị chuyển",
    "successor": "Đơn vị kế tục",
    "asked_level": "Cấp được xem",
    "asked": "Số đơn vị được xem",
    "silent": "Chưa báo cáo",
    "only_zero": "Chỉ báo không phát sinh",
    "declared_zero": "Báo không phát sinh",
    "differing": "Khai báo khác số đếm",
    "admitted_nobody": "Không kết nạp",
    "figure": "Số khai báo",
    "declared": "Đã khai báo",
    "counted": "Đã đếm",
    "difference": "Chênh lệch",
    "at_least": "Ít nhất",
    "at_most": "Nhiều nhất",
    "resolution": "Nghị quyết",
    "value": "Giá trị",
    "attainment": "Tỷ lệ đạt",
    "remaining": "Còn thiếu",
    "days_left": "Số ngày còn lại",
    "pace": "Nhịp độ 30 ngày",
    "so_far": "đến nay",
    "needed": "cần",
    "reason": "Lý do",
    "rate": "Tỷ lệ",
    "numerator": "Tử số",
    "denominator": "Mẫu số",
    "percent": "Phần trăm",
    "what": "Nội dung",
    "how": "Cách biết",
    "computed": "Tính được",
    "computed_by": "Cách tính",
    "children": "Đơn vị trực thuộc",
    "opening": "Số đầu kỳ",
    "flows": "Biến động",
    "check": "Kiểm tra",
    "reorganised": "Có sắp xếp tổ chức",
    "targets_reason": "Lý do thiếu chỉ tiêu",
    "sum_at_least": "Tổng ít nhất",
    "sum_at_most": "Tổng nhiều nhất",
    "adds_up": "Khớp tổng",
    "with_target": "Số đơn vị có chỉ tiêu",
    "without_target": "Số đơn vị chưa có chỉ tiêu",
    "say": "Nội dung nói",
    "text": "Câu",
    "footing": "Chú thích",
    "unit.id": "Mã đơn vị",
    "unit.name": "Tên đơn vị",
    "unit.level": "Cấp đơn vị",
    "children.said": "Đơn vị trực thuộc: Số đơn vị đã khai báo",
}
"""By the name of a field; of one within another the two with a colon between, unless it has words of its own."""


def head_of(name: str) -> str:
    """Head a column by its name; raises KeyError for what has no words."""
    return HEADS[name] if name in HEADS else ": ".join(_word(part) for part in name.split("."))


def _word(part: str) -> str:
    if part in MEASURES:
        return MEASURES[part].column
    return HEADS[part] if part in HEADS else DIMENSIONS[part].capitalize()


def head_of_measure(measure: str, before: str = "") -> str:
    """Head a column of a measure's values, of last year or of what changed where that stands before it."""
    word = MEASURES[measure].column
    return f"{HEADS[before]}: {word}" if before else word


def head_of_code(measure: str, dimension: str, code: str, before: str = "") -> str:
    """Head a column of those of a measure who have one code."""
    of = f"{DIMENSIONS[dimension]}: {CODES.get(code, code)}"
    return f"{head_of_measure(measure, before)}, {of}"
