"""Moments at which something was seen to go on, and the longest time for which it was not."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import Final

CLOCK: Final = time.monotonic


class Marks:
    """Moments in seconds of one clock, in order."""

    def __init__(self) -> None:
        self._moments: list[float] = []

    def note(self, moment: float | None = None) -> None:
        """Note a moment, this one unless given."""
        self._moments.append(CLOCK() if moment is None else moment)

    def longest_gap(self, since: float, until: float) -> float:
        """Give the longest time between two moments within these ends, or between one and an end.

        What began before the first end counts from its own beginning: a fault does not make it shorter.
        """
        first, end = bisect_right(self._moments, since), bisect_left(self._moments, until)
        before = self._moments[first - 1] if first else since
        ends = [before, *self._moments[first:end], until]
        return max(later - sooner for sooner, later in pairwise(ends))

    def times(self, since: float) -> int:
        """Count the moments since another."""
        return len(self._moments) - bisect_left(self._moments, since)


class Rises(Marks):
    """Moments at which a position was seen to be higher than ever before."""

    def __init__(self) -> None:
        super().__init__()
        self.highest = -1

    def see(self, position: int) -> None:
        """Take note of a position."""
        if position > self.highest:
            self.highest = position
            self.note()
