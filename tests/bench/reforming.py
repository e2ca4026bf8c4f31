"""The reform of a hierarchy, as lines: the districts end, communes are merged by threes, provinces by twos.

Where the numbers are from: domain, The hierarchy and Magnitudes (01/07/2025: 63 provinces became 34, 696 districts
ended, 10,035 communes became 3,321).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from services.publishing.lines import Line
from tests.bench.world import ROOT, Said, Unit, World, established, line

SINCE: Final = dt.date(2023, 7, 1)
"""In the world of the bench the reform is told five months late, so that the facts since then have to move."""
_COMMUNES: Final = 10_035
_PARTS: Final = 3
"""Communes that become one, as 10,035 become 3,321."""
_KEPT: Final = 34 / 63


class Reform:
    """What becomes of a world. `kept` are the provinces that go on."""

    def __init__(self, world: World) -> None:
        self.kept = world.provinces[: round(len(world.provinces) * _KEPT)]
        self._ended = world.provinces[len(self.kept) :]
        self._province = {unit.id: str(unit.parent) for unit in world.units if unit.level == "upper"}
        self._communes: dict[str, list[str]] = defaultdict(list)
        grassroots = [unit for unit in world.units if unit.level == "grassroots"]
        share = min(1.0, _COMMUNES / len(grassroots))
        for number, unit in enumerate(grassroots):
            if int((number + 1) * share) > int(number * share):
                self._communes[str(unit.parent)].append(unit.id)
        self._number = count(1)

    def events(self) -> Iterator[Line]:
        """Say all of it, district by district, the provinces last.

        Every second merger founds a new commune, in the others one goes on, moved under the province. What else is
        under a district goes with it to the first commune in its place.
        """
        mergers = count()
        for district, province in self._province.items():
            communes = self._communes[district]
            seat = None
            for first in range(0, len(communes), _PARTS):
                parts = communes[first : first + _PARTS]
                if next(mergers) % 2:
                    merged = parts.pop(0)
                    yield self._say(province, "moved", merged, parent=province)
                else:
                    merged = f"new-{parts[0]}"
                    unit = Unit(merged, province, "grassroots", f"Đảng bộ xã mới {parts[0]}")
                    yield established(next(self._number), unit, SINCE)
                for part in parts:
                    yield self._say(province, "dissolved", part, successor=merged)
                seat = seat or merged
            yield self._say(province, "dissolved", district, **({"successor": seat} if seat else {}))
        for number, province in enumerate(self._ended):
            yield self._say(ROOT, "dissolved", province, successor=self.kept[number % len(self.kept)])

    def _say(self, publisher: str, kind: str, unit: str, **data: Any) -> Line:
        since = SINCE.isoformat()
        said = Said(f"unit.{kind}", unit, since, {**data, "since": since})
        return line(next(self._number), publisher, f"reform-{kind}-{unit}", said)
