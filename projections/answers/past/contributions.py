"""What single facts come to in the parts of a question: each finds its own way up, all of them in arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import MEASURE_NUMBERS
from projections.answers.past.day_numbers import months_of, number_of
from projections.answers.past.raw_tree import Numbers, RawTree, keys_of
from projections.answers.report.report_question import QuestionPart

_MEASURE_BITS: Final = 8


class FactArrays(NamedTuple):
    """Facts, column by column; ``facets`` are the bits of the dimensions that are asked for."""

    unit: Numbers
    day: Numbers
    measure: Numbers
    facets: Numbers

    def where(self, chosen: NDArray[np.bool_] | Numbers) -> FactArrays:
        """Return some of them."""
        unit, day, measure, facets = self
        return FactArrays(unit[chosen], day[chosen], measure[chosen], facets[chosen] if len(facets) else facets)


class CodedCount(NamedTuple):
    """How many facts of a row, month (yyyymm, or 0 where it is not asked for) and measure have these packed codes."""

    row: int
    month: int
    measure: int
    packed: int
    n: int


class _Hits(NamedTuple):
    """Facts that count in places: for each hit the group, which is twice the place, and one more for below it."""

    group: Numbers
    fact: Numbers


def at_or_below(tree: RawTree, unit: int, facts: FactArrays, dissolved: int | None, *, now: bool) -> NDArray[np.bool_]:
    """Mark the facts of a unit and of those below it, as last known or on their days (contract §4).

    From the day of its dissolution on nothing is below it; ``dissolved`` is None where it stands.
    """
    found: NDArray[np.bool_] = facts.unit == unit
    if now and dissolved is not None:
        return found
    here, fact = facts.unit, np.arange(len(facts.unit))
    while len(here):
        here = tree.parent[here] if now else tree.parents(here, facts.day[fact])
        met = fact[here == unit]
        found[met if dissolved is None else met[facts.day[met] < dissolved]] = True
        goes_on = here > 0
        here, fact = here[goes_on], fact[goes_on]
    return found


class PlacedParts:
    """The parts of a question by the places that they are of, to which facts go up on a tree.

    A part's own half is of its unit's own facts, its other half of those below, on the days before its dissolution.
    """

    def __init__(self, parts: Sequence[QuestionPart], tree: RawTree) -> None:
        self._tree = tree
        places = sorted({part.place.no for part in parts})
        self._place_of = np.full(max([len(tree), *(no + 1 for no in places)]), -1, np.int64)
        self._place_of[places] = np.arange(len(places))
        halves = [half for part in parts for half in self._halves(part)]
        columns = np.array(halves, np.int64).reshape(len(halves), 5)
        self._row, self._group, self._first, self._last, self._sign = columns.T

    def _halves(self, part: QuestionPart) -> Iterator[tuple[int, int, int, int, int]]:
        group = 2 * int(self._place_of[part.place.no])
        for half, days in ((part.own, part.days), (part.below, part.place.standing(part.days))):
            if half and days.first <= days.last:
                yield part.row, group, number_of(days.first), number_of(days.last), part.sign
            group += 1

    def sums(self, facts: FactArrays, measures: Sequence[str], rows: int) -> Numbers:
        """Return what the facts come to, by row and measure."""
        numbers = [MEASURE_NUMBERS[measure] for measure in measures]
        found = np.zeros((rows, len(numbers)), np.int64)
        hits = self._hits(facts)
        keys = np.sort(keys_of((hits.group << _MEASURE_BITS) + facts.measure[hits.fact], facts.day[hits.fact]))
        for column, number in enumerate(numbers):
            group = (self._group << _MEASURE_BITS) + number
            begin = np.searchsorted(keys, keys_of(group, self._first), side="left")
            end = np.searchsorted(keys, keys_of(group, self._last), side="right")
            np.add.at(found[:, column], self._row, self._sign * (end - begin))
        return found

    def coded(self, facts: FactArrays, *, by_month: bool) -> list[CodedCount]:
        """Count the facts by row, measure, packed codes, and month where that is asked for; signed as the parts are."""
        hits = self._hits(facts)
        keys = keys_of(hits.group, facts.day[hits.fact])
        order = np.argsort(keys, kind="stable")
        keys, fact = keys[order], hits.fact[order]
        begin = np.searchsorted(keys, keys_of(self._group, self._first), side="left")
        end = np.searchsorted(keys, keys_of(self._group, self._last), side="right")
        packed, code = np.unique(facts.facets, return_inverse=True)
        month = months_of(facts.day) if by_month else np.zeros(len(facts.day), np.int64)
        told = ((month << _MEASURE_BITS) + facts.measure) * len(packed) + code
        found = []
        for row, low, high, sign in zip(self._row, begin, end, self._sign, strict=True):
            if low < high:
                kinds, n = np.unique(told[fact[low:high]], return_counts=True)
                for kind, count in zip(kinds.tolist(), n.tolist(), strict=True):
                    when, which = divmod(kind, len(packed))
                    when, measure = when >> _MEASURE_BITS, when & ((1 << _MEASURE_BITS) - 1)
                    found.append(CodedCount(int(row), when, measure, int(packed[which]), int(sign) * count))
        return found

    def _hits(self, facts: FactArrays) -> _Hits:
        """Let all facts go up together, a step at a time, and note where they come by."""
        groups, those = [], []
        here, fact, below = facts.unit, np.arange(len(facts.unit)), 0
        while len(here):
            place = self._place_of[here]
            met = place >= 0
            groups.append(2 * place[met] + below)
            those.append(fact[met])
            here = self._tree.parents(here, facts.day[fact])
            goes_on = here > 0
            here, fact, below = here[goes_on], fact[goes_on], 1
        nothing = np.zeros(0, np.int64)
        return _Hits(np.concatenate([nothing, *groups]), np.concatenate([nothing, *those]))
