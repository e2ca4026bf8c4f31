"""Stays: the days on which units are where a report looks for them, and the rows that they make (contract §5)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from msgspec import UNSET

from projections.answers.report import report_answers
from projections.answers.report.report_answers import Row, UnitName
from projections.answers.report.report_question import Place
from projections.rules.counting.periods import Days


class UnitStay(NamedTuple):
    """A unit on days on which it was where it was looked for, named as on the last of them.

    ``stood``: it was not yet dissolved on the first of them. Of a child as-was, ``since`` and ``until`` (excluded, None
    where it is open) are all days of the stay, whatever the days that were looked at.
    """

    place: Place
    days: Days
    name: UnitName
    stood: bool
    since: dt.date | None = None
    until: dt.date | None = None


def whole(stays: list[UnitStay], upper_dissolved: dt.date | None) -> list[UnitStay]:
    """Tell each piece of a stay with all days of the stay: several edges may make it, and a dissolution ends it."""
    runs: list[list[UnitStay]] = []
    for piece in stays:
        own = piece.place.dissolved
        assert piece.since is not None, "children are asked for with it"  # noqa: S101
        standing = own is None or piece.since < own
        stay = piece
        for end in (upper_dissolved, own if standing else None):
            if end is not None and (stay.until is None or end < stay.until):
                stay = stay._replace(until=end)
        last = runs[-1][-1] if runs else None
        if standing and last is not None and (last.place.no, last.until) == (stay.place.no, stay.since):
            runs[-1].append(stay)
        else:
            runs.append([stay])
    return [
        stay if len(run) == 1 else stay._replace(since=run[0].since, until=run[-1].until)
        for run in runs
        for stay in run
    ]


def by_unit(stays: list[UnitStay]) -> list[list[UnitStay]]:
    """Put together the stays of each unit, which follow each other; the last is the latest."""
    found: dict[int, list[UnitStay]] = {}
    for stay in stays:
        found.setdefault(stay.place.no, []).append(stay)
    return list(found.values())


def row_of(stays: list[UnitStay], values: dict[str, int]) -> Row:
    """Lay out the row of a unit; of a child as-was with its stays.

    A stay that began with the child's dissolution is told only where there is no other: it is for late facts.
    """
    if len(stays) == 1:
        *_, name, _, since, until = stays[0]
        return (
            Row(unit=name, values=values) if since is None else Row(unit=name, since=since, until=until, values=values)
        )
    gone = stays[0].place.dissolved
    standing = [stay for stay in stays if stay.since is not None and (gone is None or stay.since < gone)]
    told = list(dict.fromkeys((stay.since, stay.until) for stay in standing or stays if stay.since is not None))
    if not told:
        return Row(unit=stays[-1].name, values=values)
    several = [report_answers.Stay(*each) for each in told] if len(told) > 1 else UNSET
    return Row(unit=stays[-1].name, since=told[0][0], until=told[-1][1], stays=several, values=values)
