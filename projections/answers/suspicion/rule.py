"""Which facts of one person are suspicious: the one rule, for whoever tells of it (contract, section 8).

It knows no clock and no database, and nothing hangs on it: a suspicion is told and never counted.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple, cast

from events.data import BadgeAwarded, MemberAdmitted, MemberConfirmed, MemberDeparted
from projections.answers.suspicion.facts import PersonFact

ADMITTED_TWICE: Final = "admitted_twice"
CONFIRMED_TWICE: Final = "confirmed_twice"
BADGE_TWICE: Final = "badge_twice"
DEPARTED_TWICE: Final = "departed_twice"
CONFIRMED_EARLY: Final = "confirmed_early"
NO_ADMISSION: Final = "no_admission"
BADGE_LOWER: Final = "badge_lower"
FUTURE: Final = "future"
OLD: Final = "old"

KINDS: Final = (
    *(ADMITTED_TWICE, CONFIRMED_TWICE, BADGE_TWICE, DEPARTED_TWICE, CONFIRMED_EARLY, NO_ADMISSION, BADGE_LOWER),
    *(FUTURE, OLD),
)
OF_ONE_FACT: Final = frozenset({FUTURE, OLD})
"""What is seen from a fact alone, whatever else is said of the person."""

PROBATION: Final = 12
"""Months from the ceremony of an admission, or where none is told from its decision, to a confirmation (domain)."""
A_YEAR: Final = 12
MONTHS: Final = 12


class Suspect(NamedTuple):
    """A kind, and the facts that it is seen from, by their days; the last one is where it is found."""

    kind: str
    facts: tuple[PersonFact, ...]


def of_a_fact(fact: PersonFact) -> list[Suspect]:
    """Return what is suspicious about a fact whatever else is said of the person."""
    if fact.day > fact.came_on:
        return [Suspect(FUTURE, (fact,))]
    return [Suspect(OLD, (fact,))] if fact.day < months_after(fact.came_on, -A_YEAR) else []


def of_a_line(line: Sequence[PersonFact], began: Mapping[str, dt.date] | None) -> list[Suspect]:
    """Return what is suspicious about the facts of a line together; they are given by day, then in their order.

    ``began``: the first day of which a fact tells about a unit, for the units of the line; None: that is long ago.
    """
    said: dict[str, list[PersonFact]] = {}
    for fact in line:
        said.setdefault(fact.type, []).append(fact)
    admitted, confirmed = said.get("member.admitted", []), said.get("member.confirmed", [])
    departed = said.get("member.departed", [])
    again = [fact for fact in admitted if _readmits(fact)]
    back = [*again, *said.get("member.restored", [])]
    return [
        *(
            Suspect(ADMITTED_TWICE, (before, after))
            for before, after in pairwise(admitted)
            if not (_readmits(after) and _between(departed, before, after))
        ),
        *(Suspect(CONFIRMED_TWICE, pair) for pair in pairwise(confirmed) if not _between(again, *pair)),
        *(Suspect(DEPARTED_TWICE, pair) for pair in pairwise(departed) if not _between(back, *pair)),
        *_of_badges(said.get("badge.awarded", [])),
        *(each for fact in confirmed for each in _of_a_confirmation(fact, admitted)),
        *(
            Suspect(NO_ADMISSION, (fact,))
            for fact in (*confirmed, *filter(_ends_probation, departed))
            if _admission_of(fact, admitted) is None and (began is None or _is_told_long_enough(fact, line, began))
        ),
    ]


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or before, or the last of that month; no day beyond those there are."""
    month = day.year * MONTHS + day.month - 1 + months
    year, month = month // MONTHS, month % MONTHS + 1
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return dt.date.min if months < 0 else dt.date.max
    return dt.date(year, month, min(day.day, monthrange(year, month)[1]))


def _of_badges(badges: Sequence[PersonFact]) -> Iterator[Suspect]:
    grades = [(fact, cast("BadgeAwarded", fact.data).grade) for fact in badges]
    last: dict[int, PersonFact] = {}
    for fact, grade in grades:
        if grade in last:
            yield Suspect(BADGE_TWICE, (last[grade], fact))
        last[grade] = fact
    for fact, grade in grades:
        higher = [each for each, other in grades if other > grade and each.day <= fact.day]
        if higher:
            yield Suspect(BADGE_LOWER, _ordered(higher[-1], fact))


def _of_a_confirmation(fact: PersonFact, admitted: Sequence[PersonFact]) -> Iterator[Suspect]:
    admission = _admission_of(fact, admitted)
    if admission is None:
        return
    data, told = cast("MemberConfirmed", fact.data), cast("MemberAdmitted", admission.data)
    holds_from = min(data.decided_on, data.effective_on or data.decided_on)
    if holds_from < months_after(told.ceremony_on or told.decided_on, PROBATION):
        yield Suspect(CONFIRMED_EARLY, _ordered(admission, fact))


def _admission_of(fact: PersonFact, admitted: Sequence[PersonFact]) -> PersonFact | None:
    """Return the admission whose probation a fact ends: the last before it, else the first after it.

    A re-admission after it says that there was one before, of which nothing is known here.
    """
    before = [each for each in admitted if each.day <= fact.day]
    if before:
        return before[-1]
    return admitted[0] if admitted and not _readmits(admitted[0]) else None


def _is_told_long_enough(fact: PersonFact, line: Sequence[PersonFact], began: Mapping[str, dt.date]) -> bool:
    """Tell whether an admission would be known: of each unit of the line by then something is told a year before."""
    since = months_after(fact.day, -A_YEAR)
    return all(began.get(each.unit, dt.date.max) < since for each in line if each.day <= fact.day)


def _between(facts: Collection[PersonFact], before: PersonFact, after: PersonFact) -> bool:
    return any(before.day <= each.day <= after.day and each not in (before, after) for each in facts)


def _readmits(fact: PersonFact) -> bool:
    return cast("Any", fact.data).readmission is True


def _ends_probation(fact: PersonFact) -> bool:
    return cast("MemberDeparted", fact.data).reason == "not_confirmed"


def _ordered(one: PersonFact, other: PersonFact) -> tuple[PersonFact, ...]:
    return tuple(sorted((one, other), key=lambda fact: (fact.day, fact.order)))
