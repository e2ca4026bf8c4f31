"""Plain facts, many at once: what `fact` does with one, done with columns that other processes have decoded.

Between two messages that may change the hierarchy or take something back the order of facts shows in nothing (contract
§3, law 1). So those before such a message can be decided together, without their events, rows and keys. Plain is a
valid fact; whoever has many keeps those apart that something else refers to.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import compress
from operator import attrgetter
from typing import Final, NamedTuple

from events.catalogue import FACTS
from events.codec import Event
from events.derived import SUBJECT, FactEntry, fact_entries, units_named
from projections.rules.counting.batch_changes import FactColumns, FactRow
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.person import person_digest
from projections.rules.deciding.decision import day_of, subject_at_once
from projections.rules.hierarchy.hierarchy import Hierarchy

_position = attrgetter("position")
_NONE: Final = 0
"""No unit has this number."""
_ONE_UNIT: Final = frozenset(row.type for row in FACTS if not row.units)


class Columns(NamedTuple):
    """Plain facts of one type that name no unit but their subject and count one thing; days are ordinals."""

    positions: list[int]
    publishers: list[str]
    subjects: list[str]
    days: list[int]
    facets: list[int]
    persons: list[int | None]

    def part(self, begin: int, end: int) -> Columns:
        """Return some of them, by their places."""
        positions, publishers, subjects, days, facets, persons = self
        return Columns(
            positions[begin:end],
            publishers[begin:end],
            subjects[begin:end],
            days[begin:end],
            facets[begin:end],
            persons[begin:end],
        )

    def where(self, held: Sequence[int]) -> Columns:
        """Return those of which the number at their place is not 0."""
        positions, publishers, subjects, days, facets, persons = self
        return Columns(
            list(compress(positions, held)),
            list(compress(publishers, held)),
            list(compress(subjects, held)),
            list(compress(days, held)),
            list(compress(facets, held)),
            list(compress(persons, held)),
        )


class Several(NamedTuple):
    """A plain fact that names other units too, or counts several things: (unit, measure, facets, person) of each."""

    position: int
    type: str
    publisher: str
    subject: str
    others: tuple[str, ...]
    day: int
    counted: tuple[tuple[str, int, int, int | None], ...]


class PlainFacts(NamedTuple):
    """Plain facts in stream order: ``columns`` by type and measure, beside ``several``."""

    columns: dict[tuple[str, int], Columns]
    several: list[Several]

    def add(self, position: int, event: Event) -> bool:
        """Take one more where it is a fact; tell whether it is."""
        counted = fact_entries(event)
        if not counted:
            return False
        if len(counted) > 1 or event.type not in _ONE_UNIT:
            self.several.append(_several(position, event, counted))
            return True
        (one,) = counted
        found = self.columns.get((event.type, one.measure))
        if found is None:
            found = self.columns[event.type, one.measure] = Columns([], [], [], [], [], [])
        found.positions.append(position)
        found.publishers.append(event.publisher)
        found.subjects.append(one.unit)
        found.days.append(one.day.toordinal())
        found.facets.append(one.facets)
        found.persons.append(person_digest(one.unit, one.person))
        return True


class CountedAtOnce(NamedTuple):
    """How many were counted of each type, and the positions of those that are to be decided one by one."""

    types: Counter[str]
    left: list[int]


def count_at_once(facts: PlainFacts, after: int, last: int, apart: Collection[int], work: BatchWork) -> CountedAtOnce:
    """Count those after a position up to another that hold; left are those ``apart``, and those that do not."""
    counted = CountedAtOnce(Counter(), [])
    for (type_, measure), columns in facts.columns.items():
        here = columns.part(bisect_right(columns.positions, after), bisect_right(columns.positions, last))
        if here.positions:
            holding = _holding(measure, here, apart, work.hierarchy, counted.left)
            work.count_at_once(holding)
            counted.types[type_] += len(holding.units)
    several, by_id, rows = facts.several, work.hierarchy.by_id, []
    for fact in several[bisect_right(several, after, key=_position) : bisect_right(several, last, key=_position)]:
        day = dt.date.fromordinal(fact.day)
        try:
            unit = subject_at_once(work.hierarchy, fact.publisher, fact.subject, day, fact.others)
        except Exception:  # noqa: BLE001 - as below
            unit = None
        if unit is None or fact.position in apart:
            counted.left.append(fact.position)
            continue
        rows += [
            FactRow(by_id[id_].no, day, measure, fact.position, bits, person)
            for id_, measure, bits, person in fact.counted
        ]
        counted.types[fact.type] += 1
    work.count(rows)
    return counted


def _holding(
    measure: int, columns: Columns, apart: Collection[int], hierarchy: Hierarchy, left: list[int]
) -> FactColumns:
    """Return those that hold, and note the others."""
    units: list[int] = []
    noted, fromordinal = len(left), dt.date.fromordinal
    for position, publisher, subject, day, *_ in zip(*columns, strict=True):
        try:
            unit = subject_at_once(hierarchy, publisher, subject, fromordinal(day))
        except Exception:  # noqa: BLE001 - it raises again where it is decided by itself, and is set aside there
            unit = None
        if unit is None or position in apart:
            left.append(position)
            units.append(_NONE)
        else:
            units.append(unit.no)
    if len(left) > noted:
        columns = columns.where(units)
        units = [unit for unit in units if unit != _NONE]
    return FactColumns(units, columns.days, [measure] * len(units), columns.positions, columns.facets, columns.persons)


def _several(position: int, event: Event, counted: Sequence[FactEntry]) -> Several:
    named = units_named(event)
    del named[SUBJECT]
    each = tuple((one.unit, one.measure, one.facets, person_digest(one.unit, one.person)) for one in counted)
    ordinal = day_of(event).toordinal()
    return Several(position, event.type, event.publisher, event.subject, tuple(named.values()), ordinal, each)
