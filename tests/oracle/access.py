"""Section 7 read by brute force: who may see what, each case looked up afresh in the oracle's hierarchy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy

ONE_DAY = dt.timedelta(1)
ALLOWED_BY = {
    "figures": ("reader", "officer"),
    "single events": ("officer",),
    "sending": ("clerk",),
    "keeping": ("keeper",),
    "operating": ("operator",),
}
"""What each role may: "officer: what a reader may, and ..."; the others include nothing."""


@dataclass(frozen=True)
class Granted:
    """A role over a unit, up to a day or for good."""

    role: str
    unit: str
    until: dt.date | None = None


def at_or_below(h: Hierarchy, unit: str, upper: str, day: dt.date) -> bool:
    return unit == upper or upper in h.ancestors(unit, day)


def reaches(h: Hierarchy, upper: str, unit: str, days: tuple[dt.date, dt.date] | None) -> bool:
    """Whether a grant over one unit reaches another; `days`: the first and the last asked for as-was, None as-now."""
    if at_or_below(h, unit, upper, LAST_KNOWN):
        return True
    if days is not None and all(at_or_below(h, unit, upper, day) for day in _different(h, *days)):
        return True
    end = h.dissolution(upper)
    if end is None or end.since == dt.date.min:
        return False
    goes_on = [u for u in h.units() if at_or_below(h, u, upper, end.since - ONE_DAY)]
    return any(at_or_below(h, unit, u, LAST_KNOWN) for u in goes_on)


def may(
    h: Hierarchy,
    grants: Iterable[Granted],
    *,
    need: str,
    unit: str,
    days: tuple[dt.date, dt.date] | None,
    today: dt.date,
    before: tuple[dt.date, dt.date] | None = None,
) -> bool:
    """Whether one of the grants is enough; ``before`` are days that are asked for too, to be compared."""
    return any(
        grant.role in ALLOWED_BY[need]
        and (grant.until is None or today <= grant.until)
        and reaches(h, grant.unit, unit, days)
        and (before is None or reaches(h, grant.unit, unit, before))
        for grant in grants
    )


def _different(h: Hierarchy, first: dt.date, last: dt.date) -> list[dt.date]:
    """List the first of the days, and each on which anything changes: on the others it is as on the day before."""
    return [first, *(s.since for s in h.statements if first < s.since <= last)]
