"""What is asked about the plans of a unit, and what every part of the answer looks up for it, afresh each time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.figures import Question
from tests.oracle.hierarchy import LAST_KNOWN
from tests.oracle.oracle import Oracle
from tests.oracle.wording import MEASURES

UNDECIDED: Any = ...
"""Stands in an answer for what no rule decides: any value is right."""


@dataclass(frozen=True)
class Plan:
    """A target or a declared figure that holds; of a stock, `first` and `last` are its day."""

    position: int
    unit: str
    what: str
    first: dt.date
    last: dt.date
    data: dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A unit, a day and a basis, put to an oracle."""

    oracle: Oracle
    unit: str
    on: dt.date
    basis: str

    def of(self, unit: str) -> Asked:
        return replace(self, unit=unit)

    def targets(self) -> list[Plan]:
        """List the unit's targets that stand and have begun, in the order in which they are shown."""
        found = [p for p in _standing(self.oracle, "target.assigned") if p.unit == self.unit and p.first <= self.on]
        return sorted(found, key=target_order)

    def declarations(self) -> list[Plan]:
        """List the figures declared by the unit that stand and are of days up to the one asked about."""
        return [p for p in _standing(self.oracle, "figure.declared") if p.unit == self.unit and p.last <= self.on]

    def declaration(self, figure: str, first: dt.date, last: dt.date) -> Plan | None:
        """Find what the unit declared of exactly this period or day."""
        for p in self.declarations():
            if (p.what, p.first, p.last) == (figure, first, last):
                return p
        return None

    def children(self, day: dt.date) -> list[str]:
        """List the units that stood as children: on this day, or on the last known hierarchy; by id."""
        h = self.oracle.hierarchy()
        then = day if self.basis == "as-was" else LAST_KNOWN
        return sorted(u for u in h.units() if h.is_active(u, then) and h.parent(u, then) == self.unit)

    def count(self, measure: str, first: dt.date, last: dt.date) -> int:
        """Count a measure as a report does."""
        question = Question(self.unit, first, last, self.basis, (measure,), "none")
        return self.oracle.report(question).total[measure]


def target_order(plan: Plan) -> tuple[int, int, int]:
    """Sort by the latest deadline, then as the measures are listed, then by the latest `from`."""
    return -plan.last.toordinal(), MEASURES.index(plan.what), -plan.first.toordinal()


def _standing(oracle: Oracle, kind: str) -> list[Plan]:
    """List the plans that hold and that no later one in the stream replaces, in stream order."""
    held = [_plan(e.position, e.event) for e in oracle.entries if e.holds and e.event and e.event["type"] == kind]
    return [p for p in held if not any(_same(p, other) and other.position > p.position for other in held)]


def _same(one: Plan, other: Plan) -> bool:
    return (one.unit, one.what, one.first, one.last) == (other.unit, other.what, other.first, other.last)


def _plan(position: int, event: dict[str, Any]) -> Plan:
    data = event["data"]
    what = data["measure"] if event["type"] == "target.assigned" else data["figure"]
    first, last = (data["on"], data["on"]) if "on" in data else (data["from"], data["to"])
    return Plan(position, event["subject"], what, dt.date.fromisoformat(first), dt.date.fromisoformat(last), data)
