"""Document 001, Thanh Hóa city, 06/01/2022: its totals, targets and Dạ Lan's figures are published, the rest isn't.

Published: 256 admitted in 2021, 128 % of what the province had set (so 200); 36 of 39 economic targets met; 110
subordinate organisations; targets of 250 for 2022 and 1,200 for the term; Dạ Lan's 5 cells, 52 members, 38 of them in
key posts, and 5 trained in November 2021, all of whom passed. Synthetic: the units of those who were admitted (as many
as are missing from what the country in small has), all single days, and the term's first and last day: the document
gives its years.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from services.demo.country import rest_of_the_country
from services.demo.documents.planning import assigned, declared
from services.demo.documents.thanh_hoa_units import CITY, COMPANY, units
from services.demo.saying import YOUNG, CloudEvent, Saying
from services.demo.units import established
from services.demo.years import facts

DAY: Final = "2022-01-06"
YEAR: Final = dt.date(2021, 1, 1), dt.date(2021, 12, 31)
ADMITTED: Final = 256
TRAINED: Final = 5

_SERIES: Final = "demo-001"
_PROVINCE: Final = "thanh-hoa"
_CONGRESS: Final = "Nghị quyết Đại hội Đảng bộ thành phố lần thứ XXI, nhiệm kỳ 2020 - 2025"


def thanh_hoa() -> list[CloudEvent]:
    """Give the units, what happened in 2021, the targets and what city and company declare."""
    say = Saying(20220106, _SERIES)
    happened = sorted([*_admissions(say), *_trainings(say)], key=lambda event: (event["time"], event["id"]))
    return [*(established(unit) for unit in units()), *happened, *_targets(), *_figures()]


def _admissions(say: Saying) -> Iterator[CloudEvent]:
    """Tell of as many as are missing from the published total; of Dạ Lan, whose number is not given, of none."""
    places = [unit.id for unit in units() if unit.parent == CITY and unit.id != COMPANY]
    for _ in range(ADMITTED - _admitted_already()):
        unit, decided = say.random.choice(places), say.between(*YEAR)
        said = {"member": say.member(), "decided_on": decided, "ceremony_on": decided + say.days(3, 15)}
        yield say.fact("member.admitted", unit, decided, said, facets=say.facets(YOUNG), by=(unit, CITY))


def _admitted_already() -> int:
    """Count the city's admissions of the year in the country in small, all of them in its communes' cells."""
    parents = {unit.id: unit.parent for unit in rest_of_the_country()}
    first, last = (day.isoformat() for day in YEAR)
    return sum(
        event["type"] == "member.admitted"
        and first <= event["data"]["decided_on"] <= last
        and CITY in {parents.get(event["subject"]), parents.get(parents.get(event["subject"]) or "")}
        for event in facts()
    )


def _trainings(say: Saying) -> Iterator[CloudEvent]:
    cells = [unit.id for unit in units() if unit.parent == COMPANY]
    for _ in range(TRAINED):
        cell, on = say.random.choice(cells), say.between(dt.date(2021, 11, 1), dt.date(2021, 11, 30))
        said = {"candidate": say.member(), "on": on, "passed": True}
        yield say.fact("candidate.trained", cell, on, said, facets=say.facets(YOUNG), by=(cell, COMPANY))


def _targets() -> Iterator[CloudEvent]:
    yield assigned(
        _SERIES,
        CITY,
        "admissions",
        ("2021-01-01", "2021-12-31"),
        200,
        resolution="văn bản giao chỉ tiêu năm 2021 của tỉnh (tin không nêu số hiệu)",
        told=DAY,
        by=_PROVINCE,
    )
    yield assigned(_SERIES, CITY, "admissions", ("2022-01-01", "2022-12-31"), 250, resolution=_CONGRESS, told=DAY)
    yield assigned(_SERIES, CITY, "admissions", ("2020-01-01", "2025-12-31"), 1200, resolution=_CONGRESS, told=DAY)


def _figures() -> Iterator[CloudEvent]:
    yield from declared(_SERIES, CITY, "2021-12-31", {"economic_targets": 39, "economic_targets_met": 36})
    yield from declared(_SERIES, CITY, DAY, {"subordinate_units": 110})
    yield from declared(_SERIES, COMPANY, DAY, {"members": 52, "key_posts": 38, "subordinate_units": 5})
