"""The answers about plans, declared figures and rates, as they are written to JSON; field order is that on the wire.

What is missing is null, and a ``reason`` says in words why. A ``percent`` is rounded half up to one place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType, defstruct

from events.catalogue import STOCK_FLOWS
from projections.answers.past.structure_answers import Source
from projections.answers.report.report_answers import Behind, UnitName

_PERIOD = {"first": "from", "last": "to"}


class Percents(Struct, frozen=True):
    """Percentages of both ends of a target; ``at_most`` is null where it is a floor alone."""

    at_least: float | None
    at_most: float | None


class Numbers(Struct, frozen=True):
    """How many are missing up to both ends of a target, 0 where the end is reached."""

    at_least: int
    at_most: int | None


class Pace(Struct, frozen=True):
    """What comes in 30 days: so far, and what is needed from the next day to the deadline to reach ``at_least``."""

    so_far: float
    needed: float | None


class Target(Struct, frozen=True, rename=_PERIOD):
    """A target in force or past. ``value`` is counted up to ``until``: never past the deadline."""

    measure: str
    first: dt.date
    last: dt.date
    at_least: int
    at_most: int | None
    resolution: str
    said: Source
    until: dt.date
    value: int
    attainment: Percents
    remaining: Numbers
    days_left: int
    pace: Pace
    reason: str | None


class Operand(Struct, frozen=True, rename=_PERIOD):
    """One side of a rate, or a stock of members.

    ``how`` it is known: ``declared``, ``counted``, ``target``, or ``opening_and_flows``: a declared opening figure and
    the flows since. ``first`` is null of a stock, ``last`` is its day. ``said`` are the events that say it; what is
    counted is listed by ``/events``.
    """

    what: str
    first: dt.date | None
    last: dt.date
    value: int
    how: str
    said: list[Source]


class Rate(Struct, frozen=True):
    """A rate with its name in words; null with a ``reason`` where one side is missing or the denominator is zero."""

    rate: str
    name: str
    numerator: Operand | None
    denominator: Operand | None
    percent: float | None
    reason: str | None


class Parts(Struct, frozen=True):
    """What the children declare of the same figure for the same day or period.

    ``declared`` is the sum over the ``said`` children that said something, null where none did; ``silent`` ones did
    not. ``difference`` is the unit's own declared figure less that sum, null of ``subordinate_units``.
    """

    declared: int | None
    said: int
    silent: int
    difference: int | None


class Figure(Struct, frozen=True, rename=_PERIOD):
    """A declared figure beside what the system makes of it.

    A stock has ``on``, a measure ``first`` and ``last``. ``computed_by``: ``count`` (of events), ``children`` (what
    they declare), ``units`` (subordinate units of the hierarchy) or null. ``difference`` is declared less computed.
    """

    figure: str
    on: dt.date | None
    first: dt.date | None
    last: dt.date | None
    declared: int | None
    note: str | None
    said: Source | None
    computed: int | None
    computed_by: str | None
    difference: int | None
    children: Parts
    reason: str | None


class _Flows(Struct, frozen=True):
    """What comes to and leaves the stock of members on days after the opening one (domain: Stock of members)."""

    @property
    def net(self) -> int:
        """Return what they add to the stock."""
        return sum(sign * getattr(self, measure) for measure, sign in STOCK_FLOWS.items())


if TYPE_CHECKING:
    Flows = _Flows
else:
    Flows = defstruct(
        "Flows",
        [(measure, int) for measure in STOCK_FLOWS],
        bases=(_Flows,),
        namespace={"__doc__": _Flows.__doc__},
        module=__name__,
        frozen=True,
    )


def flows(n: Mapping[str, int]) -> Flows:
    """Make the flows of how many each measure of ``STOCK_FLOWS`` counts."""
    return Flows(**n)


class StockCheck(Struct, frozen=True):
    """The declared figure before the opening one, carried on to its day: ``difference`` is declared less computed."""

    opening: Operand
    flows: Flows
    computed: int
    declared: Operand
    difference: int


class Stock(Struct, frozen=True):
    """The members at the end of a day: the latest declared figure and the flows since.

    ``reorganised``: units came to what is below it, or went, after the first opening figure (that of ``check``, where
    there is one), so that members may have come and gone with them, without a transfer.
    """

    on: dt.date
    opening: Operand | None
    flows: Flows | None
    computed: int | None
    check: StockCheck | None
    reorganised: bool
    reason: str | None


class Indicators(Struct, frozen=True):
    """Targets, declared figures, the stock of members and rates of a unit as of a day."""

    unit: UnitName
    on: dt.date
    basis: str
    position: int
    as_of: dt.datetime | None
    targets: list[Target]
    targets_reason: str | None
    figures: list[Figure]
    stock: Stock
    rates: list[Rate]
    behind: Behind | UnsetType = UNSET


class AllocatedRow(Struct, frozen=True, rename=_PERIOD):
    """The target of a child for the same measure and period; null where it has none."""

    unit: UnitName
    at_least: int | None
    at_most: int | None
    resolution: str | None
    said: Source | None
    value: int
    attainment: Percents
    reason: str | None


class Allocation(Struct, frozen=True, rename=_PERIOD):
    """A unit's target beside those of its children for the same measure and period.

    ``adds_up``: the sums over the ``with_target`` children are the ends of the unit's, null where either side has none;
    ``sum_at_most`` is null where a child's target is a floor alone. ``difference`` is the unit's floor less the
    sum of the children's.
    """

    measure: str
    first: dt.date
    last: dt.date
    at_least: int | None
    at_most: int | None
    resolution: str | None
    said: Source | None
    value: int
    attainment: Percents
    sum_at_least: int | None
    sum_at_most: int | None
    difference: int | None
    adds_up: bool | None
    with_target: int
    without_target: int
    reason: str | None
    rows: list[AllocatedRow]


class Allocations(Struct, frozen=True):
    """The targets of a unit and of its children as of a day, the latest deadline first."""

    unit: UnitName
    on: dt.date
    basis: str
    position: int
    as_of: dt.datetime | None
    targets: list[Allocation]
    reason: str | None
    behind: Behind | UnsetType = UNSET
