"""Make Gia Bình's events: always the same ones, in an order in which each can be decided at once."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from services.demo.saying import DEPARTURES, GRADES, OLD, ROUNDS, YOUNG, CloudEvent, Saying, year_later
from services.demo.units import NEIGHBOUR, DemoUnit, established, gia_binh_units

FIRST_DAY: Final = dt.date(2023, 1, 1)
LAST_DAY: Final = dt.date(2023, 11, 28)
ADMITTED: Final = 89
CONFIRMED: Final = 99
BADGES: Final = 396
"""The district's own figures for FIRST_DAY to LAST_DAY, published on LAST_DAY."""

_SEED: Final = 20231128
_DAY: Final = dt.timedelta(days=1)


def events() -> list[CloudEvent]:
    """Give all that is told of Gia Bình up to its published report as CloudEvents (contract, section 1).

    First come the units, parents before children, then the facts by the time at which they were recorded.
    """
    facts = sorted(_Facts().all(), key=lambda event: (event["time"], event["id"]))
    return [*(established(unit) for unit in gia_binh_units()), *facts]


class _Facts:
    """What happened in the cells, drawn from one seed."""

    def __init__(self) -> None:
        self._say = Saying(_SEED, "demo")
        self._cells = [unit for unit in gia_binh_units() if unit.level == "cell"]

    def all(self) -> Iterator[CloudEvent]:
        yield from self._admissions_and_confirmations()
        yield from self._badges()
        yield from self._candidates()
        yield from self._departures_and_transfers()

    def _admissions_and_confirmations(self) -> Iterator[CloudEvent]:
        """Admissions of one year are the confirmations of the next, twelve months after the ceremony."""
        say = self._say
        in_period = dt.date(2022, 1, 3), dt.date(2022, 10, 20)
        for first, last, number in (
            (dt.date(2021, 2, 1), dt.date(2021, 11, 1), 58),
            (*in_period, CONFIRMED),
            (dt.date(2022, 11, 29), dt.date(2022, 12, 20), 5),
        ):
            for _ in range(number):
                cell, member, ceremony = self._cell(), say.member(), say.between(first, last)
                facets = say.facets(YOUNG)
                yield self._admitted(cell, member, ceremony - say.days(3, 15), ceremony, facets)
                effective = year_later(ceremony)
                decided = effective + say.days(0, 39)
                said = {"decided_on": decided, "effective_on": effective}
                yield self._fact("member.confirmed", cell, decided, {"member": member} | said, facets)
        for first, last, number in ((FIRST_DAY, LAST_DAY, ADMITTED), (LAST_DAY + _DAY, dt.date(2023, 12, 31), 7)):
            for _ in range(number):
                cell, member, decided = self._cell(), say.member(), say.between(first, last)
                yield self._admitted(cell, member, decided, decided + say.days(3, 15), say.facets(YOUNG))

    def _admitted(
        self, cell: DemoUnit, member: str, decided: dt.date, ceremony: dt.date, facets: dict[str, str]
    ) -> CloudEvent:
        said: dict[str, Any] = {"member": member, "decided_on": decided, "ceremony_on": ceremony}
        if self._say.random.random() < 0.02:  # noqa: PLR2004
            said["readmission"] = True
        return self._fact("member.admitted", cell, decided, said, facets)

    def _badges(self) -> Iterator[CloudEvent]:
        say = self._say
        for year, number in ((2022, 210), (2023, BADGES)):
            for _ in range(number):
                awarded = dt.date(year, *say.random.choice(ROUNDS))
                said: dict[str, Any] = {"member": say.member(), "grade": say.pick(GRADES), "awarded_on": awarded}
                chance = say.random.random()
                if chance < 0.03:  # noqa: PLR2004
                    said["early"] = True
                elif chance < 0.05:  # noqa: PLR2004
                    said["posthumous"] = True
                yield self._fact("badge.awarded", self._cell(), awarded, said, say.facets(OLD))

    def _candidates(self) -> Iterator[CloudEvent]:
        say = self._say
        for first, last, number in ((dt.date(2022, 1, 4), dt.date(2022, 12, 20), 90), (FIRST_DAY, LAST_DAY, 131)):
            for _ in range(number):
                cell, candidate, on = self._cell(), say.member(), say.between(first, last)
                facets = say.facets(YOUNG)
                yield self._fact("candidate.introduced", cell, on, {"candidate": candidate, "on": on}, facets)
                trained = on + say.days(20, 90)
                if say.random.random() < 0.8:  # noqa: PLR2004
                    said = {"candidate": candidate, "on": trained, "passed": say.random.random() < 0.96}  # noqa: PLR2004
                    yield self._fact("candidate.trained", cell, trained, said, facets)

    def _departures_and_transfers(self) -> Iterator[CloudEvent]:
        say = self._say
        for first, last in ((dt.date(2022, 1, 4), dt.date(2022, 12, 30)), (FIRST_DAY, LAST_DAY)):
            for _ in range(22):
                on = say.between(first, last)
                said = {"member": say.member(), "reason": say.pick(DEPARTURES), "on": on}
                yield self._fact("member.departed", self._cell(), on, said, say.facets(OLD))
            for number in range(14):
                on, (cell, other) = say.between(first, last), say.random.sample(self._cells, 2)
                to = NEIGHBOUR if number < 4 else other.id  # noqa: PLR2004
                said = {"member": say.member(), "to": to, "on": on}
                yield self._fact("member.transferred", cell, on, said, say.facets(YOUNG))

    def _fact(
        self, type_: str, cell: DemoUnit, on: dt.date, said: dict[str, Any], facets: dict[str, str]
    ) -> CloudEvent:
        """Say a fact about a cell; half of the cells leave that to their commune."""
        return self._say.fact(type_, cell.id, on, said, facets=facets, by=(cell.id, cell.parent))

    def _cell(self) -> DemoUnit:
        return self._say.random.choice(self._cells)
