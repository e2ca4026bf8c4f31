"""A small city and what is told of its plans, and the answers about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.oracle.telling import ROOT, Said, admitted, founded, root, say
from tests.property.reading import Reader
from tests.property.system import System


def target(unit: str, measure: str, days: tuple[str, str], at_least: int, event_id: str, **more: Any) -> Said:
    data = {"measure": measure, "from": days[0], "to": days[1], "at_least": at_least, "resolution": "NQ 05"} | more
    return say(ROOT, event_id, "target.assigned", unit, data)


TREE = [
    root(event_id="r", since="2000-01-01"),
    founded("tp", ROOT, "2000-01-01", "upper", event_id="tp"),
    founded("a", "tp", "2000-01-01", "cell", event_id="a"),
    founded("b", "tp", "2000-01-01", "cell", event_id="b"),
    founded("c", "tp", "2022-03-01", "cell", event_id="c"),
]


class Told:
    """A log delivered that begins with a tree, all of which holds."""

    def __init__(self, system: System, reader: Reader, tree: list[Said]) -> None:
        self._system = system
        self._tree = tree
        self.reader = reader

    async def tell(self, *log: Said) -> None:
        said = [*self._tree, *log]
        await self._system.deliver(said, [(0, len(said), False)])
        outcomes = {outcome for _, outcome, _ in await self._system.outcomes()}
        assert outcomes <= {"counted", "applied", "retracted"}, await self._system.outcomes()


class Asked(Told):
    """What is told of the city, and the answers about its plans."""

    async def of(self, unit: str, on: str, what: str = "indicators", **more: str) -> dict[str, Any]:
        return await self.reader.get(f"/v1/units/{unit}/{what}", {"on": on} | more)

    async def rate(self, name: str, unit: str, on: str, **more: str) -> dict[str, Any]:
        (found,) = [rate for rate in (await self.of(unit, on, **more))["rates"] if rate["rate"] == name]
        return found

    async def figure(self, name: str, unit: str, on: str, **more: str) -> dict[str, Any]:
        (found,) = [each for each in (await self.of(unit, on, **more))["figures"] if each["figure"] == name]
        return found


def admissions(unit: str, days: Sequence[str], series: str) -> list[Said]:
    return [admitted(unit, day, f"{series}{n}") for n, day in enumerate(days)]
