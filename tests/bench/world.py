"""A hierarchy of the size that the domain plans for, and facts about its cells, as lines that can be published."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from events.catalogue import CATALOGUE, FACET_DIMENSIONS, values_of
from events.data import Facets
from events.subjects import build_bus_subject, message_id, source_of
from services.publishing.lines import Line
from services.settings import Settings

ROOT: Final = Settings().root
LAST_DAY: Final = dt.date(2023, 11, 28)
YEAR_FIRST: Final = dt.date(2023, 1, 1)
HISTORY_FIRST: Final = dt.date(2003, 12, 1)
"""The run's today, the first day of its year to date, and the first of its twenty years."""

_FOUNDED: Final = dt.date(1990, 1, 1)
_YEARS_OF_FOUNDING: Final = 10
_CELLS: Final = 6
_RECENT_MEAN: Final = 30

Days = Callable[[Random], dt.date]


class Unit(NamedTuple):
    """A unit as it is established."""

    id: str
    parent: str | None
    level: str
    name: str


def recent(random: Random) -> dt.date:
    """Draw a day as live facts have it: 30 days back on average, nine in ten within 70, none before this year."""
    back = int(random.expovariate(1 / _RECENT_MEAN))
    return max(LAST_DAY - dt.timedelta(days=back), YEAR_FIRST)


def of_twenty_years(random: Random) -> dt.date:
    """Draw any day of the twenty years, each as likely."""
    return HISTORY_FIRST + dt.timedelta(days=random.randint(0, (LAST_DAY - HISTORY_FIRST).days))


