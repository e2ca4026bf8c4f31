"""Counting: what a fact adds to the counters of every level above its unit (docs/architecture.md, "Counters")."""

from __future__ import annotations

import datetime as dt

from projections.core.breakdown import SLOTS, slots_of
from projections.core.changes import PERIOD_SHIFT, UNIT_SHIFT, Deltas, FactRow
from projections.core.hierarchy import Hierarchy
from projections.core.periods import day_period, month_period, year_period


class Counting:
    """Adds facts to deltas. Knows the hierarchy and which units are large; both are the fold's own."""

    def __init__(self, hierarchy: Hierarchy, large: set[int]) -> None:
        self._hierarchy = hierarchy
        self._large = large
        self._periods: dict[tuple[dt.date, int], tuple[int, int, int]] = {}

    def add(self, deltas: Deltas, row: FactRow, sign: int = 1) -> None:
        """Count a fact (``sign`` 1), or take it back (-1), in the unit's row and in every counter above it."""
        unit, day, measure, _, facets = row
        (deltas.counted if sign > 0 else deltas.uncounted).append(row)
        key = (day, measure)
        periods = self._periods.get(key)
        if periods is None:
            days, months, years = (
                (p << PERIOD_SHIFT) | measure for p in (day_period(day), month_period(day), year_period(day))
            )
            periods = self._periods[key] = (days, months, years)
        on_day, in_month, in_year = periods
        counters, large = deltas.counters, self._large
        slots: tuple[int, ...] | None = None
        for upper in self._hierarchy.chain(self._hierarchy.by_no[unit], day):
            base = upper << UNIT_SHIFT
            at = base | on_day
            counters[at] = counters.get(at, 0) + sign
            if upper in large:
                at = base | in_year
                counters[at] = counters.get(at, 0) + sign
                at = base | in_month
                counters[at] = counters.get(at, 0) + sign
                if slots is None:
                    slots = slots_of(facets)
                codes = deltas.breakdowns.get(at)
                if codes is None:
                    codes = deltas.breakdowns[at] = [0] * len(SLOTS)
                for slot in slots:
                    codes[slot] += sign
