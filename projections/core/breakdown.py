"""The slots of a breakdown: one number for every code of every dimension, in an order that only grows."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Final

from events.catalogue import DIMENSIONS
from events.facets import field
from events.vocabulary import UNKNOWN

SLOTS: Final = tuple((dimension, code) for dimension, codes in DIMENSIONS.items() for code in codes if code != UNKNOWN)
"""What each slot counts; slot i is ``codes[i + 1]`` in SQL. What is in no slot of a dimension is unknown."""

_LITTLE: Final = sys.byteorder == "little"
_FIRST: Final = {dimension: next(i for i, slot in enumerate(SLOTS) if slot[0] == dimension) for dimension in DIMENSIONS}


_LANE: Final = 32
"""Bits of a slot in a packed breakdown: one addition of two integers adds all slots."""


@lru_cache(maxsize=200_000)
def packed_slots(facets: int) -> int:
    """Return a packed breakdown with 1 in every slot that a fact with these packed facets counts in."""
    packed = 0
    for dimension, first in _FIRST.items():
        shift, mask = field(dimension)
        number = (facets >> shift) & mask
        if number:
            packed |= 1 << (_LANE * (first + number - 1))
    return packed


def unpacked(packed: int) -> list[int]:
    """Return the number in each slot of a sum of packed breakdowns."""
    return list(memoryview(packed.to_bytes(len(SLOTS) * _LANE // 8, sys.byteorder)).cast("I"))[:: 1 if _LITTLE else -1]


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
