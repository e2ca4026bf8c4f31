"""Which unit is where on which day: the structure of sections 1 and 4, looked up afresh in a plain list each time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

LAST_KNOWN = dt.date.max
"""The day on which every dated change of the log has taken effect: the basis as-now (section 4)."""


@dataclass(frozen=True)
class Statement:
    """One `unit.*` event that holds; a field that its type doesn't have is None."""

    position: int
    unit: str
    kind: str
    since: dt.date
    parent: str | None = None
    name: str | None = None
    level: str | None = None
    successor: str | None = None


class Hierarchy:
    """What a set of statements, in any order, says together; nothing is remembered between questions.

    A question about a day before a unit's foundation, or about a unit that isn't known, answers None or nothing.
    """

    def __init__(self, statements: list[Statement]) -> None:
        self.statements = statements

    def units(self) -> list[str]:
        """List the units that are known, in the order in which the stream establishes them."""
        found = sorted((s for s in self.statements if s.kind == "unit.established"), key=lambda s: s.position)
        return [s.unit for s in found]

    def is_known(self, unit: str) -> bool:
        return unit in self.units()

    def founded(self, unit: str) -> dt.date | None:
        for s in self.statements:
            if s.unit == unit and s.kind == "unit.established":
                return s.since
        return None

    def dissolution(self, unit: str) -> Statement | None:
        for s in self.statements:
            if s.unit == unit and s.kind == "unit.dissolved":
                return s
        return None

    def is_dissolved(self, unit: str, day: dt.date) -> bool:
        end = self.dissolution(unit)
        return end is not None and end.since <= day

    def is_active(self, unit: str, day: dt.date) -> bool:
        founded = self.founded(unit)
        return founded is not None and founded <= day and not self.is_dissolved(unit, day)

    def _last(self, unit: str, day: dt.date, kinds: tuple[str, ...]) -> Statement | None:
        """Find the statement of these kinds that holds on the day: the last, of one date the later in the stream."""
        best: Statement | None = None
        for s in self.statements:
            if s.unit != unit or s.kind not in kinds or s.since > day:
                continue
            if best is None or (s.since, s.position) > (best.since, best.position):
                best = s
        return best

    def name(self, unit: str, day: dt.date) -> str | None:
        s = self._last(unit, day, ("unit.established", "unit.renamed"))
        return s.name if s else None

    def level(self, unit: str, day: dt.date) -> str | None:
        s = self._last(unit, day, ("unit.established", "unit.releveled"))
        return s.level if s else None

    def raw_parent(self, unit: str, day: dt.date) -> str | None:
        """Read the parent as the unit's own statements name it, dissolved or not."""
        end = self.dissolution(unit)
        if end is not None and end.since <= day and end.successor is not None:
            return end.successor
        s = self._last(unit, day, ("unit.established", "unit.moved"))
        return s.parent if s else None

    def parent(self, unit: str, day: dt.date) -> str | None:
        """Find the parent that counts: where the raw one is dissolved on that day, its own stands in, and so on up."""
        up = self.raw_parent(unit, day)
        while up is not None and self.is_dissolved(up, day):
            up = self.raw_parent(up, day)
        return up

    def ancestors(self, unit: str, day: dt.date) -> list[str]:
        """Every unit above, the nearest first."""
        above = []
        up = self.parent(unit, day)
        while up is not None:
            above.append(up)
            up = self.parent(up, day)
        return above

    def has_cycle(self) -> bool:
        """Whether some unit is its own ancestor by raw parents on any day on which anything changes."""
        days = {s.since for s in self.statements} | {LAST_KNOWN}
        for day in days:
            for unit in self.units():
                seen = {unit}
                up = self.raw_parent(unit, day)
                while up is not None:
                    if up in seen:
                        return True
                    seen.add(up)
                    up = self.raw_parent(up, day)
        return False

    def too_deep(self, levels: int, links: int) -> bool:
        """Whether some unit is more levels below the root than these, or links, on any day on which anything changes.

        The units above that are dissolved on the day are links, and no levels.
        """
        if len(self.units()) <= min(levels, links):
            return False
        days = {s.since for s in self.statements} | {LAST_KNOWN}
        return any(self._too_deep_on(day, levels, links) for day in days)

    def _too_deep_on(self, day: dt.date, levels: int, links: int) -> bool:
        for unit in self.units():
            founded = self.founded(unit)
            if founded is None or founded > day:
                continue
            if self.is_active(unit, day) and len(self.ancestors(unit, day)) > levels:
                return True
            chain = 0
            up = self.raw_parent(unit, day)
            while up is not None:
                chain += 1
                up = self.raw_parent(up, day)
            if chain > links:
                return True
        return False
