"""Document 002, the propaganda board of Điện Biên, 06/02/2018: its figures are published, some days synthetic.

Published: 23 members of 25 staff, 4 admitted since the start of the term 2015-2020, one of them with the decision of
05/02/2018, 100 % rated good. Synthetic: the days of the other three, the term's start on 01/01/2015, the day for which
the rating is declared (the document says "every year"), and the place right below the province.
Left out, since the document leaves it out: the value of the term's target, and the number of those rated excellent: it
prints 15 %, which no whole number of 23 gives.
"""

import datetime as dt
from typing import Final

from events.codec import DEFAULT_ROOT
from services.demo.documents.planning import declared
from services.demo.saying import CloudEvent, Saying
from services.demo.units import DemoUnit, established

DAY: Final = "2018-02-06"
TERM_FROM: Final = "2015-01-01"
CELL: Final = "btg-dien-bien"

_SERIES: Final = "demo-002"
_PROVINCE: Final = "dien-bien"
_UNITS: Final = (
    DemoUnit(_PROVINCE, DEFAULT_ROOT, "Tỉnh ủy Điện Biên", "province", "2004-01-01"),
    DemoUnit(CELL, _PROVINCE, "Chi bộ Ban Tuyên giáo Tỉnh ủy", "grassroots", TERM_FROM),
)
_ADMITTED: Final = (dt.date(2016, 5, 18), dt.date(2016, 11, 3), dt.date(2017, 8, 30), dt.date(2018, 2, 5))
_NOTES: Final = {
    "members": "Phấn đấu đến hết nhiệm kỳ 100% cán bộ, viên chức và lao động trong cơ quan là đảng viên",
    "rated_good": "100% đảng viên hoàn thành tốt nhiệm vụ qua phân loại hằng năm; tài liệu không ghi ngày",
}


def dien_bien() -> list[CloudEvent]:
    """Give the units, the four admissions and what the cell declares."""
    say = Saying(20180206, _SERIES)
    admissions = [
        say.fact(
            "member.admitted",
            CELL,
            on,
            {"member": say.member(), "decided_on": on, "ceremony_on": on},
            facets={},
            by=(CELL,),
        )
        for on in _ADMITTED
    ]
    figures = declared(_SERIES, CELL, DAY, {"members": 23, "staff": 25, "rated_good": 23}, _NOTES)
    return [*(established(unit) for unit in _UNITS), *admissions, *figures]
