"""All units as some statements make them, in memory: for questions about positions that the log has left behind.

Unlike the projector's hierarchy it takes statements in any order, also one that no log could have: nothing is derived
while they come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from projections.rules.hierarchy.dated_tree import DatedTree
from projections.rules.hierarchy.unit import UnitStatement, founded, segments_of


class Units(DatedTree):
    """The units that the statements make. ``ids`` has the id of every unit number that is ever in a statement."""

    def __init__(self, ids: Mapping[int, str], statements: Iterable[UnitStatement]) -> None:
        super().__init__()
        self._ids: dict[int, str] = {}
        self.add(ids, statements)

    def add(self, ids: Mapping[int, str], statements: Iterable[UnitStatement]) -> None:
        """Let more statements hold, all those about a unit together; ``ids`` as above."""
        self._ids.update(ids)
        for statement in sorted(statements, key=lambda said: said.kind != "established"):
            self.say(statement)

    def say(self, statement: UnitStatement) -> None:
        """Let a statement hold, about a unit that is established (by it, if by nothing before)."""
        if statement.kind == "established":
            unit = founded(self._ids[statement.unit], statement)
            self.by_id[unit.id] = self.by_no[unit.no] = unit
        else:
            unit = self.by_no[statement.unit]
            unit.say(statement)
            unit.segments = segments_of(unit)
        for upper in (statement.parent, statement.successor):
            if upper is not None:
                self.children.setdefault(upper, {})[unit.no] = None
        self._rehung()

    def unsay(self, statement: UnitStatement) -> None:
        """Take a statement back; an establishment when nothing else is said of its unit."""
        self._rehung()
        unit = self.by_no[statement.unit]
        if statement.kind == "established":
            del self.by_no[unit.no], self.by_id[unit.id]
            return
        unit.unsay(statement)
        unit.segments = segments_of(unit)
