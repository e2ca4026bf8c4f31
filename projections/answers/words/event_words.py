"""What each type of event and each of its fields is called where one event is shown to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from events.words import FACETS, FIELDS, TYPES

EVENT_TYPES: Final[Mapping[str, str]] = {
    **TYPES,
    "unit.established": "Thành lập đơn vị",
    "unit.renamed": "Đổi tên đơn vị",
    "unit.releveled": "Đổi cấp đơn vị",
    "unit.moved": "Chuyển đơn vị về cấp trên khác",
    "unit.dissolved": "Đơn vị kết thúc hoạt động",
    "target.assigned": "Giao chỉ tiêu",
    "figure.declared": "Khai báo số liệu",
    "access.granted": "Cấp quyền truy cập",
    "access.revoked": "Thu hồi quyền truy cập",
    "event.retracted": "Rút lại sự kiện",
}

_OTHERS: Final[Mapping[str, str]] = {
    "parent": "Trực thuộc",
    "name": "Tên",
    "level": "Cấp",
    "since": "Có hiệu lực từ",
    "successor": "Đơn vị kế tục",
    "measure": "Nội dung",
    "from": "Từ ngày",
    "to": "Đến hết ngày",
    "at_least": "Ít nhất",
    "at_most": "Nhiều nhất",
    "resolution": "Nghị quyết",
    "figure": "Số khai báo",
    "on": "Ngày",
    "value": "Giá trị",
    "note": "Ghi chú",
    "account": "Tài khoản",
    "role": "Vai trò",
    "until": "Đến hết ngày",
    "source": "Đơn vị đã gửi",
    "id": "Mã sự kiện",
    "reason": "Lý do",
}
"""The fields of the types that are no facts."""


def field_word(type_: str, field: str) -> str:
    """Return what a field of a type is called, a facet too; what nobody knows is its own name."""
    if field in FACETS:
        return FACETS[field].head
    known = FIELDS.get(type_)
    if known is not None:
        return known[field].head if field in known else field
    return _OTHERS.get(field, field) if type_ in EVENT_TYPES else field
