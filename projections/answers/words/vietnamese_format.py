"""Numbers, days, moments and percentages as Vietnamese reports write them."""

from __future__ import annotations

import datetime as dt
from typing import Final

VIETNAM: Final = dt.timezone(dt.timedelta(hours=7))


def number(value: int) -> str:
    """Write a whole number: 1.905."""
    return f"{value:,}".replace(",", ".")


def decimal(value: float) -> str:
    """Write a number that is not negative with one place, and without it where that is zero: 84,2 and 128."""
    whole, _, tenth = f"{value:.1f}".partition(".")
    return number(int(whole)) if tenth == "0" else f"{number(int(whole))},{tenth}"


def day(date: dt.date) -> str:
    """Write a civil date: 28/11/2023."""
    return f"{date.day:02}/{date.month:02}/{date.year:04}"


def days(first: dt.date, last: dt.date) -> str:
    """Write a period by its ends: từ 01/01/2021 đến 31/12/2021."""
    return f"từ {day(first)} đến {day(last)}"


def moment(at: dt.datetime) -> str:
    """Write a moment in Vietnam's time: 16:01:02 ngày 28/11/2023."""
    there = at.astimezone(VIETNAM)
    return f"{there:%H:%M:%S} ngày {day(there.date())}"


def percentage(percent: float) -> str:
    """Write a percentage that is rounded to one place: 84,2%, and without a place where that is zero: 128%."""
    return f"{decimal(percent)}%"
