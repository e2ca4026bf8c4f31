"""What the statements about a unit say together, value by value, with those that say it (contract §1, Structure)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from projections.rules.hierarchy.unit import FOREVER, UnitStatement

T = TypeVar("T")


class DatedValue(NamedTuple, Generic[T]):
    """A value on the days ``[since, until)`` and the positions of the statements that hold and say it, by day."""

    since: dt.date
    until: dt.date
    value: T
    said: tuple[int, ...]


def names(statements: Iterable[UnitStatement]) -> list[DatedValue[str]]:
    """Return the names of a unit from all statements about it, oldest first."""
    return _told((s.since, s.position, s.name) for s in statements if s.name is not None)


def levels(statements: Iterable[UnitStatement]) -> list[DatedValue[str]]:
    """Return the levels of a unit from all statements about it, oldest first."""
    return _told((s.since, s.position, s.level) for s in statements if s.level is not None)


def raw_parents(statements: Iterable[UnitStatement]) -> list[DatedValue[int | None]]:
    """Return the parents that the unit's own statements name, oldest first; from its dissolution on, its successor."""
    said = list(statements)
    gone = next((s for s in said if s.kind == "dissolved" and s.successor is not None), None)
    placed = [
        (s.since, s.position, s.parent)
        for s in said
        if s.kind in {"established", "moved"} and (gone is None or s.since < gone.since)
    ]
    return _told([*placed, (gone.since, gone.position, gone.successor)] if gone is not None else placed)


def _told(said: Iterable[tuple[dt.date, int, T]]) -> list[DatedValue[T]]:
    by_day: dict[dt.date, tuple[int, T]] = {}
    for since, position, value in sorted(said, key=lambda each: each[:2]):
        by_day[since] = position, value
    found: list[DatedValue[T]] = []
    for since, (position, value) in by_day.items():
        last = found[-1] if found else None
        if last is not None and last.value == value:
            found[-1] = last._replace(said=(*last.said, position))
        else:
            if last is not None:
                found[-1] = last._replace(until=since)
            found.append(DatedValue(since, FOREVER, value, (position,)))
    return found
