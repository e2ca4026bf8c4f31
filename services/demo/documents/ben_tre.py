"""Document 004, the Khối Cơ quan - Doanh nghiệp of Bến Tre, 28/08/2021: figures and targets published, units synthetic.

Published: 96 introduced in round I of 2021, 150 to be admitted by 31/10/2021, 700 to 800 in the term 2020-2025; and
that Bến Tre became part of Vĩnh Long on 01/07/2025. Synthetic: who introduced whom and when, the units below the Khối,
the days on which units begin here, and the term's days: the document gives its years alone. No admissions are given, so
none are here; nor what became of the Khối.
"""

import datetime as dt
from typing import Final

from events.codec import DEFAULT_ROOT
from services.demo.documents.planning import assigned
from services.demo.mergers import REFORM
from services.demo.saying import YOUNG, CloudEvent, Saying, structure
from services.demo.units import DemoUnit, established

DAY: Final = "2021-08-28"
BLOC: Final = "khoi-cqdn-ben-tre"
INTRODUCED: Final = 96

_SERIES: Final = "demo-004"
_PROVINCE: Final = "ben-tre"
_SUCCESSOR: Final = "vinh-long"
_HORIZON: Final = "2020-01-01"
_ROUND: Final = dt.date(2021, 1, 4), dt.date(2021, 8, 20)
_BELOW: Final = (
    "Đảng bộ Bệnh viện đa khoa tỉnh",
    "Đảng bộ Sở Giáo dục và Đào tạo",
    "Đảng bộ Công ty Cổ phần May Đồng Khởi",
    "Đảng bộ Công ty Cổ phần Chế biến dừa",
    "Chi bộ Trung tâm Kiểm soát bệnh tật tỉnh",
    "Chi bộ Công ty Xổ số kiến thiết",
)
_UNITS: Final = (
    DemoUnit(_PROVINCE, DEFAULT_ROOT, "Tỉnh ủy Bến Tre", "province", "1976-01-01"),
    DemoUnit(_SUCCESSOR, DEFAULT_ROOT, "Tỉnh ủy Vĩnh Long", "province", "1992-05-05"),
    DemoUnit(BLOC, _PROVINCE, "Đảng ủy Khối Cơ quan - Doanh nghiệp tỉnh Bến Tre", "upper", _HORIZON),
    *(DemoUnit(f"{BLOC}-{number:02}", BLOC, name, "grassroots", _HORIZON) for number, name in enumerate(_BELOW, 1)),
)


def ben_tre() -> list[CloudEvent]:
    """Give the units, those who were introduced, both targets, and the province's end."""
    return [*(established(unit) for unit in _UNITS), *_introductions(), *_targets(), _end()]


def _introductions() -> list[CloudEvent]:
    say = Saying(20210828, _SERIES)
    found = []
    for _ in range(INTRODUCED):
        unit, on = say.random.choice(_UNITS[3:]).id, say.between(*_ROUND)
        said = {"candidate": say.member(), "on": on}
        found.append(say.fact("candidate.introduced", unit, on, said, facets=say.facets(YOUNG), by=(unit, BLOC)))
    return sorted(found, key=lambda event: (event["time"], event["id"]))


def _targets() -> list[CloudEvent]:
    return [
        assigned(
            _SERIES,
            BLOC,
            "admissions",
            ("2021-01-01", "2021-10-31"),
            150,
            resolution="Kế hoạch năm 2021 của Đảng ủy Khối Cơ quan - Doanh nghiệp tỉnh",
            told=DAY,
        ),
        assigned(
            _SERIES,
            BLOC,
            "admissions",
            (_HORIZON, "2025-12-31"),
            700,
            at_most=800,
            resolution="Nghị quyết Đại hội Đảng bộ Khối nhiệm kỳ 2020 - 2025",
            told=DAY,
        ),
    ]


def _end() -> CloudEvent:
    return structure(
        DEFAULT_ROOT,
        f"demo-2025-end-{_PROVINCE}",
        "unit.dissolved",
        _PROVINCE,
        time="2025-06-28T09:00:00+07:00",
        data={"since": REFORM.isoformat(), "successor": _SUCCESSOR},
    )
