"""The slots of a breakdown: one number for every code of every dimension, in an order that only grows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS
from events.facets import field
from events.vocabulary import UNKNOWN

SLOTS: Final = tuple((dimension, code) for dimension, codes in DIMENSIONS.items() for code in codes if code != UNKNOWN)
"""What each slot counts; slot i is ``codes[i + 1]`` in SQL. What is in no slot of a dimension is unknown."""

_FIRST: Final = {dimension: next(i for i, slot in enumerate(SLOTS) if slot[0] == dimension) for dimension in DIMENSIONS}


def slots_of(facets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which facts, by their place in the array of packed facets, count in which slots: ordered by the fact."""
    numbers = np.stack([(facets >> shift) & mask for shift, mask in map(field, _FIRST)], axis=1)
    fact, dimension = np.nonzero(numbers)
    return fact, np.array(list(_FIRST.values()))[dimension] + numbers[fact, dimension] - 1


def matches_sql(facets: str) -> str:
    """Return a SQL array of one count a slot over rows whose packed facets are the given expression."""
    counts = []
    for dimension, code in SLOTS:
        shift, mask = field(dimension)
        number = DIMENSIONS[dimension].index(code) + 1
        counts.append(f"count(*) FILTER (WHERE ({facets} >> {shift}) & {mask} = {number})::int")
    return f"ARRAY[{', '.join(counts)}]"


def added_sql(left: str, right: str, sign: str = "+") -> str:
    """Return a SQL array that adds (or with ``-`` subtracts) two of them slot by slot.

    A row that is older than a slot counts 0 there.
    """
    sums = (f"coalesce({left}[{i}], 0) {sign} coalesce({right}[{i}], 0)" for i in range(1, len(SLOTS) + 1))
    return f"ARRAY[{', '.join(sums)}]"
