"""The one rule for reading: whether grants reach a unit on the days that are asked for (contract, section 7).

It knows no clock and no database: grants, what was ever above the unit, and the day of today are given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from projections.rules.counting.periods import ONE_DAY, Days
from projections.rules.hierarchy.unit import EVER, FOREVER


class Grant(NamedTuple):
    """A role at a unit, by its id, up to a day (inclusive) or for good."""

    role: str
    unit: str
    until: dt.date | None = None


class AccessQuestion(NamedTuple):
    """Which of the roles would be enough, and where.

    ``days`` are the days asked for as-was; None where the last known hierarchy alone decides (as-now, or no days).
    """

    roles: Collection[str]
    days: Days | None
    today: dt.date
    days_before: Days | None = None
    """Other days that are asked for too, where the figures of two periods stand side by side."""


class AncestorSpan(NamedTuple):
    """On the days ``[since, until)`` one unit was above another on the raw lineage, dissolved or not."""

    lower: str
    upper: str
    since: dt.date
    until: dt.date


class Lineage(NamedTuple):
    """A unit and what was ever above it.

    ``links`` are those of the unit itself and, as far as they lead to a dissolved unit, those of each unit that is
    above it on the last known hierarchy; each of these is linked to itself on all days. ``dissolved``: since when each
    of the upper units is, where it is.
    """

    unit: str
    links: Collection[AncestorSpan]
    dissolved: Mapping[str, dt.date]


def may(lineage: Lineage, grants: Iterable[Grant] | None, only: Iterable[Grant] | None, asked: AccessQuestion) -> bool:
    """Tell whether an account may, for its grants, what is asked of the unit of the lineage.

    ``grants`` are None of an account that holds every role at the root. ``only``: what a token is limited to, None
    where it isn't; both must allow it.
    """
    return _allowed(lineage, grants, asked) and _allowed(lineage, only, asked)


def _allowed(lineage: Lineage, grants: Iterable[Grant] | None, asked: AccessQuestion) -> bool:
    return grants is None or any(
        grant.role in asked.roles
        and (grant.until is None or asked.today <= grant.until)
        and reached(lineage, grant.unit, asked.days)
        and (asked.days_before is None or reached(lineage, grant.unit, asked.days_before))
        for grant in grants
    )


def reached(lineage: Lineage, upper: str, days: Days | None) -> bool:
    """Tell whether a grant over ``upper`` reaches the unit of the lineage."""
    if upper == lineage.unit:
        return True
    links = [link for link in lineage.links if link.upper == upper]
    own = [link for link in links if link.lower == lineage.unit]
    end = lineage.dissolved.get(upper)
    if end is None:
        goes_on = any(link.until == FOREVER for link in own)
    else:
        goes_on = end > EVER and any(link.since <= end - ONE_DAY < link.until for link in links)
    return goes_on or (days is not None and _throughout(days, own, end or FOREVER))


def _throughout(days: Days, links: Iterable[AncestorSpan], end: dt.date) -> bool:
    """Tell whether there is a link on each of the days, before the upper unit's ``end``."""
    day = days.first
    for link in sorted(links, key=lambda each: each.since):
        until = min(link.until, end)
        if link.since <= day < until:
            if until == FOREVER or until > days.last:
                return True
            day = until
    return False
