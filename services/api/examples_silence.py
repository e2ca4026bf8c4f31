"""The example of the answer about silence and zero, for the OpenAPI document; a test holds it to the schema."""

from __future__ import annotations

from typing import Any, Final

_CELL: Final = {"id": "dai-lai-02", "name": "Chi bộ thôn Trung Thành", "level": "cell"}
_MUTE: Final = {"id": "dai-lai-05", "name": "Chi bộ thôn Huề Đông", "level": "cell"}
_SCHOOL: Final = {"id": "dai-lai-07", "name": "Chi bộ Trường Tiểu học Đại Lai", "level": "cell"}
_ZERO: Final = {"position": 1190, "publisher": "dai-lai-02", "id": "dl-2023-0017", "type": "figure.declared"}
_TOTAL: Final = {"position": 1192, "publisher": "xa-dai-lai", "id": "dl-2023-0021", "type": "figure.declared"}
_PERIOD: Final = {"from": "2023-01-01", "to": "2023-10-31"}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Silence": {
        "unit": {"id": "gia-binh", "name": "Huyện ủy Gia Bình", "level": "upper"},
        "from": "2023-01-01",
        "to": "2023-11-28",
        "level": "cell",
        "position": 1234,
        "as_of": "2023-11-28T09:01:02Z",
        "asked": 212,
        "silent": {"count": 1, "units": [_MUTE], "next": None},
        "declared_zero": {
            "count": 1,
            "units": [{"unit": _CELL, "figures": [{"figure": "admissions", **_PERIOD, "said": _ZERO}]}],
            "next": None,
        },
        "differing": {
            "count": 1,
            "figures": [
                {
                    "unit": _SCHOOL,
                    "figure": "badges",
                    **_PERIOD,
                    "declared": 3,
                    "counted": 2,
                    "difference": 1,
                    "said": _TOTAL,
                }
            ],
            "next": None,
        },
        "admitted_nobody": {"count": 2, "units": [_CELL, _MUTE], "next": None},
    },
}
