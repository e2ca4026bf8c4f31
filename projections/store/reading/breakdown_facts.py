"""Facts of breakdowns counted one by one by their codes, a hundred thousand of them for one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURES
from projections.rules.counting.breakdown import FACT, Integers, codes_in, tally
from projections.rules.counting.periods import DAY_BITS

Combination = tuple[str, ...]
Counts = Mapping[Combination, Integers]
"""Of each combination an array of the shape (rows, measures, codes) or (rows, measures, codes, codes).

Rows are places among those asked for, measures those of the catalogue. Codes go by their numbers (`events.facets`);
where one dimension is asked for by itself, nothing is said of 0, unknown: it is what the others leave.
"""

WIDTH: Final = len(MEASURES) + 1
"""Measures go by their numbers; 0 is none."""
AT_ONCE: Final = 200_000
"""Facts that are counted at once."""
_FEW: Final = 0.5
"""Where fewer of the facts than this part are asked for, they are picked out before their codes are looked at."""
_NO_MEASURE: Final = WIDTH << DAY_BITS


class AskedPiece(NamedTuple):
    """Facts of a month as they are stored, its days that are asked for, and which row they add to."""

    row: int
    sign: int
    days: tuple[int, int]
    facts: bytes


def add_facts(pieces: Sequence[AskedPiece], measures: Sequence[int], counts: Counts) -> None:
    """Add what pieces have of the measures on their days."""
    for some in _in_parts(pieces):
        _add(some, measures, counts)


def _in_parts(pieces: Sequence[AskedPiece]) -> Iterator[Sequence[AskedPiece]]:
    begin, amount = 0, 0
    for end, piece in enumerate(pieces, start=1):
        amount += len(piece.facts) // FACT.itemsize
        if amount >= AT_ONCE or end == len(pieces):
            yield pieces[begin:end]
            begin, amount = end, 0


def _add(pieces: Sequence[AskedPiece], measures: Sequence[int], counts: Counts) -> None:
    """Count them. What is not asked for is counted with measure 0 and put away, rather than picked out."""
    facts = np.frombuffer(b"".join(piece.facts for piece in pieces), FACT)
    sizes = [len(piece.facts) // FACT.itemsize for piece in pieces]
    what = facts["what"].astype(np.int16)
    lost = bool(what.min(initial=0) < 0)
    measure = _measures_of(np.abs(what) if lost else what, sizes, [piece.days for piece in pieces], measures)
    row = _of_each([piece.row * WIDTH for piece in pieces], sizes)
    sign = _of_each([piece.sign for piece in pieces], sizes)
    some: NDArray[np.intp] | None = None
    if np.count_nonzero(measure) < _FEW * len(measure):
        some = np.flatnonzero(measure)
        measure, what, row, sign = measure[some], what[some], _some(row, some), _some(sign, some)
    cells = measure.astype(np.intp) + row
    if lost:
        sign = sign * np.sign(what).astype(np.int64)
    numbers = {name: codes_in(facts, name, some) for name in {*chain.from_iterable(counts)}}
    for combination, counted in counts.items():
        at = cells
        for dimension in combination:
            at = at * len(DIMENSIONS[dimension]) + numbers[dimension]
        np.add(counted, tally(at, sign, counted.size).reshape(counted.shape), out=counted)
        counted[:, 0] = 0


def _measures_of(
    plain: NDArray[np.int16], sizes: Sequence[int], within: Sequence[tuple[int, int]], measures: Sequence[int]
) -> NDArray[np.int16]:
    """Return the measure of each fact, 0 where it is not asked for or on none of its piece's days, by a table."""
    kinds = list(dict.fromkeys(within))
    table = np.zeros((len(kinds), WIDTH + 1, 1 << DAY_BITS), np.int16)
    for place, (first, last) in enumerate(kinds):
        table[place, measures, first : last + 1] = np.array(measures)[:, np.newaxis]
    # What is no measure, as a hand may have left it, comes to one place, also what has no number without its sign.
    known = np.minimum(plain.view(np.uint16), _NO_MEASURE)
    if len(kinds) == 1:
        return table.reshape(-1)[known]
    return table.reshape(-1)[_of_each([kinds.index(each) * table[0].size for each in within], sizes) + known]


def _of_each(of_pieces: Sequence[int], sizes: Sequence[int]) -> Integers | int:
    """Return what pieces have for their facts; one number where all have the same, as nearly always."""
    if len({*of_pieces}) == 1:
        return of_pieces[0]
    return np.repeat(np.array(of_pieces, np.int64), sizes)


def _some(of_facts: Integers | int, some: NDArray[np.intp]) -> Integers | int:
    return of_facts if isinstance(of_facts, int) else of_facts[some]
