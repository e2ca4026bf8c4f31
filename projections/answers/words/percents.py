"""Percentages and paces as official reports print them: rounded half up to one place, from whole numbers alone."""

from __future__ import annotations


def half_up(numerator: int, denominator: int) -> int:
    """Return the quotient of whole numbers, rounded half up; neither is negative, the second is not 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def tenths(numerator: int, denominator: int) -> float:
    """Return the quotient, rounded half up to one place."""
    return half_up(10 * numerator, denominator) / 10


def percent(part: int, whole: int | None) -> float | None:
    """Return how many of a hundred; None where the whole is missing or 0."""
    return tenths(100 * part, whole) if whole else None


def per_thirty_days(number: int, days: int) -> float:
    """Return how many that is in 30 days."""
    return tenths(30 * number, days)
