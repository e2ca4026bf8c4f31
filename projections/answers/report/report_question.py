"""A question about a unit, resolved into parts that only need adding up (docs/architecture.md, "The raw lineage").

``R(unit, days)`` = the unit's own facts on these days + its counters on those of them that precede its dissolution.
Every number of a report is a signed sum of such parts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from events.catalogue import MEASURE_NUMBERS
from projections.rules.counting.periods import ONE_DAY, Days, common, cover
from projections.rules.hierarchy.unit import FOREVER


class Place(NamedTuple):
    """A unit as its counters know it; ``dissolved`` is the day of its dissolution, None where it stands.

    ``running``: what is below it is in running sums.
    """

    no: int
    dissolved: dt.date | None
    large: bool
    vast: bool
    running: bool

    def stands(self, day: dt.date) -> bool:
        """Tell whether the unit, once established, is not yet dissolved on a day."""
        return self.dissolved is None or day < self.dissolved

    def standing(self, days: Days) -> Days:
        """Return those of the days that precede the dissolution: from then on, what is below it is below another."""
        if self.dissolved is None or days.last < self.dissolved:
            return days
        return Days(days.first, self.dissolved - ONE_DAY)


Basis = Literal["as-was", "as-now"]
By = Literal["child", "month", "quarter", "year", "level", "facet", "none"]


class Question(NamedTuple):
    """What a report asks for. ``by`` is the kind of rows, ``detail`` its level or dimensions where it takes one.

    Two dimensions have a comma between them.
    """

    unit: str
    days: Days
    basis: Basis
    measures: tuple[str, ...]
    by: By
    detail: str = ""
    split: tuple[str, ...] = ()
    """The dimensions by whose codes each row and the total are split (contract §9)."""

    @property
    def coded(self) -> str:
        """Name the dimensions whose codes are counted, with commas between them; empty where there are none."""
        return self.detail if self.by == "facet" else ",".join(self.split)


def named_on(question: Question) -> dt.date:
    """Return the day by whose name and level the asked unit is shown: the last of the days, or as last known."""
    return question.days.last if question.basis == "as-was" else FOREVER


class QuestionPart(NamedTuple):
    """One ``R(unit, days)``, added to a row or taken off it by its sign; ``own`` and ``below``: which halves count."""

    row: int
    place: Place
    days: Days
    sign: int = 1
    own: bool = True
    below: bool = True


def made_of(place: Place, days: Days, terms: Iterable[QuestionPart] | None) -> list[QuestionPart]:
    """Return what the figures of a unit are made of: as-was without terms, else as-now (architecture.md, "As-now").

    As-now, a dissolved unit has its own facts only: what was below it is below another for all days.
    """
    if terms is None:
        return [QuestionPart(0, place, days)]
    if place.dissolved is not None:
        return [QuestionPart(0, place, days, below=False)]
    return [QuestionPart(0, place, days), *terms]


def within(parts: Iterable[QuestionPart], row: int, days: Days) -> list[QuestionPart]:
    """Return the parts on those of their days that are among the days, for a row."""
    clipped = [part._replace(row=row, days=common(part.days, days)) for part in parts]
    return [part for part in clipped if part.days.first <= part.days.last]


class Sums(NamedTuple):
    """What has to be added up, as columns: runs of counter periods, days of units' own facts, and running sums."""

    counted: tuple[list[int], list[int], list[int], list[int], list[int]]
    """Row, sign, unit, first and last period."""
    own: tuple[list[int], list[int], list[int], list[dt.date], list[dt.date]]
    """Row, sign, unit, first and last day."""
    running: tuple[list[int], list[int], list[int], list[Days]]
    """Row, sign, unit, days."""


def spread(parts: Iterable[QuestionPart]) -> Sums:
    """Spread parts over as few runs as their units' counters allow."""
    sums = Sums(([], [], [], [], []), ([], [], [], [], []), ([], [], [], []))
    rows, signs, units, lows, highs = sums.counted
    own_rows, own_signs, own_units, firsts, lasts = sums.own
    run_rows, run_signs, run_units, run_days = sums.running
    for row, place, days, sign, own, below in parts:
        first, last = days
        if own and first <= last:
            own_rows.append(row)
            own_signs.append(sign)
            own_units.append(place.no)
            firsts.append(first)
            lasts.append(last)
        if below and place.running:
            run_rows.append(row)
            run_signs.append(sign)
            run_units.append(place.no)
            run_days.append(days if place.dissolved is None else place.standing(days))
        elif below:
            for low, high, run_sign in cover(*place.standing(days), large=place.large):
                rows.append(row)
                signs.append(sign * run_sign)
                units.append(place.no)
                lows.append(low)
                highs.append(high)
    return sums


class Figures:
    """Numbers by row and measure, zero until something is added."""

    __slots__ = ("_column", "_rows", "measures")

    def __init__(self, measures: tuple[str, ...], rows: int) -> None:
        self.measures = measures
        self._column = {MEASURE_NUMBERS[measure]: measure for measure in measures}
        self._rows = [dict.fromkeys(measures, 0) for _ in range(rows)]

    def add(self, row: int, measure: int, n: int) -> None:
        """Add to a row's measure, which goes by its number in storage."""
        self._rows[row][self._column[measure]] += n

    def add_all(self, numbers: Sequence[Sequence[int]]) -> None:
        """Add a number for every measure of the catalogue, in the order of their numbers, to each row."""
        columns = [(number - 1, measure) for number, measure in self._column.items()]
        for values, added in zip(self._rows, numbers, strict=True):
            for column, measure in columns:
                values[measure] += added[column]

    def __getitem__(self, row: int) -> dict[str, int]:
        return self._rows[row]

    def rest(self, total: int, parts: Iterable[int]) -> dict[str, int]:
        """Return what the parts leave of the total, by measure."""
        left = dict(self._rows[total])
        for part in parts:
            for measure, n in self._rows[part].items():
                left[measure] -= n
        return left
