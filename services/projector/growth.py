"""Who makes the log grow: the publishers that have more than a share of what came within a minute. A pure rule.

A server of the bus knows no rate for a user, and the log takes what it is permitted to take. The minute is one of the
bus's time, so that catching up with a backlog looks like what it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

MINUTE: Final = 60
OVERHEAD: Final = 100
"""Bytes that a message takes in the log besides what it holds, about: many empty ones fill a disk too."""
_STEP: Final = 5
"""Seconds that are counted together."""


class Allowed(NamedTuple):
    """More than ``percent`` of a minute's bytes is too much for one publisher, if it is ``least`` kilobytes or more."""

    percent: int = 20
    least: int = 1_000


class Grower(NamedTuple):
    """A publisher (empty where the bus subject names none) with its share of the growth, and the bytes it sent."""

    publisher: str
    share: float
    size: int


class Growth:
    """What each publisher sent in the last minute: told of every batch, asked now and then."""

    def __init__(self, allowed: Allowed) -> None:
        self._percent = allowed.percent
        self._least = max(1, allowed.least * 1000)
        self._steps: deque[tuple[int, dict[str, int]]] = deque()
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._large: set[str] = set()
        """Those that sent ``least`` or more when they were last counted: nobody else is looked at."""

    def take(self, second: float, sent: Iterable[tuple[str, int]]) -> None:
        """Count what came at about a second of the bus's time: for each message its publisher and its bytes."""
        number = int(second) // _STEP
        if not self._steps or self._steps[-1][0] < number:  # a clock that goes back counts into the last one
            self._steps.append((number, {}))
        step, sizes, least = self._steps[-1][1], self._sizes, self._least
        for publisher, size in sent:
            grown = size + OVERHEAD
            self._total += grown
            step[publisher] = step.get(publisher, 0) + grown
            sizes[publisher] = all_of_it = sizes.get(publisher, 0) + grown
            if all_of_it >= least:
                self._large.add(publisher)
        self._forget(second)

    def named(self, second: float) -> list[Grower]:
        """Return who has more than the share at a second of the bus's time, most first: by the share itself, a few."""
        self._forget(second)
        sizes = self._sizes
        self._large = {publisher for publisher in self._large if sizes.get(publisher, 0) >= self._least}
        if not self._large:
            return []
        found = [Grower(publisher, sizes[publisher] / self._total, sizes[publisher]) for publisher in self._large]
        named = [each for each in found if each.share * 100 > self._percent]
        return sorted(named, key=lambda each: (-each.share, each.publisher))

    def _forget(self, second: float) -> None:
        while self._steps and (self._steps[0][0] + 1) * _STEP <= second - MINUTE:
            for publisher, size in self._steps.popleft()[1].items():
                self._total -= size
                left = self._sizes[publisher] - size
                if left:
                    self._sizes[publisher] = left
                else:
                    del self._sizes[publisher]
