"""Whose facts are those of one person: a line from reference to reference, joined by transfers (contract, section 8).

A transfer that says under which reference the other unit keeps the person joins two; one that does not ends the line
there, and the successor of a unit joins nothing. Lines are followed when somebody asks, and are written nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from projections.answers.suspicion.facts import Person, PersonFact

LONGEST: Final = 50
"""References of one line; what would make it longer joins nothing. No life has as many, and nobody can make more."""


class Lines:
    """Which references are joined; each begins a line of its own."""

    def __init__(self) -> None:
        self._first: dict[Person, Person] = {}
        self._length: dict[Person, int] = {}

    def join(self, one: Person, other: Person) -> bool:
        """Join two references; False where the line would be too long."""
        first, second = self.of(one), self.of(other)
        if first == second:
            return True
        length = self._length.get(first, 1) + self._length.get(second, 1)
        if length > LONGEST:
            return False
        self._first[second] = first
        self._length[first] = length
        return True

    def of(self, person: Person) -> Person:
        """Return the reference that stands for the line of one."""
        while person in self._first:
            above = self._first[person]
            self._first[person] = self._first.get(above, above)
            person = above
        return person


def lines_of(facts: Iterable[PersonFact]) -> list[list[PersonFact]]:
    """Put facts into lines, each by day, then by their order in the log."""
    ordered = sorted(facts, key=lambda fact: (fact.day, fact.order))
    lines = Lines()
    for fact in sorted(ordered, key=lambda fact: fact.order):
        if fact.joins is not None:
            lines.join(fact.person, fact.joins)
    found: dict[Person, list[PersonFact]] = {}
    for fact in ordered:
        found.setdefault(lines.of(fact.person), []).append(fact)
    return list(found.values())
