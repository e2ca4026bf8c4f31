"""Document 000, Chi bộ 4 of a province's social insurance, 07/07/2022: all published; only where it stands is made up.

The document does not name its province, and none is invented: the parent stands right below the root. It gives no
number of admissions or of introductions, so there are no facts. The days on which the units begin here are synthetic.
"""

from typing import Final

from events.codec import DEFAULT_ROOT
from services.demo.documents.planning import assigned, declared
from services.demo.saying import CloudEvent
from services.demo.units import DemoUnit, established

DAY: Final = "2022-07-07"
CELL: Final = "chi-bo-4-bhxh"

_PARENT: Final = "bhxh-tinh"
_SERIES: Final = "demo-000"
_UNITS: Final = (
    DemoUnit(_PARENT, DEFAULT_ROOT, "Đảng bộ Bảo hiểm xã hội tỉnh", "grassroots", "2021-01-01"),
    DemoUnit(CELL, _PARENT, "Chi bộ 4", "cell", "2021-01-01"),
)


def chi_bo_4() -> list[CloudEvent]:
    """Give the units, the target of 2022 and what the cell declares."""
    target = assigned(
        _SERIES,
        CELL,
        "introductions",
        ("2022-01-01", "2022-12-31"),
        1,
        resolution="Nghị quyết số 227-NQ/ĐB ngày 17/12/2021 của Đảng bộ Bảo hiểm xã hội tỉnh",
        told="2021-12-17",
        by=_PARENT,
    )
    figures = declared(_SERIES, CELL, DAY, {"members": 16, "staff": 19})
    return [*(established(unit) for unit in _UNITS), target, *figures]
