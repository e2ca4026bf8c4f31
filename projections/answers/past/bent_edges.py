"""Figures on one hierarchy made of counters by another: signed terms over the edges in which the two differ.

Counters count what is below a unit by the hierarchy as it is now. With S the units at or below a unit by another one,
what is at or below it by that one is, over all edges v → p of now, the sum of `R(v)` over those that enter S (v in it,
p not), less that over those that leave it: along the lineage of any fact the signs come to whether its unit is in S.
Only an edge in which the two differ can do either, but for that of the unit itself, whose `R` everything begins with.
`projections.rules.hierarchy.as_now_terms` is the same with the hierarchy as last known for the other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from projections.answers.past.raw_tree import Numbers, RawTree


class Bend(NamedTuple):
    """``sign`` times the roll-up of ``part`` on the days ``[since, until)`` belongs to a unit too."""

    part: int
    since: int
    until: int
    sign: int


def bends(now: RawTree, then: RawTree, changed: Iterable[int], since: int, until: int) -> dict[int, list[Bend]]:
    """Return by unit what makes figures on the tree ``then`` out of counters by ``now``, on days ``[since, until)``.

    ``changed`` are all units of which the two may say something else.
    """
    found: dict[int, list[Bend]] = {}

    @cache
    def lineages(parent: int, first: int, last: int) -> list[tuple[int, int, tuple[int, ...]]]:
        return list(then.lineages(parent, first, last))

    for part in changed:
        for begun, ended, old, new in _differences(now, then, part):
            first, last = max(begun, since), min(ended, until)
            if first >= last:
                continue
            for begin, end, left, joined in _overlaps(lineages(old, first, last), lineages(new, first, last)):
                shared = set(left) & set(joined)
                for sign, units in ((-1, left), (1, joined)):
                    for unit in units:
                        if unit not in shared:
                            found.setdefault(unit, []).append(Bend(part, begin, end, sign))
    return found


def bends_as_last_known(tree: RawTree, units: Iterable[int], since: int, until: int) -> dict[int, list[Bend]]:
    """Return what makes the as-now figures of units out of those as-was, on the same tree, on days ``[since, until)``.

    Terms follow the raw lineage: their parts are taken as if they stood for ever.
    """
    asked = np.unique(np.fromiter(units, np.int64))
    edges = tree.past_edges()
    overlap = (edges.since < until) & (edges.until > since)
    of_none = np.full(len(tree), -1, np.int64)
    of_none[asked[asked < len(tree)]] = np.flatnonzero(asked < len(tree))
    signs: dict[tuple[int, int], int] = {}
    edge = np.flatnonzero(overlap)
    for sign, begin in ((1, tree.parent[edges.unit[edge]]), (-1, edges.parent[edge])):
        for unit, which in _met(tree, begin, edge, of_none):
            signs[unit, which] = signs.get((unit, which), 0) + sign
    found: dict[int, list[Bend]] = {}
    for (place, which), sign in signs.items():
        if sign:
            begin_, end = max(int(edges.since[which]), since), min(int(edges.until[which]), until)
            found.setdefault(int(asked[place]), []).append(Bend(int(edges.unit[which]), begin_, end, sign))
    return found


def _met(tree: RawTree, here: Numbers, edge: Numbers, place_of: Numbers) -> Iterator[tuple[int, int]]:
    """Yield the places at or above units as last known, each with what it is met for."""
    while len(here):
        place = place_of[here]
        met = place >= 0
        yield from zip(place[met].tolist(), edge[met].tolist(), strict=True)
        goes_on = here > 0
        here, edge = tree.parent[here[goes_on]], edge[goes_on]


def _differences(now: RawTree, then: RawTree, unit: int) -> Iterator[tuple[int, int, int, int]]:
    for old in now.segments(unit):
        for new in then.segments(unit):
            since, until = max(old.since, new.since), min(old.until, new.until)
            if since < until and old.parent != new.parent:
                yield since, until, old.parent, new.parent


def _overlaps(
    left: list[tuple[int, int, tuple[int, ...]]], right: list[tuple[int, int, tuple[int, ...]]]
) -> Iterator[tuple[int, int, tuple[int, ...], tuple[int, ...]]]:
    for old_since, old_until, old in left:
        for new_since, new_until, new in right:
            since, until = max(old_since, new_since), min(old_until, new_until)
            if since < until:
                yield since, until, old, new
