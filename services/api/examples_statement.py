"""The example of a statement, for the OpenAPI document; a test holds it to the schema."""

from __future__ import annotations

from typing import Any, Final

_YEAR: Final = {"from": "2021-01-01", "to": "2021-12-31"}
_ASSIGNED: Final = {"position": 812, "publisher": "thanh-hoa", "id": "th-2021-0001", "type": "target.assigned"}
_COUNTED: Final = {"what": "admissions", **_YEAR, "value": 256, "how": "counted", "said": []}
_SAID: Final = "kết nạp 256 đảng viên mới, đạt 128% chỉ tiêu được giao"

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Statement": {
        "unit": {"id": "tp-thanh-hoa", "name": "Thành ủy Thanh Hóa", "level": "upper"},
        **_YEAR,
        "basis": "as-was",
        "position": 1234,
        "as_of": "2022-01-06T09:01:02Z",
        "text": f"Năm 2021, Đảng bộ thành phố Thanh Hóa {_SAID}.",
        "footing": (
            "Số liệu tính theo tổ chức tại thời điểm phát sinh, tại vị trí 1.234 của nhật ký sự kiện,"
            " lúc 16:01:02 ngày 06/01/2022. Chỉ tiêu: 200 đảng viên, từ 01/01/2021 đến 31/12/2021,"
            " theo Nghị quyết của Tỉnh ủy."
        ),
        "clauses": [
            {
                "say": "admissions",
                "text": _SAID,
                "numbers": [_COUNTED, {**_COUNTED, "value": 200, "how": "target", "said": [_ASSIGNED]}],
            }
        ],
    },
}
