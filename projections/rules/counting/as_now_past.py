"""What a unit has as-now before a day through small units, put together: how it is kept, and what makes it wrong.

It is in the table ``as_now_past`` (decision 0067).
"""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import Final

import numpy as np

from projections.rules.counting.batch_changes import PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT, Changes, Deltas
from projections.rules.counting.periods import day_period
from projections.rules.counting.running_sums import Integers

DAY: Final = np.dtype([("period", ">i4"), ("measure", ">i2"), ("n", ">i4")])
"""What there is of a measure on a day, as PostgreSQL sends these numbers."""


def restructures(changes: Changes) -> bool:
    """Tell whether a batch does anything to the hierarchy but establish units: then it may bend any unit's past."""
    structure = changes.structure
    if structure.known_before or structure.forgotten or changes.large or changes.terms:
        return True
    return any(not isinstance(step, Deltas) for step in changes.steps)


def changed_before(changes: Changes, day: dt.date) -> Integers:
    """Return the units of which a batch begins or ceases to count anything on days before one, in order.

    What is counted below large units is left out: that is in no such past.
    """
    period, found = day_period(day), [np.empty(0, np.int64)]
    for step in changes.steps:
        if isinstance(step, Deltas):
            keys = np.array(step.counters, np.int64)
            found.append(keys[((keys >> PERIOD_SHIFT) & PERIOD_MASK) < period] >> UNIT_SHIFT)
            early = [row.unit for row in chain(step.counted, step.uncounted) if row.day < day]
            found.append(np.array(early, np.int64))
    return np.unique(np.concatenate(found))
