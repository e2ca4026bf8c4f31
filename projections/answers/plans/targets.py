"""Targets held against what is counted, alone and handed down to the children (domain: Plans and indicators)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TypeVar

from events.catalogue import MEASURE_NUMBERS
from projections.answers.plans.known_plans import Assigned, Children, CountOf, Declared, PlanKey, told_of
from projections.answers.plans.plan_answers import AllocatedRow, Allocation, Numbers, Pace, Percents, Target
from projections.answers.report.report_answers import UnitName
from projections.answers.words.percents import per_thirty_days, percent
from projections.answers.words.plan_words import NO_OWN_TARGET, NO_TARGET, NOBODY_ALLOCATED, SILENT, ZERO_TARGET
from projections.rules.counting.periods import Days

Counts = Mapping[int, CountOf]
T = TypeVar("T", Assigned, Allocation)


def in_order(targets: Iterable[T]) -> list[T]:
    """Order targets or allocations: the latest deadline first, then by measure, then the latest first day first."""
    return sorted(targets, key=lambda t: (-t.last.toordinal(), MEASURE_NUMBERS[t.measure], -t.first.toordinal()))


def counted_days(first: dt.date, last: dt.date, on: dt.date) -> Days:
    """Return the days of a target that are counted: up to the asked day, never past the deadline."""
    return Days(first, min(last, on))


def target(said: Assigned, on: dt.date, declared: Iterable[Declared], count: CountOf) -> Target:
    """Hold a target that has begun against what is counted up to a day; silence is not zero, and no percentage."""
    days = counted_days(said.first, said.last, on)
    value = count(said.measure, days)
    remaining = Numbers(max(0, said.at_least - value), None if said.at_most is None else max(0, said.at_most - value))
    days_left = max(0, (said.last - on).days)
    silent = not value and not told_of(declared, said.measure, days)
    return Target(
        measure=said.measure,
        first=said.first,
        last=said.last,
        at_least=said.at_least,
        at_most=said.at_most,
        resolution=said.resolution,
        said=said.said,
        until=days.last,
        value=value,
        attainment=Percents(None, None) if silent else attainment(value, said.at_least, said.at_most),
        remaining=remaining,
        days_left=days_left,
        pace=Pace(
            so_far=per_thirty_days(value, (days.last - days.first).days + 1),
            needed=per_thirty_days(remaining.at_least, days_left) if days_left else None,
        ),
        reason=SILENT if silent else _without_percentage(said),
    )


def attainment(value: int, at_least: int | None, at_most: int | None) -> Percents:
    """Return the count over both ends of a target; null where there is no such end, or it is 0."""
    return Percents(percent(value, at_least), percent(value, at_most))


class Allocating:
    """A unit's targets beside those of its children; ``declared`` and ``counts`` are of all of them, by number."""

    def __init__(
        self, on: dt.date, unit: int, children: Children, declared: Mapping[int, list[Declared]], counts: Counts
    ) -> None:
        self._on = on
        self._unit = unit
        self._children = children
        self._declared = declared
        self._count_of = counts

    def all(self, own: Iterable[Assigned], parts: Mapping[PlanKey, Mapping[int, Assigned]]) -> list[Allocation]:
        """Return one allocation a measure and period of which the unit, or a child that was one then, has a target."""
        by_key = {(t.measure, t.first, t.last): t for t in own}
        found = [self._allocation(key, by_key.get(key), parts.get(key, {})) for key in {*by_key, *parts}]
        return in_order(each for each in found if each.said is not None or each.with_target)

    def _allocation(self, key: PlanKey, own: Assigned | None, parts: Mapping[int, Assigned]) -> Allocation:
        measure, first, last = key
        days = counted_days(first, last, self._on)
        children = self._children.on(days.last)
        rows = [
            self._row(no, name, measure, days, parts.get(no))
            for no, name in sorted(children.items(), key=lambda child: child[1].id)
        ]
        given = [parts[no] for no in children if no in parts]
        least = sum(each.at_least for each in given) if given else None
        ends = [each.at_most for each in given if each.at_most is not None]
        most = sum(ends) if given and len(ends) == len(given) else None
        value = self._count_of[self._unit](measure, days)
        reached, why = self._attainment(self._unit, value, own, days)
        return Allocation(
            measure=measure,
            first=first,
            last=last,
            at_least=own.at_least if own else None,
            at_most=own.at_most if own else None,
            resolution=own.resolution if own else None,
            said=own.said if own else None,
            value=value,
            attainment=reached,
            sum_at_least=least,
            sum_at_most=most,
            difference=own.at_least - least if own and least is not None else None,
            adds_up=own.at_least == least and own.at_most in {None, most} if own and given else None,
            with_target=len(given),
            without_target=len(children) - len(given),
            reason=NO_OWN_TARGET if own is None else why if given else NOBODY_ALLOCATED,
            rows=rows,
        )

    def _row(self, no: int, name: UnitName, measure: str, days: Days, said: Assigned | None) -> AllocatedRow:
        value = self._count_of[no](measure, days)
        reached, why = self._attainment(no, value, said, days)
        if said is None:
            return AllocatedRow(name, None, None, None, None, value, reached, why)
        return AllocatedRow(name, said.at_least, said.at_most, said.resolution, said.said, value, reached, why)

    def _attainment(self, no: int, value: int, said: Assigned | None, days: Days) -> tuple[Percents, str | None]:
        nothing = Percents(None, None)
        if said is None:
            return nothing, NO_TARGET
        if not value and not told_of(self._declared.get(no, ()), said.measure, days):
            return nothing, SILENT
        return attainment(value, said.at_least, said.at_most), _without_percentage(said)


def _without_percentage(said: Assigned) -> str | None:
    return ZERO_TARGET if 0 in {said.at_least, said.at_most} else None
