"""Why a total changed between two positions of the log: what was counted, taken back, and reorganised (issue 3).

Each thing is counted where it made its difference: what was taken back on the units as they were at first, each
reorganisation on the facts that held throughout, what came on the units as they were at last. So they sum to the
difference of the two totals, whatever came in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from projections.answers.past.as_known_then import Counted
from projections.answers.past.difference_answers import Contribution, Difference, Remainder
from projections.answers.past.structure_answers import Source
from projections.answers.past.units_then import Units
from projections.answers.report.report_answers import Report, UnitName
from projections.answers.report.report_question import Question
from projections.rules.hierarchy.unit import FOREVER, UnitStatement


class Moment(NamedTuple):
    """The statements that began or ceased to hold at one position of the log."""

    said: list[UnitStatement]
    unsaid: list[UnitStatement]
    events: set[int]
    """Their positions, and those of the retractions."""


class EventEffect(NamedTuple):
    """An event (with its retraction, if it was taken back) and what it counts."""

    said: tuple[Source, ...]
    counted: tuple[Counted, ...]
    unit: UnitName | None = None
    """Of all that counts in one unit, put together, the unit."""


def by_unit(events: Iterable[EventEffect], names: Mapping[int, UnitName]) -> list[EventEffect]:
    """Put together what counts in one unit: for who may see sums by cause and unit, and no single event.

    What counts in units of which nobody knows a name any more is put together as well.
    """
    counted = dict[UnitName | None, list[Counted]]()
    for fact in (fact for event in events for fact in event.counted):
        counted.setdefault(names.get(fact.unit), []).append(fact)
    return [EventEffect((), tuple(facts), unit) for unit, facts in counted.items()]


class ContributionTally:
    """Contributions as they are found: the ones that are not zero."""

    def __init__(self, measures: tuple[str, ...]) -> None:
        self.measures = measures
        self.found: list[Contribution] = []

    def add(self, contribution: Contribution) -> None:
        """Keep a contribution if it changes anything."""
        if any(contribution.values.values()):
            self.found.append(contribution)

    def capped(self, limit: int) -> tuple[list[Contribution], Remainder | None]:
        """Return the largest contributions, those of one size in the order found, and what the others come to."""
        ordered = sorted(self.found, key=lambda c: -sum(map(abs, c.values.values())))
        rest = ordered[limit:]
        values = {measure: sum(c.values[measure] for c in rest) for measure in self.measures}
        return ordered[:limit], Remainder(len(rest), values) if rest else None


def between(
    units: Units,
    question: Question,
    *,
    lost: Iterable[EventEffect],
    moments: Iterable[Moment],
    kept: Iterable[Counted],
    gained: Iterable[EventEffect],
    sources: Mapping[int, Source],
) -> ContributionTally:
    """Find what changed a total; ``units`` stand as at the first position, and are left as at the last.

    ``kept`` are the facts that held throughout, ``sources`` has the events of all moments by position.
    """
    tally, by_unit = ContributionTally(question.measures), dict[int, list[Counted]]()
    for fact in kept:
        by_unit.setdefault(fact.unit, []).append(fact)
    _tell(tally, units, question, lost, -1)
    for moment in moments:
        values = dict.fromkeys(question.measures, 0)
        # A statement changes the lineages of what is below its own unit, and none of these by it.
        facts = [fact for no in _below(units, moment) for fact in by_unit.get(no, ())]
        for sign in (-1, 1):
            for fact in facts:
                values[fact.measure] += sign * fact.n * _counts(units, question, fact)
            if sign < 0:
                _change(units, moment)
        tally.add(Contribution(change="reorganised", said=[sources[p] for p in sorted(moment.events)], values=values))
    _tell(tally, units, question, gained, 1)
    return tally


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
        against_position=other.position,
        total=one.total,
        against_total=other.total,
        difference=difference,
        contributions=contributions,
        rest=rest,
        reconciled=difference == {measure: sum(values[measure] for values in listed) for measure in tally.measures},
    )


def _tell(tally: ContributionTally, units: Units, question: Question, events: Iterable[EventEffect], sign: int) -> None:
    for said, counted, unit in events:
        values = dict.fromkeys(tally.measures, 0)
        for fact in counted:
            values[fact.measure] += sign * fact.n * _counts(units, question, fact)
        change = "counted" if sign > 0 else "retracted"
        tally.add(Contribution(change=change, unit=unit, said=list(said), values=values))


def _counts(units: Units, question: Question, fact: Counted) -> bool:
    unit, day = units.by_no[fact.unit], fact.day if question.basis == "as-was" else FOREVER
    return unit.id == question.unit or any(upper.id == question.unit for upper in units.above(unit, day))


def _below(units: Units, moment: Moment) -> set[int]:
    concerned = {said.unit for said in (*moment.said, *moment.unsaid)} & units.by_no.keys()
    return {no for unit in concerned for no in units.ever_below(unit)}


def _change(units: Units, moment: Moment) -> None:
    def founding(said: UnitStatement) -> bool:
        return said.kind == "established"

    for statement in sorted(moment.unsaid, key=founding):
        units.unsay(statement)
    for statement in sorted(moment.said, key=founding, reverse=True):
        units.say(statement)
