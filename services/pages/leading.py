"""Where a number of a roll-up leads: one step further down, in the end to the events that it counts."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.answers.report.report_answers import Row
from projections.answers.report.row_periods import PERIODS, name_of, year_before
from projections.rules.counting.periods import ONE_DAY, Days
from services.pages.asking import Value
from services.pages.roll_up import RollUpColumn, kind_of

REPORT, EVENTS = "bao-cao", "su-kien"
_NOW = frozenset({"values", "change", "percent", "split"})


class Shown(NamedTuple):
    """What a roll-up was asked for, as far as its links go on with it; `officer`: may see single events."""

    days: Days
    by: str
    measures: str | None
    compare: str | None
    position: str | None
    officer: bool
    alone: bool = False
    """The unit has no rows but its own."""

    @property
    def kept(self) -> dict[str, Value]:
        """What goes along to the roll-up below."""
        return {"measures": self.measures, "compare": self.compare, "position": self.position}


class Lead(NamedTuple):
    """A page: of which unit (None: the same), which end of its path, with which parameters changed."""

    unit: str | None
    end: str
    changes: dict[str, Value]


def of_row(shown: Shown, row: Row) -> Lead | None:
    """Return where the name of a row leads: the same roll-up of the unit, or of the period by unit."""
    if row.unit is not None and kind_of(row) == "row":
        by = shown.by if shown.by.startswith(("level:", "facet:")) else None
        return Lead(row.unit.id, REPORT, {"by": None if by == f"level:{row.unit.level}" else by, **shown.kept})
    period = period_of(row, shown.days)
    return None if period is None else Lead(None, REPORT, {**_days(period), **shown.kept})


def of_figure(shown: Shown, row: Row, column: RollUpColumn) -> Lead | None:
    """Return where a number leads: to its events for who may see them, else where the row leads.

    What the rows of codes count, is shown unit by unit. Rows that stand for what is nowhere else lead nowhere.
    """
    if column.part in {"change", "percent"}:
        return None
    days = _asked(shown, column)
    if row.code is not None or row.codes is not None or column.dimension:
        return _by_units(shown, row, column, days)
    if kind_of(row) != "row" and not shown.alone:
        return None
    events = _events_of(shown, row, column, days)
    if events is not None:
        return events
    lead = of_row(shown, row)
    if lead is None or column.part in _NOW:
        return lead
    period = period_of(row, shown.days)
    return lead._replace(changes={**lead.changes, **_days(days if period is None else year_before(period))})


def of_total(shown: Shown, column: RollUpColumn) -> Lead | None:
    """Return where the total leads: to its events, else month by month."""
    if column.part in {"change", "percent"}:
        return None
    days = _asked(shown, column)
    if column.dimension:
        return None
    if _sees_events(shown):
        return Lead(None, EVENTS, {"measure": column.measure, **_days(days)})
    return None if shown.by == "month" else Lead(None, REPORT, {"by": "month", **_days(days), **shown.kept})


def period_of(row: Row, days: Days) -> Days | None:
    """Return those of the days that a row by month, quarter or year stands for; None of another row."""
    for by, periods in PERIODS.items():
        name = getattr(row, by)
        if name is not None:
            return next((each for each in periods(days) if name_of(by, each.first) == name), None)
    return None


def _asked(shown: Shown, column: RollUpColumn) -> Days:
    return shown.days if column.part in _NOW else year_before(shown.days)


def _sees_events(shown: Shown) -> bool:
    return shown.officer and shown.position is None


def _events_of(shown: Shown, row: Row, column: RollUpColumn, days: Days) -> Lead | None:
    if not _sees_events(shown):
        return None
    found: dict[str, Value] = {"measure": column.measure}
    if row.own or row.rest:
        return Lead(None, EVENTS, {**found, **_days(days)})
    period = period_of(row, shown.days)
    if period is not None:
        return Lead(None, EVENTS, {**found, **_days(period if column.part in _NOW else year_before(period))})
    there = _there(row, days)
    # Of a unit that was below several times, or by its level, the events of its days are not those of the row.
    if row.unit is None or there is None or shown.by != "child":
        return None
    return Lead(row.unit.id, EVENTS, {**found, **_days(there)})


def _there(row: Row, days: Days) -> Days | None:
    """Return those of the days on which a unit was a child; None where these are not all together."""
    if isinstance(row.stays, list) and len(row.stays) > 1:
        return None
    since = row.since if isinstance(row.since, dt.date) else days.first
    until = row.until if isinstance(row.until, dt.date) else None
    last = days.last if until is None else min(days.last, until - ONE_DAY)
    first = max(days.first, since)
    return Days(first, last) if first <= last else None


def _by_units(shown: Shown, row: Row, column: RollUpColumn, days: Days) -> Lead | None:
    if column.dimension and row.unit is not None and kind_of(row) == "row":
        changes = {"by": None, "split": column.dimension, "measures": column.measure}
        return Lead(row.unit.id, REPORT, {**changes, **_days(days)})
    dimensions = [] if column.dimension else shown.by.partition(":")[2].split(",")
    if not dimensions or kind_of(row) != "row":
        return None
    return Lead(None, REPORT, {"by": "child", "split": dimensions, "measures": column.measure, **_days(days)})


def _days(days: Days) -> dict[str, Value]:
    return {"from_": days.first, "to": days.last}
