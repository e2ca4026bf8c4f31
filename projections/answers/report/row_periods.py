"""The periods that rows of a report stand for, as they are named, and the same days a year before (contract §5, §9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from projections.answers.report.report_answers import Row
from projections.rules.counting.periods import Days, month_of, months, quarter_of, quarters, years

PERIODS: Final[Mapping[str, Callable[[Days], Iterator[Days]]]] = {"month": months, "quarter": quarters, "year": years}
"""The kinds of rows that stand for periods, and how days fall into them."""


def name_of(by: str, day: dt.date) -> str:
    """Name the period of a day: 2023-05, 2023-Q2, 2023."""
    match by:
        case "month":
            return day.isoformat()[:7]
        case "quarter":
            return f"{day.year:04}-Q{quarter_of(day)}"
        case _:
            return day.isoformat()[:4]


def row_of_period(by: str, name: str, values: Mapping[str, int]) -> Row:
    """Lay out the row of a period."""
    match by:
        case "month":
            return Row(month=name, values=values)
        case "quarter":
            return Row(quarter=name, values=values)
        case _:
            return Row(year=name, values=values)


def year_before(days: Days) -> Days:
    """Return the same days a year before; where they end on a month's last day, so do these (contract §9).

    The 29 February that isn't there is the 28th. Raises ValueError for days of the first year of all.
    """
    last = _year_before(days.last)
    ends_a_month = days.last == month_of(days.last).last
    return Days(_year_before(days.first), month_of(last).last if ends_a_month else last)


def name_a_year_later(name: str) -> str:
    """Name the period that is a year after the one of this name."""
    return f"{int(name[:4]) + 1:04}{name[4:]}"


def _year_before(day: dt.date) -> dt.date:
    month = day.replace(year=day.year - 1, day=1)
    return month.replace(day=min(day.day, month_of(month).last.day))
