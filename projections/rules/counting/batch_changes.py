"""What a batch changes in the read models: plain data, applied in one transaction, the steps in their order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from projections.rules.counting.grants import GrantRow
from projections.rules.counting.plans import PlanRow
from projections.rules.counting.state import Edition
from projections.rules.hierarchy.as_now_terms import Term
from projections.rules.hierarchy.unit import Segment, Span, UnitStatement
from projections.rules.log.hash_chain import Link

UNIT_SHIFT = 36
PERIOD_SHIFT = 8
MEASURE_MASK = (1 << PERIOD_SHIFT) - 1
PERIOD_MASK = (1 << (UNIT_SHIFT - PERIOD_SHIFT)) - 1
"""A counter's key is one integer, ``unit << 36 | period << 8 | measure``: a batch of them sorts and travels fast."""


def _none() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


class FactRow(NamedTuple):
    """One contribution of a fact: the columns of table ``fact``; ``person`` is that of `counting.person`."""

    unit: int
    day: dt.date
    measure: int
    position: int
    facets: int
    person: int | None


class FormerFactRow(NamedTuple):
    """A contribution that was taken back, by the id of its unit, which may be gone by now (table ``former_fact``)."""

    position: int
    measure: int
    unit: str
    day: dt.date
    facets: int


class FactColumns(NamedTuple):
    """Contributions of facts, column by column; days are ordinals."""

    units: Sequence[int]
    days: Sequence[int]
    measures: Sequence[int]
    positions: Sequence[int]
    facets: Sequence[int]
    persons: Sequence[int | None]


@dataclass(slots=True)
class Deltas:
    """Facts that begin or cease to be counted, and what that adds to the counters above their units.

    ``at_once`` are more that begin to be, of a state that does not count.

    ``counters`` are the keys of those that change, in their order, and ``changes`` by how much each does; ``running``
    and ``run_on`` the same of the days of units with running sums (`running_sums`); ``months`` are the keys of the
    months of the breakdowns to which the facts ``below`` them are added, or of which they are taken off (`breakdown`).
    """

    counted: list[FactRow] = field(default_factory=list)
    at_once: list[FactColumns] = field(default_factory=list)
    uncounted: list[FactRow] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    running: NDArray[np.int64] = field(default_factory=_none)
    run_on: NDArray[np.int64] = field(default_factory=_none)
    months: NDArray[np.int64] = field(default_factory=_none)
    below: NDArray[Any] = field(default_factory=_none)

    def __bool__(self) -> bool:
        return bool(self.counted or self.at_once or self.uncounted)


class Piece(NamedTuple):
    """The days ``[since, until)`` on which a moved unit's roll-up leaves some units and joins others.

    The breakdowns of vast units among them move with it: what is below a vast unit from its own breakdown, of which
    ``months`` (first and last period) have these days, the rest from the facts of ``spans``.
    """

    since: dt.date
    until: dt.date
    leaves: tuple[int, ...]
    joins: tuple[int, ...]
    months: tuple[int, int] | None
    spans: tuple[Span, ...]


class Reattribution(NamedTuple):
    """A unit's roll-up moves. ``large``, ``vast`` and ``running`` are those of the units concerned that are so then."""

    unit: int
    pieces: tuple[Piece, ...]
    large: frozenset[int]
    vast: frozenset[int]
    running: frozenset[int]


class Enlargement(NamedTuple):
    """A unit becomes large: its running sums are made from its days, and take their place."""

    unit: int


class BreakingDown(NamedTuple):
    """A unit becomes vast: its breakdowns are made from the facts of what is below it (``spans``)."""

    unit: int
    spans: tuple[Span, ...]


Step = Deltas | Reattribution | Enlargement | BreakingDown


