"""The answer about silence and zero, as it is written to JSON; field order is that on the wire."""

from __future__ import annotations

import datetime as dt

from msgspec import UNSET, Struct, UnsetType

from projections.answers.past.structure_answers import Source
from projections.answers.report.report_answers import Behind, UnitName

_PERIOD = {"first": "from", "last": "to"}


class NamedUnits(Struct, frozen=True):
    """A list of units, ``count`` in all, by id; ``next`` is where its next page begins."""

    count: int
    units: list[UnitName]
    next: str | None


class DeclaredZero(Struct, frozen=True, rename=_PERIOD):
    """A total of a period that was declared to be zero: a statement, not silence."""

    figure: str
    first: dt.date
    last: dt.date
    said: Source


class UnitOfZeros(Struct, frozen=True):
    """A unit and the zeros that it declared, by figure, then by period."""

    unit: UnitName
    figures: list[DeclaredZero]


class UnitsOfZeros(Struct, frozen=True):
    """A list of such units, ``count`` in all, by id; ``next`` is where its next page begins."""

    count: int
    units: list[UnitOfZeros]
    next: str | None


class Differing(Struct, frozen=True, rename=_PERIOD):
    """A declared total that differs from what is counted: ``difference`` is declared less counted."""

    unit: UnitName
    figure: str
    first: dt.date
    last: dt.date
    declared: int
    counted: int
    difference: int
    said: Source


class DifferingFigures(Struct, frozen=True):
    """A list of such totals, by unit, figure and period."""

    count: int
    figures: list[Differing]
    next: str | None


class Silence(Struct, frozen=True, rename=_PERIOD):
    """The units below a unit that said nothing in a period, declared zero, or declared another total than counted.

    ``asked`` is how many units were looked at: those of ``level`` (all, where null) that stood below on the last day.
    Every ``count`` is that of the whole list. ``silent``: no fact and no declaration of it or of anything below it.
    ``only_zero``: something was declared, but of it and below it there is no fact, and no declaration but of zero. All
    others have figures: so each unit is in one of three states.
    ``declared_zero``: what it declared itself, of a period that meets the days. ``differing``: of a period within them.
    ``admitted_nobody``: no admission of it or below it, whether silent or not.
    """

    unit: UnitName
    first: dt.date
    last: dt.date
    level: str | None
    position: int
    as_of: dt.datetime | None
    asked: int
    silent: NamedUnits
    only_zero: NamedUnits
    declared_zero: UnitsOfZeros
    differing: DifferingFigures
    admitted_nobody: NamedUnits
    behind: Behind | UnsetType = UNSET
