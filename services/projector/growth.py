"""Who makes the log grow: the publishers that have more than a share of what came within a minute. A pure rule.

A server of the bus knows no rate for a user, and the log takes what it is permitted to take. The minute is one of the
bus's time, so that catching up with a backlog looks like what it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Step:
    """What came in some seconds: bytes by publisher, all of them, and who sent so much that it is looked at."""

    number: int
    sizes: dict[str, int] = field(default_factory=dict)
    total: int = 0
    large: set[str] = field(default_factory=set)


class Growth:
    """What each publisher sent in the last minute: told of every batch, asked now and then.

    Whoever sent ``least`` in the minute sent a part of that in one of its steps: nobody else is looked at, and each
    message is added in one place.
    """

    def __init__(self, allowed: Allowed) -> None:
        self._percent = allowed.percent
        self._least = max(1, allowed.least * 1000)
        self._part = self._least // (MINUTE // _STEP + 2)
        self._steps: deque[_Step] = deque()

    def take(self, second: float, sent: Iterable[tuple[str, int]]) -> None:
        """Count what came at about a second of the bus's time: for each message its publisher and its bytes."""
        number = int(second) // _STEP
        if not self._steps or self._steps[-1].number < number:  # a clock that goes back counts into the last one
            self._steps.append(_Step(number))
        step, part, total = self._steps[-1], self._part, 0
        sizes, before = step.sizes, step.sizes.get
        for publisher, size in sent:
            grown = size + OVERHEAD
            total += grown
            sizes[publisher] = of_publisher = before(publisher, 0) + grown
            if of_publisher >= part:
                step.large.add(publisher)
        step.total += total
        self._forget(second)

    def named(self, second: float) -> list[Grower]:
        """Return who has more than the share at a second of the bus's time, most first: by the share itself, a few."""
        self._forget(second)
        total = sum(step.total for step in self._steps)
        found = [
            Grower(publisher, size / total, size)
            for publisher in {publisher for step in self._steps for publisher in step.large}
            if (size := sum(step.sizes.get(publisher, 0) for step in self._steps)) >= self._least
        ]
        named = [each for each in found if each.share * 100 > self._percent]
        return sorted(named, key=lambda each: (-each.share, each.publisher))

    def _forget(self, second: float) -> None:
        while self._steps and (self._steps[0].number + 1) * _STEP <= second - MINUTE:
            self._steps.popleft()
