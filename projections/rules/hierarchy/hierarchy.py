"""The hierarchy that a log makes: statements are let hold and taken back, and what hangs on them is kept at hand."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from projections.rules.hierarchy.dated_tree import DatedTree
from projections.rules.hierarchy.unit import FOREVER, Ancestry, Move, Segment, Unit, UnitStatement, founded, segments_of

HIGHEST: Final = 1 << 8
"""Above it heights are not told apart. On different days two units may be above each other: there they have no end."""


class Hierarchy(DatedTree):
    """All known units. Mutated only through ``add`` and ``remove``."""

    def __init__(self) -> None:
        super().__init__()
        self.next_no = 1
        self._founded: dict[int, list[int]] = {}
        """Those who were founded under a unit, by that, in order: nearly all that hang there. Others: ``children``."""

    def __len__(self) -> int:
        return len(self.by_no)

    # -- questions -------------------------------------------------------------------------------------------------

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
        """Return the raw parents that the unit would have without a statement other than that which establishes it."""
        return segments_of(self._copy(self.by_no[statement.unit], remove=statement))

    def in_use(self, unit: Unit) -> bool:
        """Tell whether a statement that holds, other than that which establishes it, is about the unit or names it."""
        return bool(unit.named or unit.later or unit.dissolution)

    # -- changes ---------------------------------------------------------------------------------------------------

    def establish(self, id_: str, statement: UnitStatement) -> Unit:
        """Add a unit by its founding statement, whose ``unit`` is ``next_no``."""
        unit = founded(id_, statement)
        self.by_id[id_] = self.by_no[unit.no] = unit
        self.next_no = max(self.next_no, unit.no + 1)
        if unit.parent is not None:
            self.by_no[unit.parent].named += 1
            self._founded.setdefault(unit.parent, []).append(unit.no)
        for no in self.lineage_now(unit):
            self.by_no[no].size += 1
        self._raise(unit)
        return unit

    def forget(self, unit: Unit) -> None:
        """Take a unit back that nothing refers to (contract §1: counts as never said)."""
        for no in self.lineage_now(unit):
            self.by_no[no].size -= 1
        del self.by_id[unit.id], self.by_no[unit.no]
        self.children.pop(unit.no, None)
        self._founded.pop(unit.no, None)
        if unit.parent is not None:
            self.by_no[unit.parent].named -= 1
            beside = self._founded[unit.parent]
            del beside[bisect_left(beside, unit.no)]

    def add(self, statement: UnitStatement) -> Move:
        """Let a statement other than an establishment hold; return where that hangs its unit."""
        unit = self.by_no[statement.unit]
        before = self._ancestry(unit)
        unit.say(statement)
        self._name(statement, 1)
        return self._settle(unit, before)

    def restore(self, statements: Sequence[UnitStatement]) -> set[int]:
        """Let statements other than establishments hold that held together before; return their units.

        In whatever order they come: nothing is derived before all are in, as only together they surely make a tree.
        """
        changed = {statement.unit for statement in statements}
        for statement in statements:
            self.by_no[statement.unit].say(statement)
            self._name(statement, 1)
        for no in changed:
            self._hang(self.by_no[no], segments_of(self.by_no[no]))
        for unit in self.by_no.values() if changed else ():
            unit.size = 0
        for unit in self.by_no.values() if changed else ():
            for no in self.lineage_now(unit):
                self.by_no[no].size += 1
        return changed

    def remove(self, statement: UnitStatement) -> Move:
        """Take a statement other than an establishment back; return where that hangs its unit."""
        unit = self.by_no[statement.unit]
        before = self._ancestry(unit)
        unit.unsay(statement)
        self._name(statement, -1)
        return self._settle(unit, before)

    def _name(self, statement: UnitStatement, by: int) -> None:
        for no in (statement.parent, statement.successor):
            if no is not None:
                self.by_no[no].named += by
                if by > 0 and self.by_no[statement.unit].parent != no:
                    self.children.setdefault(no, {})[statement.unit] = None

    def _ever_under(self, upper: int) -> Iterable[int]:
        return chain(self._founded.get(upper, ()), self.children.get(upper, ()))

    def _ancestry(self, unit: Unit) -> Ancestry:
        return Ancestry(self.segments(unit), self.lineage_now(unit))

    def _settle(self, unit: Unit, before: Ancestry) -> Move:
        after = segments_of(unit)
        if after == before.parents:
            return Move(unit, before, before)
        old, new = before.parents[-1].parent, after[-1].parent
        if old != new:
            for parent, by in ((old, -1), (new, 1)):
                for _, _, lineage in self.lineages(parent, FOREVER - dt.timedelta(1), FOREVER):
                    for no in lineage:
                        self.by_no[no].size += by * (1 + unit.size)
        self._hang(unit, after)
        return Move(unit, before, self._ancestry(unit))

    def _hang(self, unit: Unit, segments: tuple[Segment, ...]) -> None:
        founding = (unit.since, FOREVER, unit.parent)
        unit.segments = segments if len(segments) > 1 or segments[0] != founding else None
        self._rehung()
        self._raise(unit)

    def _raise(self, unit: Unit) -> None:
        """Let whatever the unit hangs under on any day be as high as it is; no height is ever lowered."""
        risen = [unit]
        while risen:
            lower = risen.pop()
            height = min(lower.height + 1, HIGHEST)
            parents = (lower.parent,) if lower.segments is None else {s.parent for s in lower.segments}
            for parent in parents:
                if parent is not None and self.by_no[parent].height < height:
                    upper = self.by_no[parent]
                    upper.height = height
                    risen.append(upper)

    @staticmethod
    def _copy(unit: Unit, *, add: UnitStatement | None = None, remove: UnitStatement | None = None) -> Unit:
        copy = founded(unit.id, unit.founding)
        said = [s for s in unit.statements() if remove is None or s.position != remove.position]
        if add is not None:
            said.append(add)
        copy.later = [s for s in said if s.kind not in {"established", "dissolved"}]
        copy.dissolution = next((s for s in said if s.kind == "dissolved"), None)
        return copy
