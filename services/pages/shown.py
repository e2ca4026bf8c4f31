"""How values stand on a page: numbers, changes, percentages, days; in Vietnamese and in English alike."""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec import UnsetType

from projections.answers.words import vietnamese_format as written

HIDDEN: Final = "ẩn"
"""What stands in a cell that is hidden so that it singles nobody out."""
MINUS: Final = "−"


def number(value: float | None) -> str:
    """Write a number: 1.905; a hidden one by its word."""
    if value is None:
        return HIDDEN
    return written.number(value) if isinstance(value, int) else written.decimal(value)


def change(value: int | UnsetType | None) -> str:
    """Write a change with its sign: +41, −9, 0; nothing where there is none."""
    if value is None or isinstance(value, UnsetType):
        return "–"
    if value == 0:
        return "0"
    return f"{'+' if value > 0 else MINUS}{written.number(abs(value))}"


def percentage(value: float | None) -> str:
    """Write a percentage: 84,2%; nothing where there is none."""
    return "–" if value is None else written.percentage(value)


def day(value: dt.date | None) -> str:
    """Write a day: 28/11/2023."""
    return "–" if value is None else written.day(value)


def moment(value: dt.datetime | None) -> str:
    """Write a moment in Vietnam: 09:30 ngày 28/11/2026."""
    if value is None:
        return "–"
    there = value.astimezone(written.VIETNAM)
    return f"{there:%H:%M} {written.day(there.date())}"
