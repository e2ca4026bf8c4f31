"""Walking the dated hierarchy in memory: who is above and below whom, on a day, on some days, or as last known.

The *raw* lineage of a unit follows its own dated statements and keeps dissolved units as transparent nodes; the units
*above* it are the raw lineage without those dissolved on the day: exactly "that one's own parent stands in, and so on
up" (contract §1, Structure). In SQL the same walks are in projections/store/hierarchy_sql.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator

from projections.rules.hierarchy.unit import EVER, FOREVER, Segment, Span, Unit


class DatedTree:
    """Units by id and by number, and who ever named whom; every question is answered from what holds now.

    Whoever lets other raw parents hold, or takes a unit away, calls ``_rehung``.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Unit] = {}
        self.by_no: dict[int, Unit] = {}
        self.children: dict[int, dict[int, None]] = {}
        """Every unit that ever named another as raw parent, by that; some are stale."""
        self._lineages: dict[int, tuple[int, ...]] = {}  # of parents whose whole lineage never changed

    def segments(self, unit: Unit) -> tuple[Segment, ...]:
        """Return the raw parents of a unit, oldest first; the last one is open."""
        return unit.segments or (Segment(unit.since, FOREVER, unit.parent),)

    def raw_parent(self, unit: Unit, day: dt.date) -> int | None:
        """Return the number of the unit's raw parent on a day on or after its establishment."""
        if unit.segments is None:
            return unit.parent
        found = unit.segments[0].parent
        for since, _, parent in unit.segments:
            if since > day:
                break
            found = parent
        return found

    # -- up --------------------------------------------------------------------------------------------------------

    def lineage(self, unit: Unit, day: dt.date) -> tuple[int, ...]:
        """Return the numbers of the units on the raw lineage above a unit on a day, nearest first, the root last."""
        if unit.segments is None:
            parent = unit.parent
            if parent is None:
                return ()
            known = self._lineages.get(parent)
            if known is not None:
                return known
        links: list[int] = []
        static = unit.segments is None
        here = self.raw_parent(unit, day)
        while here is not None:
            links.append(here)
            above = self.by_no[here]
            static = static and above.segments is None
            here = self.raw_parent(above, day)
        lineage = tuple(links)
        if static and lineage:
            self._lineages[lineage[0]] = lineage
        return lineage

    def lineage_now(self, unit: Unit) -> tuple[int, ...]:
        """Return the raw lineage on the last known hierarchy (contract §4)."""
        return self.lineage(unit, FOREVER)

    def above(self, unit: Unit, day: dt.date) -> Iterator[Unit]:
        """Yield the units above a unit on a day, nearest first (contract §1: the dissolved ones are stood in for)."""
        for no in self.lineage(unit, day):
            ancestor = self.by_no[no]
            if not ancestor.dissolved(day):
                yield ancestor

    def is_above(self, upper: Unit, lower: Unit, day: dt.date) -> bool:
        """Tell whether ``upper`` is above ``lower`` on the day or as last known (contract §2, Authority)."""
        no = upper.no
        return (no in self.lineage(lower, day) and not upper.dissolved(day)) or (
            no in self.lineage(lower, FOREVER) and not upper.dissolved(FOREVER)
        )

    def lineages(
        self, parent: int | None, since: dt.date, until: dt.date, end_at: int | None = None
    ) -> list[tuple[dt.date, dt.date, tuple[int, ...]]]:
        """Return ``(since, until, raw lineage that starts with parent)`` over the days ``[since, until)``, in order.

        A lineage that comes to ``end_at`` ends there.
        """
        found: list[tuple[dt.date, dt.date, tuple[int, ...]]] = []
        ways: list[tuple[dt.date, dt.date, int | None, tuple[int, ...]]] = [(since, until, parent, ())]
        while ways:
            start, end, here, below = ways.pop()
            if here is None:
                found.append((start, end, below))
                continue
            if here == end_at:
                found.append((start, end, (*below, here)))
                continue
            above = self._lineages.get(here)
            if above is not None and (end_at is None or end_at not in above):
                found.append((start, end, (*below, *above)))
                continue
            segments = self.segments(self.by_no[here])
            for index in range(len(segments) - 1, -1, -1):  # the first days are looked at first
                segment = segments[index]
                first = max(start, segment.since if index else EVER)
                last = min(end, segment.until)
                if first < last:
                    ways.append((first, last, segment.parent, (*below, here)))
        return found

    def longest(self, parent: int | None, since: dt.date, until: dt.date) -> int:
        """Return how many links the longest raw lineage has that starts with a parent on days in ``[since, until)``."""
        if parent is None:
            return 0
        known = self._lineages.get(parent)
        if known is not None:
            return len(known)
        return max((len(lineage) for _, _, lineage in self.lineages(parent, since, until)), default=0)

    # -- down ------------------------------------------------------------------------------------------------------

    def hung(self, upper: int, since: dt.date = EVER, until: dt.date = FOREVER) -> Iterator[Span]:
        """Yield the units that have a unit as raw parent, each with those of the days ``[since, until)``."""
        for no in self._ever_under(upper):
            lower = self.by_no.get(no)
            for segment in self.segments(lower) if lower is not None else ():
                if segment.parent == upper:
                    first, last = max(since, segment.since), min(until, segment.until)
                    if first < last:
                        yield Span(no, first, last)

    def hung_now(self, upper: int, among: Container[int] | None = None) -> Iterator[Unit]:
        """Yield the units that have a unit as raw parent as last known; ``among``: of these alone."""
        for no in self._ever_under(upper):
            if among is None or no in among:
                lower = self.by_no.get(no)
                if lower is not None and self.segments(lower)[-1].parent == upper:
                    yield lower

    def subtree(self, unit: int, since: dt.date, until: dt.date) -> list[Span]:
        """Return the unit and all on raw lineages below it, with the days in ``[since, until)`` when they were so."""
        spans = [Span(unit, since, until)]
        for span in spans:  # grows while it is walked
            spans += self.hung(*span)
        return spans

    def ever_below(self, unit: int) -> set[int]:
        """Return the unit and all that are on raw lineages below it on any day, and maybe some more."""
        found = {unit}
        walk = [unit]
        for upper in walk:  # grows while it is walked
            for lower in self._ever_under(upper):
                if lower in self.by_no and lower not in found:
                    found.add(lower)
                    walk.append(lower)
        return found

    def _ever_under(self, upper: int) -> Iterable[int]:
        """Give every unit that ever named a unit as raw parent, once; some are stale, some not there any more."""
        return self.children.get(upper, ())

    def _rehung(self) -> None:
        self._lineages.clear()
