"""Counting: what a fact adds to the counters of every level above its unit (docs/architecture.md, "Counters")."""

from __future__ import annotations

import datetime as dt

from projections.core.breakdown import packed_slots
from projections.core.changes import PERIOD_SHIFT, UNIT_SHIFT, Deltas, FactRow
from projections.core.periods import day_period, month_period, year_period
from projections.core.state import State


class Counting:
    """Adds facts to deltas, by the hierarchy and the sizes as they stand at that moment."""

    def __init__(self, state: State) -> None:
        self._hierarchy = state.hierarchy
        self._large = state.large
        self._vast = state.vast
        self._counts = state.counts
        self._periods: dict[tuple[dt.date, int], tuple[int, int, int]] = {}

    def add(self, deltas: Deltas, row: FactRow, *, retracted: bool = False) -> None:
        """Count a fact, or take it back, as its unit's own and in every counter above it."""
        unit, day, measure, _, facets = row
        if retracted:
            deltas.uncounted.append(row)
            keys, breakdowns = deltas.lost, deltas.breakdowns_lost
        else:
            deltas.counted.append(row)
            keys, breakdowns = deltas.gained, deltas.breakdowns_gained
        if not self._counts:
            return
        periods = self._periods.get((day, measure))
        if periods is None:
            periods = self._periods[day, measure] = _periods(day, measure)
        on_day, in_month, in_year = periods
        chain = self._hierarchy.chain(self._hierarchy.by_no[unit], day)
        keys += [(upper << UNIT_SHIFT) | on_day for upper in chain]
        large = [upper << UNIT_SHIFT for upper in chain if upper in self._large]
        keys += [upper | in_month for upper in large]
        keys += [upper | in_year for upper in large]
        for upper in chain:
            if upper in self._vast:
                key = (upper << UNIT_SHIFT) | in_month
                breakdowns[key] = breakdowns.get(key, 0) + packed_slots(facets)


def _periods(day: dt.date, measure: int) -> tuple[int, int, int]:
    return (
        (day_period(day) << PERIOD_SHIFT) | measure,
        (month_period(day) << PERIOD_SHIFT) | measure,
        (year_period(day) << PERIOD_SHIFT) | measure,
    )
