"""Make the events of the demonstration: always the same ones, in an order in which each can be decided at once."""

import datetime as dt
from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any, Final, TypeVar

from services.demo.places import NEIGHBOUR, Place, places

CloudEvent = dict[str, Any]
Code = TypeVar("Code")

FIRST_DAY: Final = dt.date(2023, 1, 1)
LAST_DAY: Final = dt.date(2023, 11, 28)
ADMITTED: Final = 89
CONFIRMED: Final = 99
BADGES: Final = 396
"""The district's own figures for FIRST_DAY to LAST_DAY, published on LAST_DAY."""

_SEED: Final = 20231128
_ROUNDS: Final = ((2, 3), (5, 19), (9, 2), (11, 7))
_DAY: Final = dt.timedelta(days=1)

_GRADES: Final = {30: 120, 40: 92, 45: 60, 50: 58, 55: 38, 60: 16, 65: 6, 70: 3, 75: 2, 80: 1}
_YOUNG: Final = {
    "sex": {"female": 52, "male": 48},
    "ethnicity": {"kinh": 98, "minority": 2},
    "religion": {"none": 97, "some": 3},
    "youth_union": {"yes": 78, "no": 22},
    "age_band": {"18-30": 70, "31-40": 24, "41-50": 6},
    "education": {"upper_secondary": 24, "vocational": 12, "college": 16, "bachelor": 44, "master": 4},
    "occupation": {"worker": 14, "farmer": 20, "official": 14, "public_employee": 34, "armed_forces": 8, "student": 10},
}
_OLD: Final = {
    "sex": {"female": 34, "male": 66},
    "ethnicity": {"kinh": 99, "minority": 1},
    "religion": {"none": 98, "some": 2},
    "age_band": {"51-60": 22, "over-60": 78},
    "occupation": {"retired": 70, "farmer": 24, "official": 6},
}
_UNKNOWN: Final = 0.06
_DEPARTURES: Final = {"died": 78, "struck_off": 12, "expelled": 6, "resigned": 4}


def events() -> list[CloudEvent]:
    """Give the whole demonstration as CloudEvents (contract, section 1).

    First come the units, parents before children, then the facts by the time at which they were recorded.
    """
    facts = sorted(_Facts().all(), key=lambda event: (event["time"], event["id"]))
    return [*(_established(place) for place in places()), *facts]


def _established(place: Place) -> CloudEvent:
    return {
        "specversion": "1.0",
        "id": f"demo-unit-{place.id}",
        "source": f"/units/{place.parent or place.id}",
        "type": "unit.established",
        "subject": place.id,
        "time": f"{place.since}T08:00:00+07:00",
        "data": {"parent": place.parent, "name": place.name, "level": place.level, "since": place.since},
    }


