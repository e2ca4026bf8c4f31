"""Percentages and paces to one place, half up, by whole numbers alone."""

from __future__ import annotations


def one_place(dividend: int, divisor: int) -> float:
    """Divide, and round half up to tenths; the divisor is above zero."""
    tenths = (20 * dividend + divisor) // (2 * divisor)
    return float(f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}")


def percent(part: int | None, whole: int | None) -> float | None:
    """Say how many per cent of the whole the part is; None where one is missing, or the whole is none, or even less."""
    if part is None or whole is None or whole <= 0:
        return None
    return one_place(100 * part, whole)
