"""Who hung under whom, of all units at once, in arrays: for questions that go up from hundreds of thousands of facts.

It says what `projections.rules.hierarchy.dated_tree` says of raw lineages. Days are those of `day_numbers`, and units
their numbers; 0 is no unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.answers.past.day_numbers import FIRST, LAST

Numbers = NDArray[np.int64]
_DAY_BITS: Final = 33


class EdgeColumns(NamedTuple):
    """Raw parents on days, ``until`` excluded, column by column and in any order."""

    unit: Numbers
    parent: Numbers
    since: Numbers
    until: Numbers


class RawSegment(NamedTuple):
    """The raw parent of a unit on the days ``[since, until)``; 0 where it has none."""

    since: int
    until: int
    parent: int


class RawTree:
    """The raw parents of all units on all days; it is never changed."""

    __slots__ = ("_begin", "_dated", "_keys", "parent")

    def __init__(self, parent: Numbers, dated: EdgeColumns) -> None:
        """Take each unit's parent as last known, and all edges of those that have had several."""
        self.parent = parent
        order = np.lexsort((dated.since, dated.unit))
        self._dated = EdgeColumns(*(column[order] for column in dated))
        self._keys = keys_of(self._dated.unit, self._dated.since)
        self._begin = np.full(len(parent), -1, np.int64)
        units, first = np.unique(self._dated.unit, return_index=True)
        self._begin[units] = first

    def __len__(self) -> int:
        return len(self.parent)

    def parents(self, units: Numbers, days: Numbers) -> Numbers:
        """Return the raw parent of each unit on a day of its own; before its first edge it is that of the first."""
        found = self.parent[units]
        begin = self._begin[units]
        several = np.flatnonzero(begin >= 0)
        if len(several):
            place = np.searchsorted(self._keys, keys_of(units[several], days[several]), side="right") - 1
            found[several] = self._dated.parent[np.maximum(place, begin[several])]
        return found

    def segments(self, unit: int) -> list[RawSegment]:
        """Return the raw parents of a unit, oldest first, the first from the first day on; none of what is no unit."""
        if unit >= len(self.parent):
            return []
        begin = int(self._begin[unit])
        if begin < 0:
            return [RawSegment(FIRST, LAST, int(self.parent[unit]))]
        found = []
        for place in range(begin, len(self._keys)):
            if self._dated.unit[place] != unit:
                break
            since = FIRST if place == begin else int(self._dated.since[place])
            found.append(RawSegment(since, int(self._dated.until[place]), int(self._dated.parent[place])))
        return found

    def lineages(self, parent: int, since: int, until: int) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """Yield ``(since, until, raw lineage that starts with parent)`` over the days ``[since, until)``, in order."""
        ways: list[tuple[int, int, int, tuple[int, ...]]] = [(since, until, parent, ())]
        while ways:
            start, end, here, below = ways.pop()
            if not here:
                yield start, end, below
                continue
            for segment in reversed(self.segments(here)):
                first, last = max(start, segment.since), min(end, segment.until)
                if first < last:
                    ways.append((first, last, segment.parent, (*below, here)))

    def ever_below(self, unit: int) -> NDArray[np.bool_]:
        """Mark the unit and all that are on raw lineages below it on any day; some more, where edges never met."""
        found = np.zeros(max(len(self.parent), unit + 1), np.bool_)
        found[unit] = True
        return self.ever_below_too(found)

    def ever_below_too(self, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark all that is below marked units on any day too, as `ever_below` does."""
        grown = np.zeros(max(len(found), len(self.parent)), np.bool_)
        grown[: len(found)] = found
        found, own = grown, grown[: len(self.parent)]
        number = -1
        while True:
            now = int(np.count_nonzero(own))
            if now == number:
                return found
            number = now
            own |= own[self.parent]
            own[self._dated.unit[own[self._dated.parent]]] = True
            own[0] = False

    def children(self, units: Numbers) -> Numbers:
        """Return the units that ever had one of these as raw parent."""
        among = np.zeros(len(self.parent), np.bool_)
        among[units] = True
        among[0] = False
        found = among[self.parent]
        found[self._dated.unit[among[self._dated.parent]]] = True
        return np.flatnonzero(found)

    def past_edges(self) -> EdgeColumns:
        """Return the edges that differ from those as last known."""
        past = (self._dated.parent != self.parent[self._dated.unit]) & (self._dated.parent != 0)
        return EdgeColumns(*(column[past] for column in self._dated))

    def with_edges(self, units: Iterable[int], edges: EdgeColumns) -> RawTree:
        """Return the tree in which these units have these edges in place of theirs, and all others what they had."""
        anew = np.fromiter(units, np.int64)
        size = max(len(self.parent), *(int(each.max(initial=0)) + 1 for each in (anew, edges.unit, edges.parent)))
        parent = np.zeros(size, np.int64)
        parent[: len(self.parent)] = self.parent
        parent[anew] = 0
        of_others = np.ones(size, np.bool_)
        of_others[anew] = False
        kept = of_others[self._dated.unit]
        dated = _with_several(parent, edges)
        return RawTree(
            parent,
            EdgeColumns(*(np.concatenate((old[kept], new)) for old, new in zip(self._dated, dated, strict=True))),
        )


def tree_of(edges: EdgeColumns) -> RawTree:
    """Make the tree of all edges."""
    parent = np.zeros(1 + max(int(each.max(initial=0)) for each in (edges.unit, edges.parent)), np.int64)
    return RawTree(parent, _with_several(parent, edges))


def keys_of(units: Numbers, days: Numbers) -> Numbers:
    """Return numbers in the order of the units, and of the days where the unit is the same."""
    return (units << _DAY_BITS) + days - FIRST


def _with_several(parent: Numbers, edges: EdgeColumns) -> EdgeColumns:
    """Note each unit's last parent, and return the edges of the units that have several."""
    still = edges.until == LAST
    parent[edges.unit[still]] = edges.parent[still]
    several = np.bincount(edges.unit, minlength=len(parent))[edges.unit] > 1
    return EdgeColumns(*(column[several] for column in edges))
