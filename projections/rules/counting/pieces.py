"""Records that are added in pieces and never changed: cut by their keys, and what is left of those with either sign."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.signedinteger[Any]]
Integers = NDArray[np.int64]


def cut(keys: Keys, records: NDArray[Any]) -> tuple[Keys, list[bytes]]:
    """Return the keys, none less than 0, each once and in order; and the records of each, one after the other."""
    order = np.argsort(keys, kind="stable")
    keys, records = keys[order], records[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    ends = pairwise([*begins.tolist(), len(keys)])
    return keys[begins], [records[begin:end].tobytes() for begin, end in ends]


def left_of(table: Integers, signs: Integers) -> tuple[Integers, Integers]:
    """Return the rows of a table, each once and in order, and the sum of the signs that each has."""
    order = np.lexsort(table.T[::-1])
    table, signs = table[order], signs[order]
    begins = np.flatnonzero(np.any(np.diff(table, axis=0, prepend=-1) != 0, axis=1))
    return table[begins], np.add.reduceat(signs, begins) if len(begins) else signs
