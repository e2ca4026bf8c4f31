"""Counting: what facts add to the counters of every level above their units (docs/architecture.md, "Counters").

The facts of a batch are counted all at once, in arrays: one by one it is the larger part of a projector's time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import chain as chained
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.rules.counting.batch_changes import PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT, Deltas, FactRow
from projections.rules.counting.breakdown import joined, month_keys, records
from projections.rules.counting.periods import MONTH_BASE, YEAR_BASE, day_period
from projections.rules.counting.state import State

Integers = NDArray[np.int64]
_NONE: Final[Integers] = np.empty(0, np.int64)


class _Counted(NamedTuple):
    """A counter's key for every fact that it counts; and for those of breakdowns their months' keys, and the facts."""

    keys: Integers
    months: Integers
    below: NDArray[Any]


class Counting:
    """Counts facts by the lineage above each when it is added, and the sizes as they stand when all are counted.

    Of no use to a state that does not count.

    The owner closes the deltas before a unit becomes large or vast, or is forgotten.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._gained: list[tuple[int, ...]] = []  # the lineage above each fact of the deltas that are open
        self._lost: list[tuple[int, ...]] = []

    def add(self, deltas: Deltas, row: FactRow, lineage: tuple[int, ...]) -> None:
        """Take a fact that begins to be counted, as its unit's own and in every counter of the lineage above it."""
        deltas.counted.append(row)
        self._gained.append(lineage)

    def take_off(self, deltas: Deltas, row: FactRow, lineage: tuple[int, ...]) -> None:
        """Take a fact that ceases to be counted, in the same places."""
        deltas.uncounted.append(row)
        self._lost.append(lineage)

    def close(self, deltas: Deltas) -> None:
        """Fill in what the facts of the deltas add to the counters above them."""
        gained = self._counted(deltas.counted, self._gained, 1)
        lost = self._counted(deltas.uncounted, self._lost, -1)
        self._gained, self._lost = [], []
        keys, index = np.unique(np.concatenate((gained.keys, lost.keys)), return_inverse=True)
        n = _net(index, len(gained.keys), len(keys))
        keys, n = keys[n != 0], n[n != 0]
        running = self._among(self._state.running)[keys >> UNIT_SHIFT]
        deltas.running, deltas.run_on = keys[running], n[running]
        deltas.counters, deltas.changes = keys[~running].tolist(), n[~running].tolist()
        deltas.months = np.concatenate((gained.months, lost.months))
        deltas.below = joined((gained.below, lost.below))

    def _counted(self, rows: Sequence[FactRow], lineages: Sequence[tuple[int, ...]], sign: int) -> _Counted:
        if not rows:
            return _Counted(_NONE, _NONE, records(_NONE, _NONE, _NONE))
        uppers = np.fromiter(chained.from_iterable(lineages), np.int64)
        fact = np.repeat(np.arange(len(rows)), np.fromiter(map(len, lineages), np.int64, len(rows)))
        large = self._among(self._state.large - self._state.running)[uppers]
        vast = self._among(self._state.vast)[uppers]
        days = (uppers << UNIT_SHIFT) | _on_days(rows)[fact]
        months, measures, day = month_keys(days[vast])
        facets = np.fromiter([row.facets for row in rows], np.int64, len(rows))
        below = records(measures, day, facets[fact[vast]], sign)
        return _Counted(np.concatenate((days, *coarser_keys(days[large]))), months, below)

    def _among(self, units: set[int]) -> NDArray[np.bool_]:
        among = np.zeros(self._state.hierarchy.next_no, np.bool_)
        among[list(units)] = True
        return among


def coarser_keys(keys: Integers) -> tuple[Integers, Integers]:
    """Return the keys of the counters of the months, and of the years, that counters of days are in."""
    day = (keys >> PERIOD_SHIFT) & PERIOD_MASK
    rest = keys & ~(PERIOD_MASK << PERIOD_SHIFT)
    return (
        rest | ((MONTH_BASE + day // 100) << PERIOD_SHIFT),
        rest | ((YEAR_BASE + day // 10_000) << PERIOD_SHIFT),
    )


def _net(index: Integers, gained: int, size: int) -> Integers:
    """Return how often each index occurs among the first ``gained``, less how often among the rest."""
    net = np.bincount(index[:gained], minlength=size)
    if len(index) > gained:
        net = net - np.bincount(index[gained:], minlength=size)
    return net


def _on_days(rows: Sequence[FactRow]) -> Integers:
    """Return for each fact the rest of the key of its day's counter."""
    numbers: dict[tuple[dt.date, int], int] = {}
    which = [numbers.setdefault((row.day, row.measure), len(numbers)) for row in rows]
    return np.array([(day_period(day) << PERIOD_SHIFT) | measure for day, measure in numbers], np.int64)[which]
