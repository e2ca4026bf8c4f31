"""Units within units that are moved to and fro between two provinces, as lines that can be published."""

import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple

from services.publishing.lines import Line
from tests.bench.world import ROOT, Said, Unit, established, line

_FOUNDED: Final = dt.date(2001, 1, 1)


class Top(NamedTuple):
    """A unit that is moved: the units that are moved with it, itself included, and the two that it can be under."""

    unit: str
    units: int
    home: str
    away: str


class Subtree:
    """An upper unit with `units` units, in it a grassroots one with a hundredth of them, in that a cell with all facts.

    In the other province there is an empty upper unit with an empty grassroots one, so that each can be moved under
    another parent of the same level, from province to province. `tops` are the three, the largest first.
    """

    def __init__(self, home: str, away: str, units: int) -> None:
        self.cell = "moved-c0"
        self._small = max(2, units // 100)
        self._units = units
        self._home, self._away = home, away
        self.tops = (
            Top("moved-d", units, home, away),
            Top("moved-g", self._small, "moved-d", "empty-d"),
            Top(self.cell, 1, "moved-g", "empty-g"),
        )
        self._said = 0

    def establishments(self) -> Iterator[Line]:
        """Say all units, parents before children."""
        for number, unit in enumerate(self._make(), 1):
            yield established(number, unit, _FOUNDED)

    def move(self, top: Top, parent: str, since: dt.date) -> Line:
        """Say, by the root, that a unit is under another from a day on."""
        self._said += 1
        said = Said("unit.moved", top.unit, since.isoformat(), {"parent": parent, "since": since.isoformat()})
        return line(self._said, ROOT, f"move-{self._said}", said)

    def _make(self) -> Iterator[Unit]:
        for name, province in (("empty", self._away), ("moved", self._home)):
            yield Unit(f"{name}-d", province, "upper", "Huyện ủy để chuyển")
            yield Unit(f"{name}-g", f"{name}-d", "grassroots", "Đảng bộ cơ sở để chuyển")
        for number in range(self._small - 1):
            yield Unit(f"moved-c{number}", "moved-g", "cell", f"Chi bộ để chuyển {number}")
        for number in range(self._units - self._small - 1):
            yield Unit(f"moved-x{number}", "moved-d", "grassroots", f"Chi bộ cơ sở để chuyển {number}")
