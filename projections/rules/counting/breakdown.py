"""The slots of a breakdown: one number for every code of every dimension, in an order that only grows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS
from events.facets import field
from events.vocabulary import UNKNOWN

_STORED: Final = (
    *(("sex", 2), ("ethnicity", 2), ("religion", 2), ("youth_union", 2), ("age_band", 5), ("education", 7)),
    *(("occupation", 9), ("readmission", 2), ("grade", 12), ("early", 2), ("posthumous", 2), ("reason", 4)),
    *(("passed", 2), ("reason", 1)),
)
"""How many more codes of which dimension follow in the slots of rows that are stored: append, never change or reorder.

What the catalogue has beyond these follows in its order. Before a code is added to a dimension, what is stored by then
is to stand here: a test says so.
"""


def _in_order() -> Iterator[tuple[str, str]]:
    left = {dimension: iter([code for code in codes if code != UNKNOWN]) for dimension, codes in DIMENSIONS.items()}
    for dimension, n in _STORED:
        yield from ((dimension, code) for code in islice(left[dimension], n))
    for dimension, codes in left.items():
        yield from ((dimension, code) for code in codes)


SLOTS: Final = tuple(_in_order())
"""What each slot counts; slot i is ``codes[i + 1]`` in SQL. What is in no slot of a dimension is unknown."""


def _slots_by_number() -> NDArray[np.int64]:
    found = np.full((len(DIMENSIONS), 1 + max(field(dimension).mask for dimension in DIMENSIONS)), -1, np.int64)
    for slot, (dimension, code) in enumerate(SLOTS):
        found[list(DIMENSIONS).index(dimension), DIMENSIONS[dimension].index(code) + 1] = slot
    return found


_SLOT_OF: Final = _slots_by_number()
"""The slot of a dimension's code, by their numbers; -1 where a number is no code's."""


def slots_of(facets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which facts, by their place in the array of packed facets, count in which slots: ordered by the fact.

    What is no code, as a hand in the database may have left it, counts in none.
    """
    numbers = np.stack([(facets >> shift) & mask for shift, mask in map(field, DIMENSIONS)], axis=1)
    fact, dimension = np.nonzero(numbers)
    slot = _SLOT_OF[dimension, numbers[fact, dimension]]
    known = slot >= 0
    return (fact, slot) if known.all() else (fact[known], slot[known])


def matches_sql(facets: str) -> str:
    """Return a SQL array of one count a slot over rows whose packed facets are the given expression."""
    counts = []
    for dimension, code in SLOTS:
        shift, mask = field(dimension)
        number = DIMENSIONS[dimension].index(code) + 1
        counts.append(f"count(*) FILTER (WHERE ({facets} >> {shift}) & {mask} = {number})::int")
    return f"ARRAY[{', '.join(counts)}]"


def added_sql(left: str, right: str) -> str:
    """Return a SQL array that adds two of them slot by slot; a row that is older than a slot counts 0 there."""
    sums = (f"coalesce({left}[{i}], 0) + coalesce({right}[{i}], 0)" for i in range(1, len(SLOTS) + 1))
    return f"ARRAY[{', '.join(sums)}]"
