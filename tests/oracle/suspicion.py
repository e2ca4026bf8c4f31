"""Section 8, Suspicious, by brute force: whose facts belong together, and which of them are told of."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from typing import Any

from tests.oracle.wording import FACTS, Event, day_of

Person = tuple[str, str]
Found = tuple[str, tuple[int, ...]]
"""A kind, and the positions of its events by day, then as they stand in the log."""


def suspicions(facts: list[tuple[int, Event]], arrived: dt.date) -> set[Found]:
    """Look at all counted facts, which came into the log on one day."""
    found: set[Found] = set()
    for position, event in facts:
        if day_of(event) > arrived:
            found.add(("future", (position,)))
        if day_of(event) < back(arrived, 12):
            found.add(("old", (position,)))
    for line in _lines(facts):
        found |= _of_a_line(sorted(line, key=_place), facts)
    return found


def back(day: dt.date, months: int) -> dt.date:
    """Go back month by month on the calendar; where a month is too short, its last day."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    for last in range(day.day, 0, -1):
        try:
            return dt.date(year, month, last)
        except ValueError:
            continue
    raise AssertionError(day)


def on(day: dt.date, months: int) -> dt.date:
    """Go on month by month."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for last in range(day.day, 0, -1):
        try:
            return dt.date(year, month, last)
        except ValueError:
            continue
    raise AssertionError(day)


def _place(fact: tuple[int, Event]) -> tuple[dt.date, int]:
    return day_of(fact[1]), fact[0]


def _person(event: Event) -> Person:
    return event["subject"], event["data"].get("member") or event["data"]["candidate"]


def _lines(facts: list[tuple[int, Event]]) -> list[list[tuple[int, Event]]]:
    joined = [
        {_person(e), (e["data"]["to"], e["data"]["as"])}
        for _, e in facts
        if e["type"] == "member.transferred" and "as" in e["data"]
    ]
    lines = [{_person(e)} for _, e in facts]
    for ends in joined:
        touched = [line for line in lines if line & ends]
        lines = [line for line in lines if not line & ends] + [ends.union(*touched)]
    apart: list[set[Person]] = []
    for line in lines:
        if line not in apart:
            apart.append(line)
    return [[(p, e) for p, e in facts if _person(e) in line] for line in apart]


Fact = tuple[int, Event]


def _of_a_line(line: list[Fact], facts: list[Fact]) -> set[Found]:
    of = {kind: [fact for fact in line if fact[1]["type"] == kind] for kind in FACTS}
    admitted, confirmed, departed = of["member.admitted"], of["member.confirmed"], of["member.departed"]
    again = [fact for fact in admitted if _readmits(fact)]
    found = _of_badges(of["badge.awarded"])
    found |= {_told("admitted_twice", *two) for two in _next(admitted) if not _is_back(departed, two)}
    found |= {_told("confirmed_twice", *two) for two in _next(confirmed) if not _within(again, two)}
    found |= {
        _told("departed_twice", *two) for two in _next(departed) if not _within([*again, *of["member.restored"]], two)
    }
    for fact in confirmed:
        admission = _admission(fact, admitted)
        if admission is not None and _too_early(fact, admission):
            found.add(_told("confirmed_early", admission, fact))
    for fact in (*confirmed, *(each for each in departed if each[1]["data"]["reason"] == "not_confirmed")):
        units = {e["subject"] for _, e in line if day_of(e) <= day_of(fact[1])}
        firsts = [min(day_of(e) for _, e in facts if e["subject"] == unit) for unit in units]
        if _admission(fact, admitted) is None and max(firsts) < back(day_of(fact[1]), 12):
            found.add(_told("no_admission", fact))
    return found


def _of_badges(badges: list[Fact]) -> set[Found]:
    found = set()
    for badge in badges:
        day, grade = day_of(badge[1]), badge[1]["data"]["grade"]
        same = [each for each in badges if each[1]["data"]["grade"] == grade and _place(each) < _place(badge)]
        higher = [each for each in badges if each[1]["data"]["grade"] > grade and day_of(each[1]) <= day]
        found |= {_told("badge_twice", each, badge) for each in same[-1:]}
        found |= {_told("badge_lower", each, badge) for each in higher[-1:]}
    return found


def _told(kind: str, *events: Fact) -> Found:
    return kind, tuple(position for position, _ in sorted(events, key=_place))


def _next(several: list[Fact]) -> list[tuple[Fact, Fact]]:
    """Give each two between which there is no third."""
    return [two for two in combinations(several, 2) if several.index(two[1]) == several.index(two[0]) + 1]


def _readmits(fact: Fact) -> bool:
    return bool(fact[1]["data"].get("readmission", False))


def _is_back(departed: list[Fact], two: tuple[Fact, Fact]) -> bool:
    return _readmits(two[1]) and _within(departed, two)


def _within(several: list[Fact], two: tuple[Fact, Fact]) -> bool:
    first, last = (day_of(event) for _, event in two)
    return any(first <= day_of(each[1]) <= last and each not in two for each in several)


def _too_early(fact: Fact, admission: Fact) -> bool:
    said, told = fact[1]["data"], admission[1]["data"]
    begins = dt.date.fromisoformat(told.get("ceremony_on", told["decided_on"]))
    days = {said["decided_on"], said.get("effective_on", said["decided_on"])}
    return min(map(dt.date.fromisoformat, days)) < on(begins, 12)


def _admission(fact: Fact, admitted: list[Fact]) -> Fact | None:
    before = [each for each in admitted if day_of(each[1]) <= day_of(fact[1])]
    if before:
        return before[-1]
    return admitted[0] if admitted and not _readmits(admitted[0]) else None


def counted(oracle: Any) -> list[Fact]:
    """Give the facts of an oracle's log that are counted, with their positions."""
    return [
        (entry.position, entry.event)
        for entry in oracle.entries
        if entry.outcome == "counted" and entry.event is not None and entry.event["type"] in FACTS
    ]
