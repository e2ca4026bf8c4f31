"""The dated hierarchy in memory: who was under whom on a day, by the contract's rule for parents.

The *raw* lineage of a unit follows its own dated statements and keeps dissolved units as transparent nodes; the units
*above* it are the raw lineage without those dissolved on the day: exactly "that one's own parent stands in, and so on
up" (contract §1, Structure).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from projections.rules.hierarchy.unit import EVER, FOREVER, Segment, Span, Unit, UnitStatement, segments_of

HIGHEST: Final = 1 << 8
"""Above it heights are not told apart. On different days two units may be above each other: there they have no end."""


class Hierarchy:
    """All known units. Mutated only through ``add`` and ``remove``; every question is answered from what holds now."""

    def __init__(self) -> None:
        self.by_id: dict[str, Unit] = {}
        self.by_no: dict[int, Unit] = {}
        self.children: dict[int, dict[int, None]] = {}  # every unit that ever named it as raw parent; some are stale
        self.next_no = 1
        self._lineages: dict[int, tuple[int, ...]] = {}  # of parents whose whole lineage never changed

    def __len__(self) -> int:
        return len(self.by_no)

    # -- questions -------------------------------------------------------------------------------------------------

    def segments(self, unit: Unit) -> tuple[Segment, ...]:
        """Return the raw parents of a unit, oldest first; the last one is open."""
        return unit.segments or (Segment(unit.founding.since, FOREVER, unit.founding.parent),)

    def raw_parent(self, unit: Unit, day: dt.date) -> int | None:
        """Return the number of the unit's raw parent on a day on or after its foundation."""
        if unit.segments is None:
            return unit.founding.parent
        found = unit.segments[0].parent
        for since, _, parent in unit.segments:
            if since > day:
                break
            found = parent
        return found

    def lineage(self, unit: Unit, day: dt.date) -> tuple[int, ...]:
        """Return the numbers of the units on the raw lineage above a unit on a day, nearest first, the root last."""
        if unit.segments is None:
            parent = unit.founding.parent
            if parent is None:
                return ()
            known = self._lineages.get(parent)
            if known is not None:
                return known
        links: list[int] = []
        static = unit.segments is None
        here = self.raw_parent(unit, day)
        while here is not None:
            links.append(here)
            above = self.by_no[here]
            static = static and above.segments is None
            here = self.raw_parent(above, day)
        lineage = tuple(links)
        if static and lineage:
            self._lineages[lineage[0]] = lineage
        return lineage

    def lineage_now(self, unit: Unit) -> tuple[int, ...]:
        """Return the raw lineage on the last known hierarchy (contract §4)."""
        return self.lineage(unit, FOREVER)

    def above(self, unit: Unit, day: dt.date) -> Iterator[Unit]:
        """Yield the units above a unit on a day, nearest first (contract §1: the dissolved ones are stood in for)."""
        for no in self.lineage(unit, day):
            ancestor = self.by_no[no]
            if not ancestor.dissolved(day):
                yield ancestor

    def is_above(self, upper: Unit, lower: Unit, day: dt.date) -> bool:
        """Tell whether ``upper`` is above ``lower`` on the day or as last known (contract §2, Authority)."""
        no = upper.no
        return (no in self.lineage(lower, day) and not upper.dissolved(day)) or (
            no in self.lineage(lower, FOREVER) and not upper.dissolved(FOREVER)
        )

    def lineages(
        self, parent: int | None, since: dt.date, until: dt.date, end_at: int | None = None
    ) -> list[tuple[dt.date, dt.date, tuple[int, ...]]]:
        """Return ``(since, until, raw lineage that starts with parent)`` over the days ``[since, until)``, in order.

        A lineage that comes to ``end_at`` ends there.
        """
        found: list[tuple[dt.date, dt.date, tuple[int, ...]]] = []
        ways: list[tuple[dt.date, dt.date, int | None, tuple[int, ...]]] = [(since, until, parent, ())]
        while ways:
            start, end, here, below = ways.pop()
            if here is None:
                found.append((start, end, below))
                continue
            if here == end_at:
                found.append((start, end, (*below, here)))
                continue
            above = self._lineages.get(here)
            if above is not None and (end_at is None or end_at not in above):
                found.append((start, end, (*below, *above)))
                continue
            segments = self.segments(self.by_no[here])
            for index in range(len(segments) - 1, -1, -1):  # the first days are looked at first
                segment = segments[index]
                first = max(start, segment.since if index else EVER)
                last = min(end, segment.until)
                if first < last:
                    ways.append((first, last, segment.parent, (*below, here)))
        return found

    def longest(self, parent: int | None, since: dt.date, until: dt.date) -> int:
        """Return how many links the longest raw lineage has that starts with a parent on days in ``[since, until)``."""
        if parent is None:
            return 0
        known = self._lineages.get(parent)
        if known is not None:
            return len(known)
        return max((len(lineage) for _, _, lineage in self.lineages(parent, since, until)), default=0)

    def subtree(self, unit: int, since: dt.date, until: dt.date) -> list[Span]:
        """Return the unit and all on raw lineages below it, with the days in ``[since, until)`` when they were so."""
        spans = [Span(unit, since, until)]
        for upper, start, end in spans:  # grows while it is walked
            for no in self.children.get(upper, ()):
                for segment in self.segments(self.by_no[no]) if no in self.by_no else ():
                    first, last = max(start, segment.since), min(end, segment.until)
                    if segment.parent == upper and first < last:
                        spans.append(Span(no, first, last))
        return spans

    def makes_cycle(self, unit: int, segments: Iterable[Segment]) -> bool:
        """Tell whether these raw parents would make the unit its own ancestor on any day, or as last known."""
        return any(
            unit in lineage
            for segment in segments
            if segment.since < segment.until
            for _, _, lineage in self.lineages(segment.parent, segment.since, segment.until, end_at=unit)
        )

    def with_statement(self, statement: UnitStatement) -> tuple[Segment, ...]:
        """Return the raw parents that the unit would have with one more statement."""
        return segments_of(self._copy(self.by_no[statement.unit], add=statement))

    def without_statement(self, statement: UnitStatement) -> tuple[Segment, ...]:
        """Return the raw parents that the unit would have without a statement other than its foundation."""
        return segments_of(self._copy(self.by_no[statement.unit], remove=statement))

    def in_use(self, unit: Unit) -> bool:
        """Tell whether a statement that holds, other than its foundation, is about the unit or names it."""
        return bool(unit.named or unit.later or unit.dissolution)

    # -- changes ---------------------------------------------------------------------------------------------------

    def establish(self, id_: str, statement: UnitStatement) -> Unit:
        """Add a unit by its founding statement, whose ``unit`` is ``next_no``."""
        unit = Unit(statement.unit, id_, statement)
        self.by_id[id_] = self.by_no[unit.no] = unit
        self.next_no = max(self.next_no, unit.no + 1)
        self._name(statement, 1)
        for no in self.lineage_now(unit):
            self.by_no[no].size += 1
        self._raise(unit)
        return unit

    def forget(self, unit: Unit) -> None:
        """Take a unit back that nothing refers to (contract §1: counts as never said)."""
        for no in self.lineage_now(unit):
            self.by_no[no].size -= 1
        self._name(unit.founding, -1)
        del self.by_id[unit.id], self.by_no[unit.no]
        self.children.pop(unit.no, None)
        if unit.founding.parent is not None:
            del self.children[unit.founding.parent][unit.no]

    def add(self, statement: UnitStatement) -> tuple[Segment, ...]:
        """Let a statement other than a foundation hold; return the raw parents as they were before it."""
        unit = self.by_no[statement.unit]
        before = self.segments(unit)
        if statement.kind == "dissolved":
            unit.dissolution = statement
        else:
            unit.later = [*(unit.later or ()), statement]
        self._name(statement, 1)
        self._settle(unit, before)
        return before

    def restore(self, statements: Sequence[UnitStatement]) -> set[int]:
        """Let statements other than foundations hold that held together before; return their units.

        In whatever order they come: nothing is derived before all are in, as only together they surely make a tree.
        """
        changed = {statement.unit for statement in statements}
        for statement in statements:
            unit = self.by_no[statement.unit]
            if statement.kind == "dissolved":
                unit.dissolution = statement
            else:
                unit.later = [*(unit.later or ()), statement]
            self._name(statement, 1)
        for no in changed:
            self._hang(self.by_no[no], segments_of(self.by_no[no]))
        for unit in self.by_no.values() if changed else ():
            unit.size = 0
        for unit in self.by_no.values() if changed else ():
            for no in self.lineage_now(unit):
                self.by_no[no].size += 1
        return changed

    def remove(self, statement: UnitStatement) -> tuple[Segment, ...]:
        """Take a statement other than a foundation back; return the raw parents as they were before."""
        unit = self.by_no[statement.unit]
        before = self.segments(unit)
        if statement.kind == "dissolved":
            unit.dissolution = None
        else:
            unit.later = [s for s in unit.later or () if s.position != statement.position] or None
        self._name(statement, -1)
        self._settle(unit, before)
        return before

    def _name(self, statement: UnitStatement, by: int) -> None:
        for no in (statement.parent, statement.successor):
            if no is not None:
                self.by_no[no].named += by
                if by > 0:
                    self.children.setdefault(no, {})[statement.unit] = None

    def _settle(self, unit: Unit, before: tuple[Segment, ...]) -> None:
        after = segments_of(unit)
        if after == before:
            return
        old, new = before[-1].parent, after[-1].parent
        if old != new:
            for parent, by in ((old, -1), (new, 1)):
                for _, _, lineage in self.lineages(parent, FOREVER - dt.timedelta(1), FOREVER):
                    for no in lineage:
                        self.by_no[no].size += by * (1 + unit.size)
        self._hang(unit, after)

    def _hang(self, unit: Unit, segments: tuple[Segment, ...]) -> None:
        founding = (unit.founding.since, FOREVER, unit.founding.parent)
        unit.segments = segments if len(segments) > 1 or segments[0] != founding else None
        self._lineages.clear()
        self._raise(unit)

    def _raise(self, unit: Unit) -> None:
        """Let whatever the unit hangs under on any day be as high as it is; no height is ever lowered."""
        risen = [unit]
        while risen:
            lower = risen.pop()
            height = min(lower.height + 1, HIGHEST)
            parents = (lower.founding.parent,) if lower.segments is None else {s.parent for s in lower.segments}
            for parent in parents:
                if parent is not None and self.by_no[parent].height < height:
                    upper = self.by_no[parent]
                    upper.height = height
                    risen.append(upper)

    @staticmethod
    def _copy(unit: Unit, *, add: UnitStatement | None = None, remove: UnitStatement | None = None) -> Unit:
        copy = Unit(unit.no, unit.id, unit.founding)
        said = [s for s in unit.statements() if remove is None or s.position != remove.position]
        if add is not None:
            said.append(add)
        copy.later = [s for s in said if s.kind not in {"established", "dissolved"}]
        copy.dissolution = next((s for s in said if s.kind == "dissolved"), None)
        return copy