class LedgerRow(Struct, gc=False):
    """One message with what became of it: a row of ``ledger``, and one of ``verdict`` unless it simply holds."""

    position: int
    published_at: dt.datetime
    bus_subject: bytes | None
    headers: bytes | None
    publisher: str | None
    id: str | None
    type: str | None
    subject: str | None
    body: bytes
    outcome: str = ""
    held_at: int | None = None
    first: bool = True
    first_position: int | None = None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    rejected_at: int | None = None
    retracted_at: int | None = None
    retracted_by: int | None = None

    @property
    def simply_holds(self) -> bool:
        """Tell whether it held at once and still does: what nearly all do needs no row in ``verdict``."""
        return self.held_at == self.position and self.retracted_at is None


class Verdict(NamedTuple):
    """A new outcome of a message that is in the ledger already; where ``held_at`` is None what was said of it stays."""

    position: int
    outcome: str
    reason: str | None
    field: str | None
    detail: str | None
    held_at: int | None
    rejected_at: int | None
    retracted_at: int | None
    retracted_by: int | None


class Rejects(NamedTuple):
    """How many more of a publisher's events are rejected for a reason, and the last of them.

    The publisher is empty where the bus subject names none.
    """

    publisher: str
    reason: str
    n: int
    last_position: int


class UnitRow(NamedTuple):
    """A unit as last known: the columns of table ``unit`` that statements decide."""

    no: int
    id: str
    established: int
    since: dt.date
    dissolved: dt.date | None
    successor: int | None
    name: str
    level: str


class Dated(NamedTuple):
    """A value of a unit on the days ``[since, until)``."""

    unit: int
    since: dt.date
    until: dt.date
    value: str


@dataclass(slots=True)
class Structure:
    """The hierarchy's rows to write anew. ``units`` holds every touched unit as it stands at the end of the batch."""

    units: list[UnitRow] = field(default_factory=list)
    known_before: set[int] = field(default_factory=set)
    forgotten: set[int] = field(default_factory=set)
    edges: list[tuple[int, Segment]] = field(default_factory=list)
    names: list[Dated] = field(default_factory=list)
    levels: list[Dated] = field(default_factory=list)
    said: list[UnitStatement] = field(default_factory=list)
    unsaid: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Changes:
    """All that one batch changes.

    Applied whole or not at all, and only where the checkpoint still stands at ``after``, in the same edition. Every
    term of a ``bent`` unit is replaced by those in ``terms``. ``links`` are those of the hash chain to keep, the last
    that of ``position``; none where the chain is not carried on (a rebuild's). ``as_of`` is when the bus took the last
    message, None where that was not looked at (a rebuild's).
    """

    edition: Edition
    after: int
    position: int
    as_of: dt.datetime | None
    ledger: list[LedgerRow]
    links: list[Link]
    verdicts: list[Verdict]
    steps: list[Step]
    former: list[FormerFactRow]
    structure: Structure
    plans_made: list[PlanRow]
    plans_unmade: list[int]
    grants_made: list[GrantRow]
    grants_unmade: list[int]
    tally: dict[tuple[str, str, str], int]
    rejects: list[Rejects]
    parked: dict[int, tuple[int, int]]
    large: list[int]
    vast: list[int]
    bent: list[int]
    terms: list[Term]

    def units(self) -> set[int]:
        """Return the numbers of all units of which some row is changed."""
        structure = self.structure
        found = {row.no for row in structure.units} | structure.forgotten | structure.known_before
        found |= {row.unit for row in (*self.plans_made, *self.grants_made)} | self.parked.keys() | set(self.bent)
        for term in self.terms:
            found |= {term.unit, term.part}
        for step in self.steps:
            found |= _units_in(step)
        return found


def _units_in(step: Step) -> set[int]:
    if isinstance(step, Deltas):
        return {
            *(key >> UNIT_SHIFT for key in step.counters),
            *np.unique(np.concatenate((step.running, step.months)) >> UNIT_SHIFT).tolist(),
            *(row.unit for row in (*step.counted, *step.uncounted)),
            *(unit for facts in step.at_once for unit in facts.units),
        }
    if isinstance(step, Reattribution):
        return {step.unit, *(no for piece in step.pieces for no in (*piece.leaves, *piece.joins))}
    return {step.unit}
