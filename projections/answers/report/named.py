"""A unit's names and levels through time: how it is shown on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeAlias

from projections.answers.report.report_answers import UnitName

Named: TypeAlias = tuple[tuple[dt.date, UnitName], ...]
"""From which day on a unit is shown how, oldest first; before the first it is shown as at first."""


def named(
    unit: str, since: dt.date, names: Sequence[tuple[dt.date, str]], levels: Sequence[tuple[dt.date, str]]
) -> Named:
    """Put the names and levels of a unit, established ``since``, together: each from its day on, oldest first."""
    if len(names) == len(levels) == 1:  # nearly all
        return ((since, UnitName(unit, names[0][1], levels[0][1])),)
    days = sorted({max(day, since) for day, _ in (*names, *levels)})
    return tuple((day, UnitName(unit, _at(names, day), _at(levels, day))) for day in days)


def name_at(shown: Named, day: dt.date) -> UnitName:
    """Return how a unit is shown on a day."""
    if len(shown) == 1:
        return shown[0][1]
    return next((name for since, name in reversed(shown) if since <= day), shown[0][1])


def _at(dated: Sequence[tuple[dt.date, str]], day: dt.date) -> str:
    return next((value for since, value in reversed(dated) if since <= day), dated[0][1])
