"""The days that a page is about, and the choice of them: month, quarter, half year, year, term, or any."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple

from projections.answers.words.vietnamese_format import VIETNAM, day

FIRST_TERM: Final = 1960
"""Terms are of five years, from a congress to the next: 2015–2020, 2020–2025; counted in whole years."""
TERM: Final = 5


class Period(NamedTuple):
    """Days, both inclusive."""

    first: dt.date
    last: dt.date

    @property
    def whole_years(self) -> bool:
        """Tell whether it is a year, or several."""
        return (self.first.month, self.first.day, self.last.month, self.last.day) == (1, 1, 12, 31)

    @property
    def text(self) -> str:
        """Write it as short as can be: 2023, 11/2023, 01/01 – 28/11/2023."""
        first, last = self
        if self.whole_years:
            return f"{first.year}" if first.year == last.year else f"{first.year}–{last.year}"
        if first.day == 1 and last == month_end(first):
            return f"{first.month:02}/{first.year}"
        if first == last:
            return day(first)
        return f"{day(first)[:5] if first.year == last.year else day(first)} – {day(last)}"


class Choice(NamedTuple):
    """A period that is offered: its kind, and its days."""

    kind: str
    period: Period


def today() -> dt.date:
    """Return the day in Vietnam."""
    return dt.datetime.now(VIETNAM).date()


def read_day(text: str) -> dt.date:
    """Read a day as addresses have it, 2023-11-28, or as people type it, 28/11/2023. Raises ValueError."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a civil date has no zone
        except ValueError:
            continue
    raise ValueError(text)


def month_end(of: dt.date) -> dt.date:
    """Return the last day of a day's month."""
    return of.replace(day=calendar.monthrange(of.year, of.month)[1])


def year_to(last: dt.date) -> Period:
    """Return the days of a year up to one of them."""
    return Period(last.replace(month=1, day=1), last)


def choices(period: Period) -> Iterator[Choice]:
    """Offer the periods that hold the last day of one."""
    last = period.last
    yield Choice("month", Period(last.replace(day=1), month_end(last)))
    for kind, months in (("quarter", 3), ("half", 6)):
        first = last.replace(month=(last.month - 1) // months * months + 1, day=1)
        yield Choice(kind, Period(first, month_end(first.replace(month=first.month + months - 1))))
    yield Choice("year", Period(last.replace(month=1, day=1), last.replace(month=12, day=31)))
    term = last.year - (last.year - FIRST_TERM) % TERM
    yield Choice("term", Period(dt.date(term, 1, 1), dt.date(term + TERM - 1, 12, 31)))


def shifted(period: Period, back: int) -> Period | None:
    """Return the period of the same kind so many before it, or after it where it is negative; None of free days."""
    for _, each in choices(period):
        if each == period:
            months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
            first = _months_later(period.first, -back * months)
            last = None if first is None else _months_later(first, months - 1)
            return None if first is None or last is None else Period(first, month_end(last))
    return None


def _months_later(first: dt.date, months: int) -> dt.date | None:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return dt.date(year, month + 1, 1) if dt.MINYEAR <= year < dt.MAXYEAR else None
