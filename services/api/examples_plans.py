"""One example of every answer about plans, for the OpenAPI document; a test holds them to the schemas."""

from __future__ import annotations

from typing import Any, Final

_CITY: Final = {"id": "tp-thanh-hoa", "name": "Thành ủy Thanh Hóa", "level": "upper"}
_WARD: Final = {"id": "phuong-ba-dinh", "name": "Đảng bộ phường Ba Đình", "level": "grassroots"}
_AS_OF: Final = "2022-01-06T09:01:02Z"
_ASSIGNED: Final = {"position": 812, "publisher": "thanh-hoa", "id": "th-2021-0001", "type": "target.assigned"}
_ALLOCATED: Final = {"position": 813, "publisher": "tp-thanh-hoa", "id": "tp-2021-0007", "type": "target.assigned"}
_DECLARED: Final = {"position": 901, "publisher": "tp-thanh-hoa", "id": "tp-2022-0001", "type": "figure.declared"}
_YEAR: Final = {"from": "2021-01-01", "to": "2021-12-31"}
_COUNTED: Final = {"what": "admissions", **_YEAR, "value": 256, "how": "counted", "said": []}
_MEMBERS: Final = {"what": "members", "from": None, "to": "2021-01-01", "value": 9800, "how": "declared"}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Indicators": {
        "unit": _CITY,
        "on": "2022-01-06",
        "basis": "as-was",
        "position": 1234,
        "as_of": _AS_OF,
        "targets": [
            {
                "measure": "admissions",
                **_YEAR,
                "at_least": 200,
                "at_most": None,
                "resolution": "Nghị quyết của Tỉnh ủy",
                "said": _ASSIGNED,
                "until": "2021-12-31",
                "value": 256,
                "attainment": {"at_least": 128.0, "at_most": None},
                "remaining": {"at_least": 0, "at_most": None},
                "days_left": 0,
                "pace": {"so_far": 21.0, "needed": None},
                "reason": None,
            }
        ],
        "targets_reason": None,
        "figures": [
            {
                "figure": "subordinate_units",
                "on": "2022-01-06",
                "from": None,
                "to": None,
                "declared": 110,
                "note": None,
                "said": _DECLARED,
                "computed": 110,
                "computed_by": "units",
                "difference": 0,
                "children": {"declared": 5, "said": 1, "silent": 109, "difference": None},
                "reason": None,
            }
        ],
        "stock": {
            "on": "2022-01-06",
            "opening": {**_MEMBERS, "said": [_DECLARED]},
            "flows": {
                "admissions": 256,
                "transfers_in": 31,
                "restorations": 2,
                "departures": 44,
                "transfers_out": 28,
            },
            "computed": 10017,
            "check": None,
            "reorganised": False,
            "reason": None,
        },
        "rates": [
            {
                "rate": "admissions_of_target",
                "name": "số đảng viên mới kết nạp so với chỉ tiêu được giao",
                "numerator": _COUNTED,
                "denominator": {**_COUNTED, "value": 200, "how": "target", "said": [_ASSIGNED]},
                "percent": 128.0,
                "reason": None,
            },
            {
                "rate": "members_of_staff",
                "name": "tỷ lệ đảng viên trên tổng số cán bộ, viên chức, người lao động",
                "numerator": None,
                "denominator": None,
                "percent": None,
                "reason": "chưa khai báo số cán bộ, công chức, viên chức, người lao động",
            },
        ],
    },
    "Allocations": {
        "unit": _CITY,
        "on": "2022-01-06",
        "basis": "as-was",
        "position": 1234,
        "as_of": _AS_OF,
        "targets": [
            {
                "measure": "admissions",
                **_YEAR,
                "at_least": 200,
                "at_most": None,
                "resolution": "Nghị quyết của Tỉnh ủy",
                "said": _ASSIGNED,
                "value": 256,
                "attainment": {"at_least": 128.0, "at_most": None},
                "sum_at_least": 10,
                "sum_at_most": None,
                "difference": 190,
                "adds_up": False,
                "with_target": 1,
                "without_target": 109,
                "reason": None,
                "rows": [
                    {
                        "unit": _WARD,
                        "at_least": 10,
                        "at_most": None,
                        "resolution": "Kế hoạch của Thành ủy",
                        "said": _ALLOCATED,
                        "value": 12,
                        "attainment": {"at_least": 120.0, "at_most": None},
                        "reason": None,
                    }
                ],
            }
        ],
        "reason": None,
    },
}
