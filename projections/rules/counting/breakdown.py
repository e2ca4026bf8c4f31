"""Breakdowns of vast units: every fact below them once more, and of each year how many have which codes and pairs.

A fact is appended where it begins to be below a vast unit, and once more, with a sign, where it ceases to be: what
holds is plus less minus, whatever the order. What there is of a whole year is summed up from that, some time later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from events.facets import field
from events.vocabulary import UNKNOWN
from projections.rules.counting.batch_changes import MEASURE_MASK, PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT
from projections.rules.counting.periods import DAY_BITS, DAY_MASK, MONTH_BASE
from projections.rules.counting.pieces import cut, left_of

Integers = NDArray[np.int64]

FACT: Final = np.dtype([("facets", ">i8"), ("what", ">i2")])
"""``what`` is ``measure << 5 | day of the month``, less than 0 where the fact is below the unit no longer."""
NUMBER: Final = np.dtype(">i4")
"""How many facts have a code, or a pair of codes, as it is stored."""

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
"""Every code of every dimension, in an order that only grows; what is none of a dimension's codes is unknown."""


class Layout(NamedTuple):
    """What the numbers of a measure's year count, as they are stored: a code each, and two codes each.

    Codes go by their place among SLOTS. A pair stands with the later of its codes, so that a code that is added, to
    whatever dimension, is added at the end of both. A row that is older than a code ends before it.
    """

    codes: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


def _layout(measure: str) -> Layout:
    codes = tuple(slot for slot, (dimension, _) in enumerate(SLOTS) if dimension in dimensions_of(measure))
    pairs = [(i, j) for j in codes for i in codes if i < j and SLOTS[i][0] != SLOTS[j][0]]
    return Layout(codes, tuple(pairs))


LAYOUTS: Final[Mapping[int, Layout]] = {number: _layout(measure) for number, measure in enumerate(MEASURES, start=1)}
"""By the number of the measure."""


@cache
def code_places(measure: int, dimension: str) -> Integers:
    """Return where the codes of a dimension stand among a measure's; none where it does not have the dimension."""
    slots = _slots_of(dimension)
    codes = LAYOUTS[measure].codes
    return np.array([codes.index(slot) for slot in slots if slot in codes], np.int64)


@cache
def pair_places(measure: int, first: str, second: str) -> Integers:
    """Return where pairs of codes stand among a measure's, a row for each code of the first; it has both dimensions."""
    at = {pair: place for place, pair in enumerate(LAYOUTS[measure].pairs)}
    rows = [[at[min(i, j), max(i, j)] for j in _slots_of(second)] for i in _slots_of(first)]
    return np.array(rows, np.int64)


def _slots_of(dimension: str) -> list[int]:
    known = {code: slot for slot, (of, code) in enumerate(SLOTS) if of == dimension}
    return [known[code] for code in DIMENSIONS[dimension] if code != UNKNOWN]


def codes_in(facts: NDArray[Any], dimension: str, some: Integers | None = None) -> Codes:
    """Return the number of the code of each fact as it is stored, or of some of them.

    0 is unknown, and what is no code, as a hand may have left it. They are taken out of two bytes of each fact: there
    may be a hundred thousand of them in an answer.
    """
    two_bytes, shift, mask = _bytes_of(dimension)
    column = facts.view(two_bytes)["two"]
    numbers = (column if some is None else column[some]).astype(np.uint16)
    numbers >>= shift
    numbers &= mask
    if int(numbers.max(initial=0)) >= len(DIMENSIONS[dimension]):
        numbers[numbers >= len(DIMENSIONS[dimension])] = 0
    return numbers


Codes = NDArray[np.uint16]


