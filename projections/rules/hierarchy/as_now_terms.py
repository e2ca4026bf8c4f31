"""Where the raw tree of the past differs from the one as last known, and what that means for figures as-now.

As-now, a unit's total is what lies under it on the last known hierarchy, on every day. With S the units at or below U
now,

    asnow(U) = R(U) + sum of R(v) over the edges v → p of the past that enter S from below U and have p outside,
                    - sum of R(v) over those that have p in S and v outside, or v = U itself,

because along the lineage of any fact the signs telescope to whether its unit is in S. An edge that still stands never
counts, so a unit has a few terms, and a move writes as many rows as edges of the past it bends, whatever the number of
units, days or events (docs/architecture.md, "As-now").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import Move, Segment, Unit


class Term(NamedTuple):
    """``sign`` times the roll-up of ``part`` on the days ``[since, until)`` belongs to ``unit`` as-now."""

    unit: int
    part: int
    since: dt.date
    until: dt.date
    sign: int


class PastEdges:
    """The raw edges that differ from today's, by both of their ends, and where on today's tree they are."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy
        self._of: dict[int, tuple[Segment, ...]] = {}
        self._to: dict[int, set[int]] = {}
        self._below: dict[int, int] = {}  # ends of past edges at or below a unit on today's raw tree

    def follow(self, move: Move) -> set[int]:
        """Follow a unit that was moved; return the units whose terms it bends, itself among them."""
        unit = move.unit
        bent = {unit.no}
        if move.leads_elsewhere:
            ends = self._below.get(unit.no, 0)
            if ends:
                self._add(move.before.lineage_now, -ends)
                self._add(move.after.lineage_now, ends)
            bent |= self._touching(unit.no)
        self.refresh(unit)
        return bent

    def refresh(self, unit: Unit) -> None:
        """Read a unit's past edges anew; what ends below it is known at its place on today's tree already."""
        segments = self._hierarchy.segments(unit)
        now = segments[-1].parent
        past = tuple(s for s in segments if s.parent != now and s.parent is not None)
        known = self._of.get(unit.no, ())
        if past == known:
            return
        for parent in {s.parent for s in known if s.parent is not None} - {s.parent for s in past}:
            self._to[parent].discard(unit.no)
            if not self._to[parent]:
                del self._to[parent]
                self._mark(parent, -1)
        for parent in {s.parent for s in past if s.parent is not None}:
            if parent not in self._to:
                self._to[parent] = set()
                self._mark(parent, 1)
            self._to[parent].add(unit.no)
        if bool(past) != bool(known):
            self._mark(unit.no, 1 if past else -1)
        if past:
            self._of[unit.no] = past
        else:
            del self._of[unit.no]

    def terms(self, part: int) -> Iterator[Term]:
        """Yield the terms that a unit's past edges make, for every unit that they concern."""
        past = self._of.get(part)
        if past is None:
            return
        above = set(self._hierarchy.lineage_now(self._hierarchy.by_no[part]))
        for segment in past:
            if segment.parent is not None:
                over = {segment.parent, *self._hierarchy.lineage_now(self._hierarchy.by_no[segment.parent])}
                for unit in above - over:
                    yield Term(unit, part, segment.since, segment.until, 1)
                for unit in over - above:
                    yield Term(unit, part, segment.since, segment.until, -1)

    def _touching(self, unit: int) -> set[int]:
        """Return the units with a past edge that has an end at or below the unit on today's raw tree."""
        found: set[int] = set()
        below = [unit]
        for no in below:  # grows while it is walked, along branches that have ends
            if no in self._of:
                found.add(no)
            found |= self._to.get(no, set())
            below += [child.no for child in self._hierarchy.hung_now(no, among=self._below)]
        return found

    def _mark(self, no: int, by: int) -> None:
        self._add((no, *self._hierarchy.lineage_now(self._hierarchy.by_no[no])), by)

    def _add(self, units: tuple[int, ...], by: int) -> None:
        for no in units:
            total = self._below.get(no, 0) + by
            if total:
                self._below[no] = total
            else:
                self._below.pop(no, None)
