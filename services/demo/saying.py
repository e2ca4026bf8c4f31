"""Drawing what happens from one seed, and saying it as CloudEvents (contract, section 1) with ids of one series."""

import datetime as dt
from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Any, Final, TypeVar

CloudEvent = dict[str, Any]
Weights = dict[str, dict[str, int]]
Code = TypeVar("Code")

ROUNDS: Final = ((2, 3), (5, 19), (9, 2), (11, 7))
"""Month and day of the usual rounds of badges."""

GRADES: Final = {30: 120, 40: 92, 45: 60, 50: 58, 55: 38, 60: 16, 65: 6, 70: 3, 75: 2, 80: 1}
YOUNG: Final[Weights] = {
    "sex": {"female": 52, "male": 48},
    "ethnicity": {"kinh": 98, "minority": 2},
    "religion": {"none": 97, "some": 3},
    "youth_union": {"yes": 78, "no": 22},
    "age_band": {"18-30": 70, "31-40": 24, "41-50": 6},
    "education": {"upper_secondary": 24, "vocational": 12, "college": 16, "bachelor": 44, "master": 4},
    "occupation": {"worker": 14, "farmer": 20, "official": 14, "public_employee": 34, "armed_forces": 8, "student": 10},
}
OLD: Final[Weights] = {
    "sex": {"female": 34, "male": 66},
    "ethnicity": {"kinh": 99, "minority": 1},
    "religion": {"none": 98, "some": 2},
    "age_band": {"51-60": 22, "over-60": 78},
    "occupation": {"retired": 70, "farmer": 24, "official": 6},
}
DEPARTURES: Final = {"died": 78, "struck_off": 12, "expelled": 6, "resigned": 4}
_UNKNOWN: Final = 0.06


class Saying:
    """One seed's draws and one series of ids: the same calls give the same events."""

    def __init__(self, seed: int, series: str) -> None:
        self.random = Random(seed)  # noqa: S311 the same each time is what is wanted
        self._series = series
        self._members = count(1)
        self._numbers = count(1)

    def fact(
        self,
        type_: str,
        subject: str,
        on: dt.date,
        said: Mapping[str, Any],
        *,
        facets: dict[str, str],
        by: tuple[str | None, ...],
    ) -> CloudEvent:
        """Say a fact about a cell a few days after it, by one of the units in `by`; dates in `said` are written out."""
        data = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in said.items()}
        recorded = on + self.days(0, 6)
        return {
            "specversion": "1.0",
            "id": f"{self._series}-{next(self._numbers):05}",
            "source": f"/units/{self.random.choice(by)}",
            "type": type_,
            "subject": subject,
            "time": f"{recorded}T{self.random.randint(8, 16):02}:{self.random.randint(0, 59):02}:00+07:00",
            "data": data | ({"facets": facets} if facets else {}),
        }

    def member(self) -> str:
        """Make a reference that nobody has."""
        return f"{self._series}-m-{next(self._members):05}"

    def days(self, low: int, high: int) -> dt.timedelta:
        """Draw a number of days, both ends included."""
        return dt.timedelta(days=self.random.randint(low, high))

    def between(self, first: dt.date, last: dt.date) -> dt.date:
        """Draw a day, both ends included."""
        return first + self.days(0, (last - first).days)

    def facets(self, weights: Weights) -> dict[str, str]:
        """Draw a code of each dimension; now and then one is left out."""
        return {name: self.pick(codes) for name, codes in weights.items() if self.random.random() >= _UNKNOWN}

    def pick(self, weights: dict[Code, int]) -> Code:
        """Draw a code by its weight."""
        return self.random.choices(list(weights), list(weights.values()))[0]


def structure(publisher: str, id_: str, kind: str, subject: str, *, time: str, data: dict[str, Any]) -> CloudEvent:
    """Say anything but a fact."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": f"/units/{publisher}",
        "type": kind,
        "subject": subject,
        "time": time,
        "data": data,
    }


def year_later(day: dt.date) -> dt.date:
    """Give the day on which a probation ends that began on `day`: of 29 February, 28 February."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)
