"""Saying a number with the words of what it counts, declares or aims at, as official reports do (domain)."""

from __future__ import annotations

from events.words import MEASURES, STOCKS
from projections.answers.words.vietnamese_format import number


def counted(measure: str, n: int) -> str:
    """Say a count; that there was none is said in words."""
    words = MEASURES[measure]
    return words.some.format(number(n)) if n else words.none


def held(stock: str, n: int) -> str:
    """Say a declared figure of a day; a declared zero is said in words."""
    return f"có {number(n)} {STOCKS[stock].said}" if n else f"không có {STOCKS[stock].said}"


def ends(at_least: int, at_most: int | None, noun: str) -> str:
    """Say how many a target asks for: a floor, a range, or exactly so many."""
    if at_most is None:
        return f"{number(at_least)} {noun} trở lên"
    if at_most == at_least:
        return f"{number(at_least)} {noun}"
    if at_least == 0:
        return f"không quá {number(at_most)} {noun}"
    return f"từ {number(at_least)} đến {number(at_most)} {noun}"
