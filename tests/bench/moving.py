"""Units within units that are moved to and fro between two provinces, as lines that can be published."""

import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple

from services.publishing.lines import Line
from tests.bench.world import ROOT, Said, Unit, established, line

_FOUNDED: Final = dt.date(2001, 1, 1)


class Top(NamedTuple):
    """A unit that is moved: how many units move with it, itself included, and the unit that it belongs to otherwise."""

    unit: str
    units: int
    parent: str


class Subtree:
    """An upper unit with `units` units, in it a grassroots one with a hundredth of them, in that a cell with all facts.

    So that all three have the same ancestors to leave and to join, each is moved from province to province (`home`,
    `away`), the inner ones for the time being on their own. `tops` are the three, the largest first.
    """

    def __init__(self, home: str, away: str, units: int) -> None:
        small = max(2, units // 100)
        self.home, self.away = home, away
        self.tops = (Top("moved-d", units, home), Top("moved-g", small, "moved-d"), Top("moved-c", 1, "moved-g"))
        self.cell = self.tops[-1].unit
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
        (district, units, province), (grassroots, small, _), (cell, _, _) = self.tops
        yield Unit(district, province, "upper", "Huyện ủy để chuyển")
        yield Unit(grassroots, district, "grassroots", "Đảng bộ cơ sở để chuyển")
        yield Unit(cell, grassroots, "cell", "Chi bộ để chuyển")
        for number in range(small - 2):
            yield Unit(f"{cell}{number}", grassroots, "cell", f"Chi bộ {number}")
        for number in range(units - small - 1):
            yield Unit(f"{grassroots}{number}", district, "grassroots", f"Chi bộ cơ sở {number}")
