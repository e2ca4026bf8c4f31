"""How far below the root units are on their days, and whether a change would put one too far down (contract §1).

Counted are the units above, of which those that are dissolved on the day are stood in for and are no level. They stay
links of the raw lineage all the same, so that these are bounded as well (decision 0025): whatever is done link by link
has an end that no log can move.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import FOREVER, Segment, Unit


class Depths(NamedTuple):
    """How far below the root a unit may be: in levels (contract §1, `too_deep`), and in links of its raw lineage."""

    levels: int = 64
    links: int = 256


DEPTHS: Final = Depths()


class _Way(NamedTuple):
    """A raw lineage from the root down to a unit on the days ``[since, until)``.

    ``lasting`` counts the units above it that are never dissolved, ``ends`` are the dissolutions of the others.
    """

    unit: int
    since: dt.date
    until: dt.date
    lasting: int
    ends: tuple[dt.date, ...]

    @property
    def links(self) -> int:
        return self.lasting + len(self.ends)

    def levels(self, day: dt.date) -> int:
        return self.lasting + sum(day < end for end in self.ends)


def founded_too_deep(hierarchy: Hierarchy, parent: int, since: dt.date, depths: Depths) -> str | None:
    """Say what would be too deep about a new unit under a parent from a day on; None where nothing is."""
    if hierarchy.longest(parent, since, FOREVER) <= depths.levels:
        return None
    return next(
        filter(None, (_said(way, depths, way.since) for way in _ways(hierarchy, [(since, FOREVER, parent)]))), None
    )


def hung_too_deep(
    hierarchy: Hierarchy, unit: Unit, after: Sequence[Segment], gone: dt.date | None, depths: Depths
) -> str | None:
    """Say what would be too deep if a unit had these raw parents and were dissolved on ``gone``; None where nothing is.

    Looks at the unit and all below it, on the days on which it hangs otherwise than now or is dissolved no longer.
    These raw parents make no cycle.
    """
    changed = list(_changed(hierarchy, unit, after, gone))
    longest = max((hierarchy.longest(parent, since, until) for since, until, parent in changed), default=0)
    if longest + unit.height <= depths.levels:  # nearly all
        return None
    ways = list(_ways(hierarchy, changed, unit.no))
    for way in ways:  # grows while it is walked
        here = hierarchy.by_no[way.unit]
        end = gone if here is unit else here.dissolution.since if here.dissolution is not None else None
        stands = end is None or way.since < end
        said = _said(way, depths, way.since if stands else None)
        if said is not None:
            return said
        if way.links + here.height > depths.levels:
            ways += _further(hierarchy, way, end)
    return None


def _changed(
    hierarchy: Hierarchy, unit: Unit, after: Sequence[Segment], gone: dt.date | None
) -> Iterator[tuple[dt.date, dt.date, int | None]]:
    """Yield the days on which a unit hangs under another raw parent than now, or stands though it is dissolved now."""
    now = hierarchy.segments(unit)
    was_gone = unit.dissolution.since if unit.dissolution is not None else FOREVER
    stands_again = gone is None and was_gone < FOREVER
    for new in after:
        for old in now:
            since, until = max(old.since, new.since), min(old.until, new.until)
            if since < until and old.parent != new.parent:
                yield since, until, new.parent
            elif since < until and stands_again and was_gone < until:
                yield max(since, was_gone), until, new.parent


def _ways(hierarchy: Hierarchy, hung: Iterable[tuple[dt.date, dt.date, int | None]], unit: int = 0) -> Iterator[_Way]:
    for since, until, parent in hung:
        for start, end, lineage in hierarchy.lineages(parent, since, until):
            ends = [gone.since for no in lineage if (gone := hierarchy.by_no[no].dissolution) is not None]
            yield _Way(unit, start, end, len(lineage) - len(ends), tuple(ends))


def _further(hierarchy: Hierarchy, way: _Way, end: dt.date | None) -> Iterator[_Way]:
    lasting, ends = (way.lasting + 1, way.ends) if end is None else (way.lasting, (*way.ends, end))
    for no, since, until in hierarchy.hung(way.unit, way.since, way.until):
        yield _Way(no, since, until, lasting, ends)


def _said(way: _Way, depths: Depths, day: dt.date | None) -> str | None:
    """Hold a way to the bounds; the levels on its first day, as units are dissolved but never established on it.

    Without a day the unit is dissolved by then, and is on no level.
    """
    if day is not None and (levels := way.levels(day)) > depths.levels:
        return f"a unit would be {levels} levels below the root on {day}; at most {depths.levels} are allowed"
    if way.links > depths.links:
        return (
            f"a unit would be {way.links} levels below the root on {way.since}, counting those that are dissolved; "
            f"at most {depths.links} are allowed"
        )
    return None
