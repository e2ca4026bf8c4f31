"""Targets and declared figures of a world's units, as lines that can be published."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from random import Random
from typing import Any, Final

from services.publishing.lines import Line
from tests.bench.world import LAST_DAY, ROOT, YEAR_FIRST, Said, Unit, World, line

YEARS: Final = range(2003, 2023)
"""The twenty years of which figures are declared and targets set; the last days of each have passed."""
TERM: Final = (dt.date(2020, 10, 1), dt.date(2025, 12, 31))
STOCKS: Final = {"members": (8, 40), "staff": (20, 60), "key_posts": (2, 6)}
"""What a unit declares at the end of each year, with the least and the most of it."""
SPOKEN_FOR: Final = 0.1
"""The share of cells whose figure the unit above them declares."""


class Plans:
    """What units plan and declare; the same world and seed give the same lines and ids, and each is said but once.

    Targets are handed down: a unit's is the sum of those of its children.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._random = Random(seed + 2)
        self._world = world
        self._series = f"plan-{seed}"
        self._said = 0

    def totals(self, number: int) -> Iterator[Line]:
        """Say of `number` cells how many they admitted, most of them nobody: this year so far, or this month.

        Each cell is drawn once; where there are fewer, all of them declare.
        """
        cells = self._random.sample(self._world.cells, min(number, len(self._world.cells)))
        for cell, above in cells:
            first = self._random.choice((YEAR_FIRST, LAST_DAY.replace(day=1)))
            publisher = above if self._random.random() < SPOKEN_FOR else cell
            yield self._total(publisher, cell, (first, LAST_DAY), self._random.choice((0, 0, 0, 1, 2)))

    def figures(self, levels: Collection[str], years: Collection[int] = YEARS) -> Iterator[Line]:
        """Say for each unit of the levels and each year its stocks at the end, and how many it admitted."""
        for unit in self._of(levels):
            for year in years:
                first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
                for figure, (least, most) in STOCKS.items():
                    data = {"figure": figure, "on": last.isoformat(), "value": self._random.randint(least, most)}
                    yield self._line("figure.declared", unit.id, unit.id, last, data)
                yield self._total(unit.id, unit.id, (first, last), self._random.randint(0, 3))

    def targets(self, years: Collection[int] = (*YEARS, LAST_DAY.year)) -> Iterator[Line]:
        """Set the root, provinces and districts a target of admissions for each year, and one for the term."""
        units = list(self._of(("central", "province", "upper")))
        periods = [(dt.date(year, 1, 1), dt.date(year, 12, 31)) for year in years]
        for number, period in enumerate((*periods, TERM), 1):
            handed: defaultdict[str | None, int] = defaultdict(int)
            for unit in reversed(units):  # children before their parents, which have the sum
                at_least = handed[unit.id] or self._random.randint(10, 400)
                handed[unit.parent] += at_least
                said = {"measure": "admissions", "at_least": at_least, "resolution": f"Nghị quyết {number}-NQ/ĐH"}
                yield self._line("target.assigned", unit.parent or ROOT, unit.id, period[0], _days(period) | said)

    def _of(self, levels: Collection[str]) -> Iterator[Unit]:
        return (unit for unit in self._world.units if unit.level in levels)

    def _total(self, publisher: str, unit: str, period: tuple[dt.date, dt.date], value: int) -> Line:
        data = {"figure": "admissions", "value": value, **_days(period)}
        return self._line("figure.declared", publisher, unit, period[1], data)

    def _line(self, kind: str, publisher: str, unit: str, day: dt.date, data: dict[str, Any]) -> Line:
        self._said += 1
        return line(self._said, publisher, f"{self._series}-{self._said}", Said(kind, unit, day.isoformat(), data))


def _days(period: tuple[dt.date, dt.date]) -> dict[str, str]:
    return {"from": period[0].isoformat(), "to": period[1].isoformat()}
