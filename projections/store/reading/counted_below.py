"""Where a walk down to facts need not go: below a unit for which nothing is counted on the days asked for.

Counters are exact and by the same raw lineage as the walk, so a branch without any has no facts. As last known a fact
may be below a unit that does not count it: such walks go everywhere.
"""

from __future__ import annotations

from projections.rules.counting.periods import MONTH_BASE
from projections.store.calendar_sql import period_of


def counted_below(unit: str, first: str, last: str, measures: str) -> str:
    """Write that facts of the measures (an array) may be strictly below a unit on days from a first to a last.

    Of a unit with running sums, that there is anything in one of the months. ``first`` and ``last`` are of the whole
    question, and worked out once.
    """
    low, high = (f"(SELECT {period_of(f'({day})')})" for day in (first, last))
    # Not EXISTS: the planner may then read all that is counted on the days, to look the units up in it.
    return f"""coalesce((
        SELECT true FROM counter
        WHERE counter.unit = {unit} AND counter.period BETWEEN {low} AND {high} AND counter.measure = ANY({measures})
            AND counter.n <> 0
        LIMIT 1
    ), (
        SELECT true FROM running_sum
        WHERE running_sum.unit = {unit}
            AND running_sum.period BETWEEN {MONTH_BASE} + {low} / 100 AND {MONTH_BASE} + {high} / 100
        LIMIT 1
    ), false)"""
