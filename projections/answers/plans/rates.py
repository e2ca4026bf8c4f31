"""Rates: every one names its denominator; where a side is missing, or the denominator is 0, there is none (domain).

Confirmations are never divided by admissions: they are of other cohorts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from events.catalogue import MEASURES
from events.words import RATES_OF_DECLARED, RATES_OF_STOCK
from projections.answers.plans.known_plans import Assigned, CountOf, Declared, Known, told_of
from projections.answers.plans.members import at_end_of, at_start_of
from projections.answers.plans.plan_answers import Operand, Rate
from projections.answers.plans.targets import counted_days, in_order
from projections.answers.words.percents import percent
from projections.answers.words.plan_words import (
    NO_OPENING,
    NO_TERM,
    SILENT,
    ZERO_DENOMINATOR,
    not_declared,
    not_the_same_day,
    rate_name,
)
from projections.rules.counting.periods import ONE_DAY, Days

OF_DECLARED: Final = {
    "members_of_staff": ("members", "staff"),
    "key_posts_of_members": ("key_posts", "members"),
    "rated_good_of_members": ("rated_good", "members"),
    "rated_excellent_of_rated_good": ("rated_excellent", "rated_good"),
    "economic_targets_met_of_economic_targets": ("economic_targets_met", "economic_targets"),
}
"""Numerator and denominator of the rates whose sides are both declared, for one and the same day."""


def rates(known: Known, count: CountOf) -> list[Rate]:
    """Return all rates of a unit: of declared figures, of the stock of members, of last year, of each target."""
    return [
        *(of_declared(rate, known.declared) for rate in OF_DECLARED),
        *_of_stock(known, count),
        *(_of_last_year(measure, known.on, count) for measure in MEASURES),
        *(of_target(target, known, count) for target in in_order(known.targets)),
    ]


def of_declared(rate: str, declared: list[Declared]) -> Rate:
    """Return a rate of two figures that the unit declared for one day, the latest of those in ``declared``."""
    numerator, denominator = OF_DECLARED[rate]
    name = RATES_OF_DECLARED[rate].name
    upper = {each.last: each for each in declared if each.figure == numerator}
    lower = {each.last: each for each in declared if each.figure == denominator}
    days = upper.keys() & lower.keys()
    if not days:
        missing = numerator if not upper else denominator
        never = not upper or not lower
        reason = not_declared(missing) if never else not_the_same_day(numerator, denominator)
        return Rate(rate, name, None, None, None, reason)
    return _rate(rate, name, upper[max(days)].operand, lower[max(days)].operand)


def of_target(target: Assigned, known: Known, count: CountOf) -> Rate:
    """Return what is counted against the floor of a target; none where nothing was said of it: silence is not zero."""
    days = counted_days(target.first, target.last, known.on)
    of = f"{target.measure}_of_target"
    reached = _counted(target.measure, days, count)
    asked = Operand(target.measure, target.first, target.last, target.at_least, "target", [target.said])
    rate = _rate(of, rate_name(of), reached, asked)
    if reached.value or told_of(known.declared, target.measure, days):
        return rate
    return Rate(of, rate.name, reached, asked, None, SILENT)


def terms_in_force(targets: list[Assigned], on: dt.date) -> list[dt.date]:
    """Return the first days of the terms that a day lies in, the latest first: periods of targets of over a year."""
    terms = {t.first for t in targets if t.first <= on <= t.last and _over_a_year(Days(t.first, t.last))}
    return sorted(terms, reverse=True)


def _over_a_year(days: Days) -> bool:
    """Tell whether the days hold the day a year after the first, too; of 29 February that is 1 March."""
    first, last = days
    return (last.year - first.year, last.month, last.day) >= (1, first.month, first.day)


def _of_stock(known: Known, count: CountOf) -> Iterator[Rate]:
    year = Days(known.on.replace(month=1, day=1), known.on)
    admitted = _counted("admissions", year, count)
    of_year, of_term, of_last_year = RATES_OF_STOCK
    yield _rate(of_year, RATES_OF_STOCK[of_year].name, admitted, at_start_of(year.first, known, count))
    terms = terms_in_force(known.targets, known.on)
    if not terms:
        yield Rate(of_term, RATES_OF_STOCK[of_term].name, None, None, None, NO_TERM)
    for first in terms:
        since = _counted("admissions", Days(first, known.on), count)
        yield _rate(of_term, RATES_OF_STOCK[of_term].name, since, at_start_of(first, known, count))
    end = at_end_of(year.first - ONE_DAY, known, count) if year.first > dt.date.min else None
    yield _rate(of_last_year, RATES_OF_STOCK[of_last_year].name, admitted, end)


def _of_last_year(measure: str, on: dt.date, count: CountOf) -> Rate:
    rate = f"{measure}_of_last_year"
    name = rate_name(rate)
    now = _counted(measure, Days(on.replace(month=1, day=1), on), count)
    if on.year == dt.MINYEAR:
        return _rate(rate, name, now, None)
    leap_day = (on.month, on.day) == (2, 29)
    before = on.replace(year=on.year - 1, day=28 if leap_day else on.day)
    return _rate(rate, name, now, _counted(measure, Days(before.replace(month=1, day=1), before), count))


def _rate(rate: str, name: str, numerator: Operand, denominator: Operand | None) -> Rate:
    if denominator is None:
        return Rate(rate, name, numerator, None, None, NO_OPENING)
    found = percent(numerator.value, denominator.value) if denominator.value > 0 else None
    return Rate(rate, name, numerator, denominator, found, None if found is not None else ZERO_DENOMINATOR)


def _counted(measure: str, days: Days, count: CountOf) -> Operand:
    return Operand(measure, days.first, days.last, count(measure, days), "counted", [])
