"""What a question is likely to cost, from itself and a few cheap facts: which class it is answered in (decision 0027).

It decides who waits for whom and never what is answered.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from events.vocabulary import LEVELS


class Class(StrEnum):
    """How a question is answered: at once, in turn with others that take time, or in turn and one at a time."""

    QUICK = "quick"
    SLOW = "slow"
    VAST = "vast"


EVERYTHING: Final = len(LEVELS) + 57
"""Steps down that reach the lowest unit of any organisation (contract §1: 64 levels at the most)."""

MANY: Final = 1_000
"""Units or rows from which on a question is slow: some 50 ms of processor on the machine of docs/performance.md."""
VAST: Final = 20_000
"""Units or rows from which on it is vast: a second and more."""
MOST: Final = VAST + 1
"""As far as units are counted to tell."""
MANY_PERIODS: Final = 300
"""Rows by period from which on a report is slow: each is a question of its own."""


class Work(NamedTuple):
    """What a question makes the service do, as far as it says so itself.

    ``unit`` is the unit whose units below are walked, ``steps`` how far down (0: not at all), ``level`` the level that
    the walk ends at in place of a number of steps. ``weight`` is what each of them costs.
    ``rows`` are known without looking. ``least`` is the class of the question however little there is, ``most`` however
    much.
    """

    unit: str | None = None
    steps: int = 0
    level: str | None = None
    rows: int = 1
    weight: int = 1
    least: Class = Class.QUICK
    most: Class = Class.VAST
    text: str | None = None
    """What names are searched for, where the number of those found is what costs."""
    past_vast: bool = True
    """False where nothing below a vast unit is walked: its counts are kept. ``of_rows``: nor is the unit's own kept."""
    of_rows: bool = False

    @property
    def known(self) -> bool:
        """Tell whether the class is known without looking anything up."""
        return self.least is Class.VAST or (self.steps == 0 and self.level is None and self.text is None)

    def at_least(self, least: Class) -> Work:
        """Return the same of a class that is this one at the least."""
        return self._replace(least=max(self.least, least, key=_ORDER.index))


def class_of(work: Work, reached: int) -> Class:
    """Return the class of a question; ``reached`` are the units or names that it walks over, at most MOST counted."""
    rows = max(work.rows, reached * work.weight)
    found = Class.VAST if rows >= VAST else Class.SLOW if rows >= MANY else Class.QUICK
    return min(max(found, work.least, key=_ORDER.index), work.most, key=_ORDER.index)


def steps_to(level: str, above: str) -> int:
    """Return how many steps down a level is likely to be from a unit of another level: 1 at the least."""
    return max(LEVELS.index(level) - LEVELS.index(above), 1)


_ORDER: Final = list(Class)
