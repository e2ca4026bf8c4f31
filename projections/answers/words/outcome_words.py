"""What became of an event, and why, as its publisher is told: the words of the contract's codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OUTCOMES: Final[Mapping[str, str]] = {
    "counted": "đã tính",
    "applied": "đã áp dụng",
    "duplicate": "trùng, đã có",
    "parked": "đang chờ",
    "rejected": "bị từ chối",
    "retracted": "đã rút lại",
    "refused": "không gửi được",
    "published": "đã gửi",
    "undecided": "chưa có kết quả",
    "waits_paused": "đã gửi, bộ tổng hợp đang tạm dừng",
    "waits_away": "đã gửi, bộ tổng hợp không chạy",
    "unsent": "chưa gửi được",
}

REASONS: Final[Mapping[str, str]] = {
    "unknown_unit": "đơn vị chưa được biết",
    "inactive_unit": "đơn vị không hoạt động vào ngày đó",
    "not_authorised": "không có thẩm quyền",
    "unknown_event": "sự kiện cần rút chưa có",
    "malformed": "không đúng định dạng",
    "unknown_type": "loại sự kiện không có",
    "invalid_field": "trường không hợp lệ",
    "publisher_mismatch": "đơn vị gửi không khớp với source",
    "id_conflict": "trùng id nhưng khác nội dung",
    "cycle": "tạo vòng trong hệ thống tổ chức",
    "too_deep": "quá 64 cấp dưới đơn vị gốc",
    "in_use": "đơn vị đang được dùng",
    "already_done": "đã thực hiện trước đó",
    "unpublishable": "dòng không đọc được",
    "service_alone": "chỉ dịch vụ được gửi, hãy dùng tonghop grant hoặc tonghop revoke",
    "not_permitted": "máy chủ không cho phép",
    "refused_by_bus": "bus từ chối",
    "bus_away": "bus không trả lời",
    "stream_full": "bus đã đầy",
    "interrupted": "đã dừng theo yêu cầu",
}
