"""What happened in the country's cells from 2018 to 2025, all of it synthetic.

Nothing is told of Gia Bình here before 2024: its own events have it.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from services.demo.country import rest_of_the_country
from services.demo.mergers import above, cell_on
from services.demo.saying import DEPARTURES, GRADES, OLD, ROUNDS, YOUNG, CloudEvent, Saying, year_later
from services.demo.units import gia_binh_units

FIRST_YEAR: Final = 2018
LAST_DAY: Final = dt.date(2025, 12, 20)
GIA_BINH_FROM: Final = 2024

_SEED: Final = 20250701
ADMISSIONS, BADGES, CANDIDATES, DEPARTED, TRANSFERS = 80, 120, 50, 18, 20
"""A year."""


def facts() -> list[CloudEvent]:
    """Give the facts of all years, each after another of its own kind, not in the order of their days."""
    say = Saying(_SEED, "demo-vn")
    return [event for year in range(FIRST_YEAR, LAST_DAY.year + 1) for event in _Year(say, year).all()]


class _Year:
    """What happened in one year; a confirmation is told with its admission of the year before."""

    def __init__(self, say: Saying, year: int) -> None:
        self._say = say
        self._cells = [unit.id for unit in rest_of_the_country() if unit.level == "cell"]
        if year >= GIA_BINH_FROM:
            self._cells += [unit.id for unit in gia_binh_units() if unit.level == "cell"]
        self._year = year
        self._days = dt.date(year, 1, 1), min(dt.date(year, 12, 31), LAST_DAY)

    def all(self) -> Iterator[CloudEvent]:
        for _ in range(ADMISSIONS):
            yield from self._admission()
        for _ in range(BADGES):
            yield from self._badge()
        for _ in range(CANDIDATES):
            yield from self._candidate()
        for _ in range(DEPARTED):
            yield self._departure()
        for _ in range(TRANSFERS):
            yield self._transfer()

    def _admission(self) -> Iterator[CloudEvent]:
        say, decided, cell = self._say, self._day(), self._cell()
        ceremony = decided + say.days(3, 15)
        member, facets = {"member": say.member()}, say.facets(YOUNG)
        said = member | {"decided_on": decided, "ceremony_on": ceremony}
        yield self._fact("member.admitted", decided, said, facets=facets, cell=cell)
        effective = year_later(ceremony)
        confirmed = effective + say.days(0, 39)
        if confirmed <= LAST_DAY:
            said = member | {"decided_on": confirmed, "effective_on": effective}
            yield self._fact("member.confirmed", confirmed, said, facets=facets, cell=cell)

    def _badge(self) -> Iterator[CloudEvent]:
        awarded = dt.date(self._year, *self._say.random.choice(ROUNDS))
        said = {"member": self._say.member(), "grade": self._say.pick(GRADES), "awarded_on": awarded}
        if awarded <= LAST_DAY:
            yield self._fact("badge.awarded", awarded, said, facets=self._say.facets(OLD))

    def _departure(self) -> CloudEvent:
        on = self._day()
        said = {"member": self._say.member(), "reason": self._say.pick(DEPARTURES), "on": on}
        return self._fact("member.departed", on, said, facets=self._say.facets(OLD))

    def _candidate(self) -> Iterator[CloudEvent]:
        say, on, cell = self._say, self._day(), self._cell()
        facets, candidate = say.facets(YOUNG), {"candidate": say.member()}
        yield self._fact("candidate.introduced", on, candidate | {"on": on}, facets=facets, cell=cell)
        trained = on + say.days(20, 90)
        if trained <= LAST_DAY:
            yield self._fact(
                "candidate.trained", trained, candidate | {"on": trained, "passed": True}, facets=facets, cell=cell
            )

    def _transfer(self) -> CloudEvent:
        on, (cell, other) = self._day(), self._say.random.sample(self._cells, 2)
        said = {"member": self._say.member(), "to": cell_on(other, on), "on": on}
        return self._fact("member.transferred", on, said, facets=self._say.facets(YOUNG), cell=cell)

    def _fact(
        self,
        type_: str,
        on: dt.date,
        said: dict[str, Any],
        *,
        facets: dict[str, str],
        cell: str | None = None,
    ) -> CloudEvent:
        """Say a fact about a cell, which does so itself or leaves it to the unit above it on that day."""
        cell = cell_on(cell or self._cell(), on)
        return self._say.fact(type_, cell, on, said, facets=facets, by=(cell, above(cell, on)))

    def _cell(self) -> str:
        return self._say.random.choice(self._cells)

    def _day(self) -> dt.date:
        return self._say.between(*self._days)