def twenty_years_in_order(number: int) -> Days:
    """Give, one a call, `number` days spread evenly over the twenty years, oldest first: the cheapest to count."""
    days = (LAST_DAY - HISTORY_FIRST).days + 1
    drawn = (HISTORY_FIRST + dt.timedelta(days=index * days // number) for index in range(number))
    return lambda _: next(drawn)


class World:
    """About `units` units: 63 provinces, 11 districts each, some 61 grassroots each in the full size, 4-8 cells each.

    A smaller world has as many provinces and districts with less below, down to a few thousand units. `provinces` and
    `cells` are ids; the same numbers and seed give the same world.
    """

    def __init__(self, units: int, seed: int) -> None:
        wide = units >= 5_000
        self._random = Random(seed)
        self._districts = [(p, d) for p in range(63 if wide else 3) for d in range(11 if wide else 3)]
        self.provinces = [f"p{p:02}" for p in range(63 if wide else 3)]
        self._grassroots = max(1, (units - 1 - len(self.provinces) - len(self._districts)) // (_CELLS + 1))
        self.units = list(self._make())
        self.cells = [(unit.id, unit.parent or "") for unit in self.units if unit.level == "cell"]

    def _make(self) -> Iterator[Unit]:
        yield Unit(ROOT, None, "central", "Ban Chấp hành Trung ương Đảng")
        for province in self.provinces:
            yield Unit(province, ROOT, "province", f"Tỉnh ủy số {province[1:]}")
        for p, d in self._districts:
            yield Unit(f"p{p:02}-d{d:02}", f"p{p:02}", "upper", f"Huyện ủy số {d} thuộc tỉnh số {p}")
        for g in range(self._grassroots):
            p, d = self._random.choice(self._districts)
            grassroots = f"g{g:05}"
            yield Unit(grassroots, f"p{p:02}-d{d:02}", "grassroots", f"Đảng bộ cơ sở số {g}")
            for c in range(self._random.randint(_CELLS - 2, _CELLS + 2)):
                yield Unit(f"{grassroots}-c{c}", grassroots, "cell", f"Chi bộ {c + 1}, Đảng bộ cơ sở số {g}")

    def establishments(self) -> Iterator[Line]:
        """Say all units, each by the unit above it, parents before children."""
        for number, unit in enumerate(self.units, 1):
            later = self._random.randrange(_YEARS_OF_FOUNDING * 365) if unit.level == "cell" else 0
            yield established(number, unit, _FOUNDED + dt.timedelta(days=later))


class Facts:
    """Facts about random cells, all facets filled, said by the cell or by the unit above it, each as likely.

    `contributions` counts by measure what has been made so far: what the root's report must add up to. Ids are UUIDs
    of version 7, so that they reach the index as those of real publishers do.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._random = Random(seed + 1)
        self._cells = world.cells
        self._made = 0
        self.contributions: Counter[str] = Counter()

    def make(self, number: int, days: Days, cells: Sequence[tuple[str, str]] | None = None) -> Iterator[Line]:
        """Make `number` facts whose days are drawn by `days`, about any of the cells (id, unit above)."""
        cells = cells or self._cells
        random = self._random
        types = random.choices(list(_TYPES), list(_TYPES.values()), k=number)
        for event_type in types:
            cell, above = random.choice(cells)
            day = days(random).isoformat()
            self._made += 1
            data = self._data(event_type, day, f"m-{self._made:09}")
            for count in CATALOGUE[event_type].counts:
                self.contributions[count.measure] += 1
            said = Said(event_type, cell, day, data)
            yield line(self._made, random.choice((cell, above)), self._id(), said)

    def _data(self, event_type: str, day: str, who: str) -> dict[str, Any]:
        random = self._random
        facets = {name: random.choice(codes) for name, codes in _FACETS.items()}
        match event_type:
            case "member.admitted" | "member.confirmed":
                data: dict[str, Any] = {"member": who, "decided_on": day}
            case "badge.awarded":
                data = {"member": who, "awarded_on": day, "grade": random.choice((30, 40, 45, 50, 55, 60))}
            case "member.departed":
                data = {"member": who, "on": day, "reason": "died"}
            case "member.transferred":
                data = {"member": who, "on": day, "to": random.choice(self._cells)[0]}
            case "candidate.trained":
                data = {"candidate": who, "on": day, "passed": True}
            case _:
                data = {"candidate": who, "on": day}
        data["facets"] = facets
        return data

    def _id(self) -> str:
        moment, noise = 1_701_100_000_000 + self._made, f"{self._random.getrandbits(72):018x}"
        stamp = f"{moment:012x}"
        return f"{stamp[:8]}-{stamp[8:]}-7{noise[:3]}-9{noise[3:6]}-{noise[6:]}"


class Said(NamedTuple):
    """What an event says, of whom, on which day (ISO)."""

    type: str
    subject: str
    day: str
    data: dict[str, Any]


def established(number: int, unit: Unit, since: dt.date) -> Line:
    """Say that a unit is founded, by the unit above it, or by itself where there is none."""
    day = since.isoformat()
    data = {"parent": unit.parent, "name": unit.name, "level": unit.level, "since": day}
    said = Said("unit.established", unit.id, day, data)
    return line(number, unit.parent or unit.id, f"unit-{unit.id}", said)


def line(number: int, publisher: str, event_id: str, said: Said) -> Line:
    """Write an event as a line that can be published."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": source_of(publisher),
        "type": said.type,
        "subject": said.subject,
        "time": f"{said.day}T09:30:00+07:00",
        "data": said.data,
    }
    bus_subject = build_bus_subject(publisher, said.type)
    body = msgspec.json.encode(event)
    return Line(number, publisher, event_id, bus_subject, message_id(publisher, event_id, body), body)


# As often as the domain says they happen in a year (domain, Magnitudes; the pipeline and the movements are estimates).
_TYPES: Final = {
    "member.admitted": 200,
    "member.confirmed": 200,
    "badge.awarded": 150,
    "candidate.introduced": 250,
    "candidate.trained": 220,
    "member.departed": 60,
    "member.transferred": 60,
}
_FACETS: Final = {name: tuple(values_of(Facets, name).values()) for name in FACET_DIMENSIONS}
