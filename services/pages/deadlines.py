"""By when the figures of a period are due, where that is known; nothing is inferred where it isn't (domain: Forms)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from services.pages.periods import Period


class Deadline(NamedTuple):
    """The last day, and who says so: a regulation, or None for whoever asks."""

    day: dt.date
    source: str | None


DAYS_AFTER_A_YEAR: Final[Mapping[str, int]] = {"upper": 20, "province": 30}
"""Days from a year's end by which units of a level report to the one above them."""
SOURCE: Final = "Hướng dẫn 12-HD/BTCTW (chưa đối chiếu bản gốc)"


def deadline(level: str | None, period: Period, given: dt.date | None) -> Deadline | None:
    """Return the deadline that is given, else that of units of a level for a whole year; None where there is none."""
    if given is not None:
        return Deadline(given, None)
    days = DAYS_AFTER_A_YEAR.get(level or "")
    first, last = period
    if days is None or not period.whole_years or first.year != last.year or last.year == dt.MAXYEAR:
        return None
    return Deadline(last + dt.timedelta(days=days), SOURCE)
