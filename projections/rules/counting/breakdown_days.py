"""What many facts of a month come to up to each of its days, of every code of every measure: two steps say any days.

Made of a piece of breakdowns and of nothing else, so that it holds as long as the piece is there. A step has numbers
for all measures that there are, in the order of theirs, each as its `LAYOUTS` have its codes. Another set of codes or
measures, which only grow, has another SIZE: what was made with that is seen by its length, and made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from projections.rules.counting.breakdown import LAYOUTS, NUMBER, Integers, code_places, codes_in, tally
from projections.rules.counting.periods import DAY_BITS, DAYS

WIDTH: Final = sum(len(layout.codes) for layout in LAYOUTS.values())
"""Numbers of a step."""
STEP: Final = WIDTH * NUMBER.itemsize
SIZE: Final = DAYS * STEP
"""Bytes."""

_BEGINS: Final = dict(
    zip(LAYOUTS, accumulate((len(layout.codes) for layout in LAYOUTS.values()), initial=0), strict=False)
)
PARTS: Final[Mapping[int, slice]] = {
    measure: slice(begin, begin + len(LAYOUTS[measure].codes)) for measure, begin in _BEGINS.items()
}
"""Which numbers of a step are those of a measure, by its number."""

_AT_ONCE: Final = 65_536
_KINDS: Final = (len(MEASURES) + 1, 1 << DAY_BITS)


def up_to_each_day(facts: NDArray[Any]) -> bytes:
    """Count facts of a month by day and code, and add the days up; return it as it is stored."""
    numbers = np.zeros((DAYS, WIDTH), np.int64)
    for begin in range(0, len(facts), _AT_ONCE):
        _count(facts[begin : begin + _AT_ONCE], numbers)
    return numbers.cumsum(axis=0).astype(NUMBER).tobytes()


def _count(facts: NDArray[Any], numbers: Integers) -> None:
    what = facts["what"].astype(np.int64)
    plain = np.abs(what)
    plain[plain >= _KINDS[0] << DAY_BITS] = 0  # no measure, as a hand may have left it: nobody counts it
    signs = np.sign(what) if (what < 0).any() else None
    for dimension, codes in DIMENSIONS.items():
        having = [measure for measure in PARTS if dimension in dimensions_of(MEASURES[measure - 1])]
        for some in _of_these(plain, having):
            at = plain if some is None else plain[some]
            cells = at * len(codes) + codes_in(facts, dimension, some).astype(np.int64)
            sign: Integers | int = 1 if signs is None else signs if some is None else signs[some]
            found = tally(cells, sign, _KINDS[0] * _KINDS[1] * len(codes)).reshape(*_KINDS, len(codes))
            for measure in having:
                numbers[:, PARTS[measure]][:, code_places(measure, dimension)] += found[measure, 1:, 1:]


def _of_these(plain: Integers, measures: Sequence[int]) -> list[Integers | None]:
    """Return which facts are of the measures, None for all; what few measures have is looked for in theirs alone."""
    if len(measures) == len(PARTS):
        return [None]
    return [np.flatnonzero(plain >> DAY_BITS == measure) for measure in measures]