@cache
def _bytes_of(dimension: str) -> tuple[np.dtype[Any], int, int]:
    """Return which two bytes of a fact have a dimension's bits, how far they are to be moved, and their mask."""
    shift, mask = field(dimension)
    first = max(_LAST_TWO - shift // 8, 0)
    around = [("before", f"V{first}"), ("two", ">u2"), ("after", f"V{FACT.itemsize - first - 2}")]
    return np.dtype(around[first == 0 :]), shift - 8 * (_LAST_TWO - first), mask


_LAST_TWO: Final = 6
"""Where the lowest two bytes of the codes begin."""


class BreakdownPieces(NamedTuple):
    """Facts by the vast unit that they are below, and their month: column by column, as they are stored."""

    units: list[int]
    months: list[int]
    facts: list[bytes]


def records(measures: Integers, days: Integers, facets: Integers, signs: Integers | int = 1) -> NDArray[Any]:
    """Make facts of their measures, their days of the month and their packed codes."""
    made = np.empty(len(facets), FACT)
    made["facets"] = facets
    made["what"] = (measures << DAY_BITS | days) * signs
    return made


def month_keys(keys: Integers) -> tuple[Integers, Integers, Integers]:
    """Of counters' keys of days, return the keys of their months (without a measure), the measures, and the days."""
    periods = (keys >> PERIOD_SHIFT) & PERIOD_MASK
    months = (keys >> UNIT_SHIFT << UNIT_SHIFT) | ((MONTH_BASE + periods // 100) << PERIOD_SHIFT)
    return months, keys & MEASURE_MASK, periods % 100


def joined(facts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Join facts, in the byte order in which they are stored, which numpy would not keep by itself."""
    return np.concatenate([np.empty(0, FACT), *facts], dtype=FACT)


def pieces_of(keys: Integers, facts: NDArray[Any]) -> BreakdownPieces:
    """Put facts together by the keys of their unit and month."""
    each, rows = cut(keys, facts)
    return BreakdownPieces((each >> UNIT_SHIFT).tolist(), ((each >> PERIOD_SHIFT) & PERIOD_MASK).tolist(), rows)


def net(facts: NDArray[Any]) -> NDArray[Any]:
    """Return facts without those that come as often with either sign."""
    what = facts["what"].astype(np.int64)
    table = np.stack((np.abs(what), facts["facets"].astype(np.int64)), axis=1)
    rows, left = left_of(table, np.sign(what))
    each = np.repeat(np.arange(len(rows)), np.abs(left))
    made = np.empty(len(each), FACT)
    made["what"], made["facets"] = rows[each, 0] * np.sign(left)[each], rows[each, 1]
    return made


class Years(NamedTuple):
    """Of a measure: what some rows have of each code, and of each pair of codes."""

    measure: int
    codes: Integers
    pairs: Integers


def by_year(row: Integers, facts: NDArray[Any], rows: int) -> Iterator[Years]:
    """Count facts by codes and by pairs of codes, for each measure that there is; ``row`` is the row of each fact."""
    what = facts["what"].astype(np.int64)
    measures = np.abs(what) >> DAY_BITS
    for measure in np.unique(measures).tolist():
        if measure in LAYOUTS:
            these = measures == measure
            yield _counted(measure, row[these], facts[these], np.sign(what[these]), rows)


def _counted(measure: int, row: Integers, facts: NDArray[Any], signs: Integers, rows: int) -> Years:
    layout = LAYOUTS[measure]
    codes, pairs = np.zeros((rows, len(layout.codes)), np.int64), np.zeros((rows, len(layout.pairs)), np.int64)
    dimensions = list(dict.fromkeys(SLOTS[slot][0] for slot in layout.codes))
    numbers = {dimension: codes_in(facts, dimension) for dimension in dimensions}
    for place, first in enumerate(dimensions):
        width = len(DIMENSIONS[first])
        codes[:, code_places(measure, first)] = tally(row * width + numbers[first], signs, rows * width).reshape(
            rows, width
        )[:, 1:]
        for second in dimensions[place + 1 :]:
            wide = len(DIMENSIONS[second])
            cells = (row * width + numbers[first]) * wide + numbers[second]
            found = tally(cells, signs, rows * width * wide).reshape(rows, width, wide)
            pairs[:, pair_places(measure, first, second)] = found[:, 1:, 1:]
    return Years(measure, codes, pairs)


def tally(cells: Integers, signs: Integers | int, size: int) -> Integers:
    """Return the sum of the signs in each cell; of one number where all have the same sign."""
    if isinstance(signs, int):
        return signs * np.bincount(cells, minlength=size)
    if (signs == 1).all():
        return np.bincount(cells, minlength=size)
    # Numbers are added as floats: exact far beyond what a cell can hold.
    return np.bincount(cells, signs, size).astype(np.int64)


def day_and_measure(what: Integers) -> tuple[Integers, Integers, Integers]:
    """Take apart what facts say beside their codes: the day of the month, the measure, and the sign."""
    plain = np.abs(what)
    return plain & DAY_MASK, plain >> DAY_BITS, np.sign(what)
