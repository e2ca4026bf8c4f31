"""A report beside the one of the same days a year before (contract §9, `compare=last-year`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import UNSET, UnsetType, structs

from projections.answers.report.report_answers import LastYear, Report, Row, Split, Values
from projections.answers.report.row_periods import name_a_year_later
from projections.rules.counting.periods import Days


class StandingDays(NamedTuple):
    """The days on which a unit stands: from ``since`` on, before ``dissolved``, None where it stands still."""

    since: dt.date
    dissolved: dt.date | None

    def meets(self, days: Days) -> bool:
        """Tell whether it stands on any of the days."""
        end = self.dissolved
        return self.since <= days.last and (end is None or end > max(self.since, days.first))


def compared(report: Report, before: Report, spans: Mapping[str, StandingDays]) -> Report:
    """Put the rows of both periods together; what changed is told by `with_change`, once it is known what is hidden.

    A unit was there where it has a row, and stands on any of the days or has any figure on them; ``spans`` are those of
    all units that have rows, and of the one asked about.
    """
    days, days_before = Days(report.first, report.last), Days(before.first, before.last)
    asked, asked_before = _was_there(report, spans, days), _was_there(before, spans, days_before)
    found = {_key(row, 0): row for row in report.rows}
    found_before = {_key(row, 1): row for row in before.rows}
    rows = []
    for key in _in_order(found, found_before):
        row, last = found.get(key), found_before.get(key)
        here = asked and _there(row, spans, days)
        here_before = asked_before and _there(last, spans, days_before)
        shown = row if row is not None else last
        assert shown is not None, "it is a key of one of them"  # noqa: S101
        rows.append(
            structs.replace(
                shown,
                values=row.values if row is not None and here else None,
                split=_of(row.split if row is not None else None, report, there=here),
                last_year=last.values if last is not None and here_before else None,
                last_year_split=_of(last.split if last is not None else None, before, there=here_before),
            )
        )
    last_year = LastYear(
        before.first,
        before.last,
        before.total if asked_before else None,
        None,
        _of(before.split, before, there=asked_before),
    )
    return structs.replace(report, rows=rows, last_year=last_year)


def with_change(report: Report) -> Report:
    """Say by how much each number is more than a year before; null where either is null or hidden."""
    if report.last_year is UNSET:
        return report
    change = _change(report.total, report.last_year.total)
    rows = [
        row if row.last_year is UNSET else structs.replace(row, change=_change(row.values, row.last_year))
        for row in report.rows
    ]
    return structs.replace(report, rows=rows, last_year=structs.replace(report.last_year, change=change))


def _change(values: Values | None, last_year: Values | None) -> Values | None:
    if values is None or last_year is None:
        return None
    found: dict[str, int | None] = {}
    for measure, n in values.items():
        before = last_year[measure]
        found[measure] = None if n is None or before is None else n - before
    return found


def _was_there(report: Report, spans: Mapping[str, StandingDays], days: Days) -> bool:
    return any(report.total.values()) or spans[report.unit.id].meets(days)


def _there(row: Row | None, spans: Mapping[str, StandingDays], days: Days) -> bool:
    if row is None:
        return False
    return row.unit is None or any((row.values or {}).values()) or spans[row.unit.id].meets(days)


def _of(split: Split | UnsetType | None, report: Report, *, there: bool) -> Split | UnsetType | None:
    """Return a split as it stands beside values: not at all where none is asked for, null where the unit wasn't."""
    if report.split is UNSET or isinstance(split, UnsetType):
        return UNSET
    return split if there else None


def _key(row: Row, years: int) -> tuple[str, ...]:
    """Name what a row is about, so that rows of two periods are found to be of the same; ``years`` later."""
    for period in (row.month, row.quarter, row.year):
        if period is not None:
            return (name_a_year_later(period) if years else period,)
    if row.own or row.rest or row.code is not None or row.codes is not None:
        return ("own" if row.own else "rest" if row.rest else "", row.code or "", *(row.codes or {}).values())
    assert row.unit is not None, "nothing else is left"  # noqa: S101
    return ("unit", row.unit.id)


def _in_order(found: Mapping[tuple[str, ...], Row], before: Mapping[tuple[str, ...], Row]) -> list[tuple[str, ...]]:
    """Keep the order of the rows; units by id, and those that have a row in the other period alone among them."""
    units = sorted(key for key in {**found, **before} if key[0] == "unit")
    return [*units, *(key for key in found if key[0] != "unit")]
