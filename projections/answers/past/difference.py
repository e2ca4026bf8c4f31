"""Why a total changed between two positions of the log: what was counted, taken back, and reorganised (issue 3).

Each thing is counted where it made its difference: what was taken back on the units as they were at first, each
reorganisation on the facts that held throughout, what came on the units as they were at last. So they sum to the
difference of the two totals, whatever came in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import MEASURE_NUMBERS
from projections.answers.past.contributions import FactArrays
from projections.answers.past.day_numbers import number_of
from projections.answers.past.difference_answers import Contribution, Difference, Remainder
from projections.answers.past.raw_tree import Numbers
from projections.answers.past.units_then import Units
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.rules.hierarchy.unit import EVER, FOREVER, Unit, UnitStatement


class Moment(NamedTuple):
    """The statements that began or ceased to hold at one position of the log."""

    said: list[UnitStatement]
    unsaid: list[UnitStatement]
    events: set[int]
    """Their positions, and those of the retractions."""


class Effect(NamedTuple):
    """What one moment adds to a total, or takes off it."""

    events: tuple[int, ...]
    values: dict[str, int]


class Grouped(NamedTuple):
    """Counts of facts by what they are put together for: an event's position, or a unit's number."""

    keys: Numbers
    counts: Numbers
    """A row a key, a column a measure."""


class ContributionTally:
    """Contributions as they are found: the ones that are not zero."""

    def __init__(self, measures: tuple[str, ...]) -> None:
        self.measures = measures
        self.found: list[Contribution] = []
        self._left = 0
        self._rest = dict.fromkeys(measures, 0)

    def add(self, contribution: Contribution) -> None:
        """Keep a contribution if it changes anything."""
        if any(contribution.values.values()):
            self.found.append(contribution)

    def leave(self, number: int, values: Mapping[str, int]) -> None:
        """Take note of more contributions, of which each is no larger than as many as may be listed."""
        self._left += number
        for measure, n in values.items():
            self._rest[measure] += n

    def capped(self, limit: int) -> tuple[list[Contribution], Remainder | None]:
        """Return the largest contributions, those of one size in the order found, and what the others come to."""
        ordered = sorted(self.found, key=lambda c: -sum(map(abs, c.values.values())))
        rest = ordered[limit:]
        values = {measure: self._rest[measure] + sum(c.values[measure] for c in rest) for measure in self.measures}
        number = self._left + len(rest)
        return ordered[:limit], Remainder(number, values) if number else None


def grouped(keys: Numbers, measures: Numbers, asked: Sequence[int]) -> Grouped:
    """Count by key and measure, the keys in order; ``asked`` are the numbers of the measures."""
    found, which = np.unique(keys, return_inverse=True)
    counts = np.zeros((len(found), len(asked)), np.int64)
    for column, measure in enumerate(asked):
        counts[:, column] = np.bincount(which[measures == measure], minlength=len(found))
    return Grouped(found, counts)


def largest(groups: Grouped, limit: int) -> tuple[Grouped, Numbers, int]:
    """Return so many of the largest groups, in their order; what the others come to by measure; how many these are."""
    chosen = np.sort(np.argsort(-groups.counts.sum(axis=1), kind="stable")[:limit])
    left = groups.counts.sum(axis=0) - groups.counts[chosen].sum(axis=0)
    return Grouped(groups.keys[chosen], groups.counts[chosen]), left, len(groups.keys) - len(chosen)


def reorganised(
    units: Units, question: Question, asked: int, moments: Iterable[Moment], kept: FactArrays
) -> list[Effect]:
    """Find what each moment changes in the unit asked about; ``units`` stand as before the first, and are changed.

    They are all that were ever at or below it meanwhile, and one in the place of all others. ``kept`` are the facts
    that held throughout.
    """
    kept = kept.where(np.argsort(kept.unit, kind="stable"))
    found = []
    for moment in moments:
        concerned = {statement.unit for statement in (*moment.said, *moment.unsaid)}
        before = _places(units, question, asked, concerned)
        _change(units, moment.said, moment.unsaid)
        if before == _places(units, question, asked, concerned):
            continue
        # A statement changes the lineages of what is below its own unit, and none of these by it.
        below = _below(units, concerned)
        _change(units, moment.unsaid, moment.said)
        below |= _below(units, concerned)
        facts = kept.where(np.isin(kept.unit, list(below)))
        counted = _counting(units, question, asked, facts)
        _change(units, moment.said, moment.unsaid)
        change = _counting(units, question, asked, facts).astype(np.int64) - counted
        values = {
            measure: int(change[facts.measure == MEASURE_NUMBERS[measure]].sum()) for measure in question.measures
        }
        if any(values.values()):
            found.append(Effect(tuple(sorted(moment.events)), values))
    return found


def explained(tally: ContributionTally, limit: int, one: Report, other: Report) -> Difference:
    """Make the answer: the difference of the two totals, and whether the contributions come to it."""
    difference = {measure: other.total[measure] - one.total[measure] for measure in tally.measures}
    contributions, rest = tally.capped(limit)
    listed = [c.values for c in contributions] + ([rest.values] if rest is not None else [])
    return Difference(
        unit=one.unit,
        first=one.first,
        last=one.last,
        basis=one.basis,
        against=other.basis,
        position=one.position,
        as_of=one.as_of,
        against_position=other.position,
        against_as_of=other.as_of,
        total=one.total,
        against_total=other.total,
        difference=difference,
        contributions=contributions,
        rest=rest,
        reconciled=difference == {measure: sum(values[measure] for values in listed) for measure in tally.measures},
    )


Spans = tuple[tuple[dt.date, dt.date], ...]
"""Days ``[since, until)``, the last day that there is among those of one that goes on."""


def _places(units: Units, question: Question, asked: int, concerned: set[int]) -> object:
    """Return where units are as far as it decides what counts: two alike, and no fact counts otherwise."""
    upper = units.by_no.get(asked)
    return _end_of(upper), [_spans_below(units, question, asked, no) for no in sorted(concerned)]


def _end_of(unit: Unit | None) -> dt.date:
    return FOREVER if unit is None or unit.dissolution is None else unit.dissolution.since


def _spans_below(units: Units, question: Question, asked: int, no: int) -> Spans:
    """Return the days on which what is at a unit counts in the one asked about: contract §4, on either basis."""
    if no == asked:
        return ((EVER, FOREVER),)
    unit, upper = units.by_no.get(no), units.by_no.get(asked)
    if unit is None or upper is None:
        return ()
    gone = _end_of(upper)
    if question.basis == "as-now":
        below = upper.dissolution is None and asked in units.lineage_now(unit)
        return ((EVER, FOREVER),) if below else ()
    found = []
    for place, segment in enumerate(units.segments(unit)):
        since = segment.since if place else EVER
        for first, end, lineage in units.lineages(segment.parent, since, segment.until, end_at=asked):
            if asked in lineage and first < min(end, gone):
                found.append((first, min(end, gone)))
    return tuple(found)


def _counting(units: Units, question: Question, asked: int, facts: FactArrays) -> NDArray[np.bool_]:
    """Mark the facts that count; they are in the order of their units."""
    counts = np.zeros(len(facts.unit), np.bool_)
    those, begin, number = np.unique(facts.unit, return_index=True, return_counts=True)
    for no, low, high in zip(those.tolist(), begin, begin + number, strict=True):
        days = facts.day[low:high]
        for first, end in _spans_below(units, question, asked, no):
            counts[low:high] |= (days >= number_of(first)) & ((days < number_of(end)) | (end == FOREVER))
    return counts


def _below(units: Units, concerned: set[int]) -> set[int]:
    return {no for unit in concerned & units.by_no.keys() for no in units.ever_below(unit)}


def _change(units: Units, said: Iterable[UnitStatement], unsaid: Iterable[UnitStatement]) -> None:
    def founding(statement: UnitStatement) -> bool:
        return statement.kind == "established"

    for statement in sorted(unsaid, key=founding):
        units.unsay(statement)
    for statement in sorted(said, key=founding, reverse=True):
        units.say(statement)
