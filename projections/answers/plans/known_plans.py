"""What is known of a unit's plans when it is asked: its targets, what it and its children declare (contract §1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from projections.answers.past.structure_answers import Source
from projections.answers.plans.plan_answers import Operand
from projections.answers.report.report_answers import UnitName
from projections.answers.report.stays import UnitStay
from projections.rules.counting.periods import Days, common
from projections.rules.hierarchy.unit import EVER

CountOf = Callable[[str, Days], int]
"""How many of a measure are counted in the asked unit on some days, on the asked basis."""

PlanKey = tuple[str, dt.date, dt.date]
"""A figure or measure, its first and its last day; of a stock both are the day."""


class Assigned(NamedTuple):
    """A target that stands. ``last`` is the deadline, ``at_most`` None for a floor."""

    measure: str
    first: dt.date
    last: dt.date
    at_least: int
    at_most: int | None
    resolution: str
    said: Source


class Declared(NamedTuple):
    """A declared figure that stands. The day of a stock is ``first`` and ``last``."""

    figure: str
    first: dt.date
    last: dt.date
    value: int
    note: str | None
    said: Source

    @property
    def key(self) -> PlanKey:
        """Return what it is a figure of."""
        return self.figure, self.first, self.last

    @property
    def operand(self) -> Operand:
        """Return a stock as a side of a rate."""
        return Operand(self.figure, None, self.last, self.value, "declared", [self.said])


def told_of(declared: Iterable[Declared], measure: str, days: Days) -> bool:
    """Tell whether the unit declared a total of the measure, be it 0, for a period that shares a day with these.

    Where it did not, and nothing is counted, it was silent: that is not zero (domain: Plans and indicators).
    """
    return any(d.figure == measure and d.first <= days.last and d.last >= days.first for d in declared)


class Children:
    """The children of a unit by day; as last known, whatever the day, on the basis as-now."""

    def __init__(self, stays: list[UnitStay], *, now: bool) -> None:
        self.stays = [stay for stay in stays if stay.stood]
        self._now = now
        self._on: dict[dt.date, dict[int, UnitName]] = {}

    def spans(self, on: dt.date) -> list[tuple[int, Days]]:
        """Return the days up to a day on which each of them stood as one; a unit may have several."""
        if self._now:
            return [(stay.place.no, Days(EVER, on)) for stay in self.stays]
        return [(stay.place.no, stay.place.standing(common(stay.days, Days(EVER, on)))) for stay in self.stays]

    def on(self, day: dt.date) -> dict[int, UnitName]:
        """Return those that stood on a day, their names by their numbers."""
        found = self._on.get(day)
        if found is None:
            found = self._on[day] = {
                stay.place.no: stay.name
                for stay in self.stays
                if self._now or (stay.days.first <= day <= stay.days.last and stay.place.stands(day))
            }
        return found


class Known(NamedTuple):
    """What is known of a unit on a day.

    ``targets`` began by then, ``declared`` are of days and periods up to it; ``parts`` has what units that are or were
    children declare, by what it is a figure of, then by unit. ``reorganised``: after the opening of its stock
    of members units came to what is below it, or went.
    """

    on: dt.date
    targets: list[Assigned]
    declared: list[Declared]
    children: Children
    parts: Mapping[PlanKey, Mapping[int, int]]
    reorganised: bool
