"""Pictures of figures, as their geometry: bars by month beside the years before, a bullet against a target.

They are drawn as SVG by `templates/charts.html`, the same on a screen and on paper; each stands with its table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

HEIGHT: Final = 84
STEP: Final = 28
"""Units of the drawing from one month to the next."""
NICE: Final = (10, 15, 20, 30, 40, 50, 60, 80)
"""Tenths of what the top of a picture may be, times a power of ten."""


class Bar(NamedTuple):
    """A month: its numbers in this year and those before (None: hidden, or not there), and where they are drawn."""

    month: int
    values: tuple[int | None, ...]
    x: int
    tops: tuple[float | None, ...]
    """Where each begins from above; None where nothing is drawn."""


class Months(NamedTuple):
    """Twelve months of some years, this one first; ``most`` is what the height stands for."""

    years: tuple[int, ...]
    bars: tuple[Bar, ...]
    most: int

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to be drawn."""
        return all(not value for bar in self.bars for value in bar.values)


class Bullet(NamedTuple):
    """A value against a target: lengths in hundredths of the whole width; ``most`` is what that stands for."""

    value: float
    low: float
    high: float | None
    before: float | None
    most: int


def months(years: Sequence[int], numbers: Sequence[Sequence[int | None]]) -> Months:
    """Lay out twelve numbers of each of some years, this one first."""
    most = rounded_up(max((value or 0 for year in numbers for value in year), default=0))
    bars = []
    for month in range(12):
        values = tuple(year[month] for year in numbers)
        tops = tuple(None if value is None else round(HEIGHT * (1 - value / most), 1) for value in values)
        bars.append(Bar(month + 1, values, month * STEP + 2, tops))
    return Months(tuple(years), tuple(bars), most)


def bullet(value: int, low: int, high: int | None = None, before: int | None = None) -> Bullet:
    """Lay out a value against a target from ``low`` on, up to ``high`` where it is a range, and last year's value."""
    most = rounded_up(max(value, low, high or 0, before or 0))
    share = [None if each is None else round(100 * each / most, 2) for each in (value, low, high, before)]
    return Bullet(share[0] or 0.0, share[1] or 0.0, share[2], share[3], most)


def rounded_up(value: int) -> int:
    """Return the first of 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30 … that is not less."""
    power = 1
    while True:
        for step in NICE:
            top, rest = divmod(step * power, 10)
            if top >= value and not rest:
                return top
        power *= 10