class _Facts:
    """What happened in the cells, drawn from one seed."""

    def __init__(self) -> None:
        self._random = Random(_SEED)  # noqa: S311 the same each time is what is wanted
        self._cells = [place for place in places() if place.level == "cell"]
        self._members = count(1)
        self._numbers = count(1)

    def all(self) -> Iterator[CloudEvent]:
        yield from self._admissions_and_confirmations()
        yield from self._badges()
        yield from self._candidates()
        yield from self._departures_and_transfers()

    def _admissions_and_confirmations(self) -> Iterator[CloudEvent]:
        """Admissions of one year are the confirmations of the next, twelve months after the ceremony."""
        in_period = dt.date(2022, 1, 3), dt.date(2022, 10, 20)
        for first, last, number in (
            (dt.date(2021, 2, 1), dt.date(2021, 11, 1), 58),
            (*in_period, CONFIRMED),
            (dt.date(2022, 11, 29), dt.date(2022, 12, 20), 5),
        ):
            for _ in range(number):
                cell, member, ceremony = self._cell(), self._member(), self._between(first, last)
                facets = self._facets(_YOUNG)
                yield self._admitted(cell, member, ceremony - self._days(3, 15), ceremony, facets)
                effective = _year_later(ceremony)
                decided = effective + self._days(0, 39)
                said = {"decided_on": decided, "effective_on": effective}
                yield self._fact("member.confirmed", cell, decided, {"member": member} | said, facets)
        for first, last, number in ((FIRST_DAY, LAST_DAY, ADMITTED), (LAST_DAY + _DAY, dt.date(2023, 12, 31), 7)):
            for _ in range(number):
                cell, member, decided = self._cell(), self._member(), self._between(first, last)
                yield self._admitted(cell, member, decided, decided + self._days(3, 15), self._facets(_YOUNG))

    def _admitted(
        self, cell: Place, member: str, decided: dt.date, ceremony: dt.date, facets: dict[str, str]
    ) -> CloudEvent:
        said: dict[str, Any] = {"member": member, "decided_on": decided, "ceremony_on": ceremony}
        if self._random.random() < 0.02:  # noqa: PLR2004
            said["readmission"] = True
        return self._fact("member.admitted", cell, decided, said, facets)

    def _badges(self) -> Iterator[CloudEvent]:
        for year, number in ((2022, 210), (2023, BADGES)):
            for _ in range(number):
                awarded = dt.date(year, *self._random.choice(_ROUNDS))
                said: dict[str, Any] = {"member": self._member(), "grade": self._pick(_GRADES), "awarded_on": awarded}
                chance = self._random.random()
                if chance < 0.03:  # noqa: PLR2004
                    said["early"] = True
                elif chance < 0.05:  # noqa: PLR2004
                    said["posthumous"] = True
                yield self._fact("badge.awarded", self._cell(), awarded, said, self._facets(_OLD))

    def _candidates(self) -> Iterator[CloudEvent]:
        for first, last, number in ((dt.date(2022, 1, 4), dt.date(2022, 12, 20), 90), (FIRST_DAY, LAST_DAY, 131)):
            for _ in range(number):
                cell, candidate, on = self._cell(), self._member(), self._between(first, last)
                facets = self._facets(_YOUNG)
                yield self._fact("candidate.introduced", cell, on, {"candidate": candidate, "on": on}, facets)
                trained = on + self._days(20, 90)
                if self._random.random() < 0.8:  # noqa: PLR2004
                    said = {"candidate": candidate, "on": trained, "passed": self._random.random() < 0.96}  # noqa: PLR2004
                    yield self._fact("candidate.trained", cell, trained, said, facets)

    def _departures_and_transfers(self) -> Iterator[CloudEvent]:
        for first, last in ((dt.date(2022, 1, 4), dt.date(2022, 12, 30)), (FIRST_DAY, LAST_DAY)):
            for _ in range(22):
                on = self._between(first, last)
                said = {"member": self._member(), "reason": self._pick(_DEPARTURES), "on": on}
                yield self._fact("member.departed", self._cell(), on, said, self._facets(_OLD))
            for number in range(14):
                on, (cell, other) = self._between(first, last), self._random.sample(self._cells, 2)
                to = NEIGHBOUR if number < 4 else other.id  # noqa: PLR2004
                said = {"member": self._member(), "to": to, "on": on}
                yield self._fact("member.transferred", cell, on, said, self._facets(_YOUNG))

    def _fact(self, type_: str, cell: Place, on: dt.date, said: dict[str, Any], facets: dict[str, str]) -> CloudEvent:
        """Say a fact about a cell a few days after it; half of the cells leave that to their commune."""
        data = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in said.items()}
        recorded = on + self._days(0, 6)
        return {
            "specversion": "1.0",
            "id": f"demo-{next(self._numbers):05}",
            "source": f"/units/{self._random.choice((cell.id, cell.parent))}",
            "type": type_,
            "subject": cell.id,
            "time": f"{recorded}T{self._random.randint(8, 16):02}:{self._random.randint(0, 59):02}:00+07:00",
            "data": data | ({"facets": facets} if facets else {}),
        }

    def _cell(self) -> Place:
        return self._random.choice(self._cells)

    def _member(self) -> str:
        return f"demo-m-{next(self._members):05}"

    def _days(self, low: int, high: int) -> dt.timedelta:
        return dt.timedelta(days=self._random.randint(low, high))

    def _between(self, first: dt.date, last: dt.date) -> dt.date:
        return first + self._days(0, (last - first).days)

    def _facets(self, weights: dict[str, dict[str, int]]) -> dict[str, str]:
        return {name: self._pick(codes) for name, codes in weights.items() if self._random.random() >= _UNKNOWN}

    def _pick(self, weights: dict[Code, int]) -> Code:
        return self._random.choices(list(weights), list(weights.values()))[0]


def _year_later(day: dt.date) -> dt.date:
    return day.replace(year=day.year + 1)
