"""The reform of 01/07/2025 as it was told: some of it before, some of it weeks after, some of it wrongly.

The districts end, their communes come under the provinces and are merged, Bắc Giang becomes part of Bắc Ninh.
"""

import datetime as dt
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from events.codec import DEFAULT_ROOT
from services.demo.country import districts_with_offices, office_of
from services.demo.mergers import DISTRICTS, MERGED_CELLS, REFORM, District, Merger, office_moves
from services.demo.saying import CloudEvent, structure

BY_MISTAKE: Final = ("demo-2025-end-xa-song-giang", "demo-2025-end-bac-giang")
"""The mergers that were said wrongly: Song Giang's with Cao Đức, Bắc Giang's with Thái Nguyên. Both are taken back."""

_TOWN_SINCE: Final = "2024-02-01"
_TOWN: Final = {
    "viet-yen": "Thị ủy Việt Yên",
    "bich-dong": "Đảng bộ phường Bích Động",
    "hong-thai": "Đảng bộ phường Hồng Thái",
    "nenh": "Đảng bộ phường Nếnh",
    "tang-tien": "Đảng bộ phường Tăng Tiến",
    "tu-lan": "Đảng bộ phường Tự Lạn",
}

_TOLD: Final = {
    "gia-binh": ("2025-06-19", "bac-ninh"),
    "viet-yen": ("2025-06-23", "bac-giang"),
    "lang-giang": ("2025-06-24", "bac-giang"),
    "song-cong": ("2025-07-03", "thai-nguyen"),
    "luong-tai": ("2025-07-09", "bac-ninh"),
    "tp-thanh-hoa": ("2025-07-16", "thanh-hoa"),
}
"""When each district's end was told and by whom: its province of then."""


def reform() -> Iterator[CloudEvent]:
    """Give the structure events and their corrections, not yet in the order of their times."""
    yield from _town()
    for district in DISTRICTS:
        yield from _district(district)
    yield from _provinces()
    yield from _offices()
    yield from _schools()
    yield from _correction()


class _Day:
    """What one unit tells on one day, a minute after the other from eight o'clock on."""

    def __init__(self, day: str, publisher: str, hour: int = 8) -> None:
        self._from = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), dt.timezone(dt.timedelta(hours=7)))
        self._publisher = publisher
        self._minutes = count()

    def tell(self, id_: str, kind: str, subject: str, data: dict[str, Any], by: str | None = None) -> CloudEvent:
        time = self._from + dt.timedelta(minutes=next(self._minutes))
        return structure(by or self._publisher, f"demo-2025-{id_}", kind, subject, time=time.isoformat(), data=data)

    def change(self, id_: str, kind: str, subject: str, by: str | None = None, **data: str) -> CloudEvent:
        """Tell of a change with effect from the reform on."""
        return self.tell(id_, kind, subject, {"since": REFORM.isoformat()} | data, by)


def _town() -> Iterator[CloudEvent]:
    """Việt Yên became a town in 2024, and most of its communes wards; it was told some days later."""
    day = _Day("2024-02-05", "bac-giang")
    for unit, name in _TOWN.items():
        yield day.tell(f"town-{unit}", "unit.renamed", unit, {"name": name, "since": _TOWN_SINCE})


def _district(district: District) -> Iterator[CloudEvent]:
    told, publisher = _TOLD[district.unit]
    day = _Day(told, publisher)
    for merger in district.mergers:
        yield from _merger(day, district, merger)
    # Thái Nguyên says where the district's affairs go; the others leave it at its end.
    successor = {"successor": district.province} if district.province == "thai-nguyen" else {}
    yield day.change(f"end-{district.unit}", "unit.dissolved", district.unit, **successor)


def _merger(day: _Day, district: District, merger: Merger) -> Iterator[CloudEvent]:
    name = f"Đảng ủy {merger.name}"
    if merger.unit in merger.parts:
        # The move last: once it is known, Bắc Giang has nothing to say about the commune any more.
        yield day.change(f"name-{merger.unit}", "unit.renamed", merger.unit, name=name)
        yield day.change(f"level-{merger.unit}", "unit.releveled", merger.unit, level="upper")
        yield day.change(f"move-{merger.unit}", "unit.moved", merger.unit, parent=district.province)
    else:
        founding = {"parent": district.province, "name": name, "level": "upper", "since": REFORM.isoformat()}
        yield day.tell(f"found-{merger.unit}", "unit.established", merger.unit, founding, by=district.province)
    for part in merger.parts:
        if part != merger.unit:
            successor = "xa-cao-duc-2025" if part == "xa-song-giang" else merger.unit
            yield day.change(f"end-{part}", "unit.dissolved", part, successor=successor)


def _provinces() -> Iterator[CloudEvent]:
    wrong, right = _Day("2025-06-26", DEFAULT_ROOT), _Day("2025-06-28", DEFAULT_ROOT)
    yield wrong.change("end-bac-giang", "unit.dissolved", "bac-giang", successor="thai-nguyen")
    yield right.tell("mend-bac-giang", "event.retracted", "bac-giang", _taken_back(DEFAULT_ROOT, "end-bac-giang"))
    yield right.change("end-bac-giang-2", "unit.dissolved", "bac-giang", successor="bac-ninh")


def _correction() -> Iterator[CloudEvent]:
    """Song Giang went to Đại Lai, which is found out when the reform has taken effect already."""
    day = _Day("2025-07-04", "bac-ninh")
    yield day.tell(
        "mend-xa-song-giang", "event.retracted", "xa-song-giang", _taken_back("bac-ninh", "end-xa-song-giang")
    )
    yield day.change("end-xa-song-giang-2", "unit.dissolved", "xa-song-giang", successor="xa-dai-lai-2025")


def _offices() -> Iterator[CloudEvent]:
    day = _Day("2025-07-21", DEFAULT_ROOT)
    for district in districts_with_offices():
        cell = office_of(district)
        yield day.change(f"move-{cell}", "unit.moved", cell, parent=office_moves()[district])


def _schools() -> Iterator[CloudEvent]:
    day = _Day("2025-08-05", DEFAULT_ROOT)
    for cell, successor in MERGED_CELLS.items():
        yield day.change(f"end-{cell}", "unit.dissolved", cell, successor=successor)


def _taken_back(publisher: str, event: str) -> dict[str, str]:
    return {"source": f"/units/{publisher}", "id": f"demo-2025-{event}", "reason": "ghi nhầm đơn vị kế thừa"}
