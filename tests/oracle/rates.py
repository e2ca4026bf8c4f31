"""Rates: each of a numerator and a denominator that somebody said or that was counted, null where one is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.asking import UNDECIDED, Asked, Plan
from tests.oracle.rounding import percent
from tests.oracle.stock import DAY, Operand, at_end, at_start, declared
from tests.oracle.targets import is_silent, value_of
from tests.oracle.wording import MEASURES

Rate = dict[str, Any]
"""A rate as in the JSON, without its name in words."""

DECLARED = (
    ("members", "staff"),
    ("key_posts", "members"),
    ("rated_good", "members"),
    ("rated_excellent", "rated_good"),
    ("economic_targets_met", "economic_targets"),
)


def rates(asked: Asked) -> list[Rate]:
    """Make all rates, in the order in which they are listed."""
    found = [_of_one_day(asked, numerator, denominator) for numerator, denominator in DECLARED]
    found += _of_stock(asked)
    found += [_of_last_year(asked, measure) for measure in MEASURES]
    return found + [_of_target(asked, plan) for plan in asked.targets()]


def _rate(rate: str, numerator: Operand | None, denominator: Operand | None) -> Rate:
    known = numerator and denominator
    found = percent(numerator["value"], denominator["value"]) if numerator and denominator else None
    return {
        "rate": rate,
        "numerator": numerator if known else UNDECIDED,
        "denominator": denominator if known else UNDECIDED,
        "percent": found,
        "reason": found is None,
    }


def _of_one_day(asked: Asked, numerator: str, denominator: str) -> Rate:
    """Divide two stocks that the unit declared of one day, the latest such day."""
    rate = f"{numerator}_of_{denominator}"
    days = [p.last for p in asked.declarations()]
    for day in sorted(days, reverse=True):
        above, below = (asked.declaration(stock, day, day) for stock in (numerator, denominator))
        if above is not None and below is not None:
            return _rate(rate, declared(above), declared(below))
    return _rate(rate, None, None)


def _of_stock(asked: Asked) -> list[Rate]:
    name = "admissions_of_stock_at"
    year = asked.on.replace(month=1, day=1)
    this_year = _counted(asked, "admissions", year, asked.on)
    found = [_rate(f"{name}_start_of_year", this_year, at_start(asked, year))]
    terms = {p.first for p in asked.targets() if is_term(p.first, p.last) and asked.on <= p.last}
    for first in sorted(terms, reverse=True):
        counted = _counted(asked, "admissions", first, asked.on)
        found.append(_rate(f"{name}_start_of_term", counted, at_start(asked, first)))
    if not terms:
        found.append(_rate(f"{name}_start_of_term", None, None))
    end = None if year == dt.date.min else at_end(asked, year - DAY)
    return [*found, _rate(f"{name}_end_of_last_year", this_year, end)]


def is_term(first: dt.date, last: dt.date) -> bool:
    """Whether a period is longer than one year."""
    if first.year == dt.MAXYEAR:
        return False
    a_year_later = (
        dt.date(first.year + 1, 3, 1) if (first.month, first.day) == (2, 29) else same_day(first, first.year + 1)
    )
    return a_year_later <= last


def same_day(day: dt.date, year: int) -> dt.date:
    """Find the same day of another year, 28 February for a 29th that it doesn't have."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return dt.date(year, 2, 28) if (day.month, day.day) == (2, 29) and not leap else day.replace(year=year)


def _of_last_year(asked: Asked, measure: str) -> Rate:
    year = asked.on.year
    now = _counted(asked, measure, dt.date(year, 1, 1), asked.on)
    if year == dt.MINYEAR:
        return _rate(f"{measure}_of_last_year", now, None)
    then = _counted(asked, measure, dt.date(year - 1, 1, 1), same_day(asked.on, year - 1))
    return _rate(f"{measure}_of_last_year", now, then)


def _of_target(asked: Asked, plan: Plan) -> Rate:
    above = _counted(asked, plan.what, plan.first, min(asked.on, plan.last)) | {"value": value_of(asked, plan)}
    below = above | {"to": str(plan.last), "value": plan.data["at_least"], "how": "target", "said": [plan.position]}
    found = _rate(f"{plan.what}_of_target", above, below)
    return found | {"percent": None, "reason": True} if is_silent(asked, plan) else found


def _counted(asked: Asked, measure: str, first: dt.date, last: dt.date) -> Operand:
    value = asked.count(measure, first, last)
    return {"what": measure, "from": str(first), "to": str(last), "value": value, "how": "counted", "said": []}
