"""Running sums: of a large unit one row a month and one a year, each with what there is up to each of its steps.

A month has a step a day, a year a step a month; a step has a number for every measure, in the order of their numbers.
So what is between two days is one number less another, however many days and measures lie between.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import MEASURES
from projections.rules.counting.batch_changes import MEASURE_MASK, PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT
from projections.rules.counting.periods import DAYS, MONTH_BASE, MONTHS, YEAR_BASE

Integers = NDArray[np.int64]

WIDTH: Final = len(MEASURES)
"""Numbers of a step. Measures are only ever appended: a row that is older than a measure has narrower steps."""
NUMBER: Final = np.dtype(">i4")
"""A number as it is stored: four bytes, the first the highest, as PostgreSQL's cast from bytea to integer has it."""


class Rows(NamedTuple):
    """What is to be added to some rows of one kind: their keys, each once and in order, and a matrix of numbers.

    A key is that of a counter without a measure (`batch_changes`). The matrix has the shape (rows, steps, WIDTH).
    """

    keys: Integers
    added: NDArray[np.int32]


def rows_of(keys: Integers, n: Integers) -> tuple[Rows, Rows]:
    """Return what counters of days add to the rows of months, and to those of years.

    ``keys`` are those of the days' counters, each at most once, ``n`` what is added to each.
    """
    units, days, measures = keys >> UNIT_SHIFT, (keys >> PERIOD_SHIFT) & PERIOD_MASK, keys & MEASURE_MASK
    month, year = MONTH_BASE + days // 100, YEAR_BASE + days // 10_000
    return (
        _rows((units << UNIT_SHIFT) | (month << PERIOD_SHIFT), days % 100, measures, n, DAYS),
        _rows((units << UNIT_SHIFT) | (year << PERIOD_SHIFT), days // 100 % 100, measures, n, MONTHS),
    )


def stored(rows: NDArray[np.int32]) -> list[bytes]:
    """Write rows, of the shape (rows, numbers), as they are stored."""
    size = rows.shape[1] * NUMBER.itemsize
    written = rows.astype(NUMBER).tobytes()
    return [written[start : start + size] for start in range(0, len(written), size)]


def read(sums: bytes, steps: int) -> NDArray[np.int32]:
    """Read a stored row, of the shape (steps, WIDTH); measures that it is older than have zeros."""
    numbers = np.frombuffer(sums, NUMBER).reshape(steps, -1)
    whole = np.zeros((steps, WIDTH), np.int32)
    whole[:, : numbers.shape[1]] = numbers
    return whole


def days_of(period: int, sums: bytes) -> tuple[Integers, Integers]:
    """Return what a month's row says day by day: the rest of the keys of its days' counters, and their numbers."""
    numbers = np.diff(read(sums, DAYS), axis=0, prepend=0)
    step, measure = np.nonzero(numbers)
    day = (period - MONTH_BASE) * 100 + step + 1
    return (day << PERIOD_SHIFT) | (measure + 1), numbers[step, measure].astype(np.int64)


def _rows(keys: Integers, step: Integers, measures: Integers, n: Integers, steps: int) -> Rows:
    found, row = np.unique(keys, return_inverse=True)
    cells = (row * steps + step - 1) * WIDTH + measures - 1
    # Numbers are added as floats: exact far beyond what a row can hold.
    added = np.bincount(cells, n, len(found) * steps * WIDTH).astype(np.int32)
    return Rows(found, added.reshape(len(found), steps, WIDTH).cumsum(axis=1, dtype=np.int32))
