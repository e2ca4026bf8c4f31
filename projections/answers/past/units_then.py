"""All units as some statements make them, in memory: for questions about positions that the log has left behind.

Unlike the projector's hierarchy it takes statements in any order, also one that no log could have: nothing is derived
while they come in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from projections.rules.hierarchy.unit import FOREVER, Segment, Unit, UnitStatement, segments_of


class Units:
    """The units that the statements make. ``ids`` has the id of every unit number that is ever in a statement."""

    def __init__(self, ids: Mapping[int, str], statements: Iterable[UnitStatement]) -> None:
        self._ids = ids
        self.by_id: dict[str, Unit] = {}
        self.by_no: dict[int, Unit] = {}
        self._named_by: dict[int, set[int]] = {}  # a unit: those that ever said it to be their parent or successor
        for statement in sorted(statements, key=lambda said: said.kind != "established"):
            self.say(statement)

    def say(self, statement: UnitStatement) -> None:
        """Let a statement hold, about a unit that is established (by it, if by nothing before)."""
        if statement.kind == "established":
            unit = Unit(statement.unit, self._ids[statement.unit], statement)
            self.by_id[unit.id] = self.by_no[unit.no] = unit
        else:
            unit = self.by_no[statement.unit]
            if statement.kind == "dissolved":
                unit.dissolution = statement
            else:
                unit.later = [*(unit.later or ()), statement]
            unit.segments = segments_of(unit)
        for upper in (statement.parent, statement.successor):
            if upper is not None:
                self._named_by.setdefault(upper, set()).add(unit.no)

    def unsay(self, statement: UnitStatement) -> None:
        """Take a statement back; a foundation when nothing else is said of its unit."""
        unit = self.by_no[statement.unit]
        if statement.kind == "established":
            del self.by_no[unit.no], self.by_id[unit.id]
            return
        if statement.kind == "dissolved":
            unit.dissolution = None
        else:
            unit.later = [said for said in unit.later or () if said.position != statement.position]
        unit.segments = segments_of(unit)

    def segments(self, unit: Unit) -> tuple[Segment, ...]:
        """Return the raw parents of a unit, oldest first; the last one is open."""
        return unit.segments or (Segment(unit.founding.since, FOREVER, unit.founding.parent),)

    def lineage(self, unit: Unit, day: dt.date) -> Iterator[Unit]:
        """Yield the units on the raw lineage above a unit on a day on or after its foundation, nearest first."""
        here: int | None = unit.no
        while here is not None:
            unit = self.by_no[here]
            here = next((s.parent for s in reversed(unit.segments or ()) if s.since <= day), unit.founding.parent)
            if here is not None:
                yield self.by_no[here]

    def above(self, unit: Unit, day: dt.date) -> Iterator[Unit]:
        """Yield the units above a unit on a day, nearest first: the dissolved are stood in for (contract §1)."""
        return (upper for upper in self.lineage(unit, day) if not upper.dissolved(day))

    def below(self, unit: Unit) -> list[Unit]:
        """Return the units that have the unit as raw parent on any day, by number, and maybe some that once had."""
        return [self.by_no[no] for no in sorted(self._named_by.get(unit.no, ())) if no in self.by_no]

    def subtree(self, unit: Unit) -> set[int]:
        """Return the unit and all that are on raw lineages below it on any day, and maybe some more."""
        found = {unit.no}
        walk = [unit]
        for upper in walk:  # grows while it is walked
            for lower in self.below(upper):
                if lower.no not in found:
                    found.add(lower.no)
                    walk.append(lower)
        return found
