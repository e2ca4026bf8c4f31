"""A report as it was when the log stood at an earlier position: each fact finds its own way up (contract §4 and §5).

Nothing of it is kept in tables: the units are made anew from the statements that held at the position, and the facts
that held are counted one kind and day at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import structs

from events.vocabulary import UNKNOWN
from projections.answers.past import history
from projections.answers.past.history import DatedValue
from projections.answers.past.units_then import Units
from projections.answers.report.codes import Codes, row_of_codes, rows_of_codes
from projections.answers.report.report_answers import Row, UnitName
from projections.answers.report.report_question import Place, Question, named_on
from projections.answers.report.row_periods import PERIODS, name_of, row_of_period
from projections.answers.report.splits import Splits, require_fewer_cells
from projections.answers.report.stays import UnitStay, by_unit, row_of, whole
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import EVER, FOREVER, Unit, last_day, told_end


class Counted(NamedTuple):
    """``n`` facts alike: of one unit, day and measure, and with one code of each dimension asked for."""

    unit: int
    day: dt.date
    measure: str
    codes: Codes
    n: int


class Then:
    """Reports on the units as some statements make them."""

    def __init__(self, units: Units) -> None:
        self.units = units

    def parked(self, unit: Unit, waiting: Iterable[tuple[str | None, dt.date | None]], days: Days) -> int:
        """Count the events that wait at the unit or, as last known, below it, and facts of the days that were so then.

        Of each there is the subject, and the day of a fact.
        """
        found = 0
        for id_, day in waiting:
            subject = self.units.by_id.get(id_) if id_ is not None else None
            if subject is unit:
                found += 1
            elif subject is not None:
                asked = [FOREVER, *([day] if day is not None and days.first <= day <= days.last else [])]
                found += any(self._was_below(subject, unit, each) for each in asked)
        return found

    def _was_below(self, subject: Unit, unit: Unit, day: dt.date) -> bool:
        return day >= subject.since and unit in self.units.above(subject, day)

    def name(self, unit: Unit, day: dt.date) -> UnitName:
        """Return a unit as it was called on a day; before its establishment as it was called at first."""
        said = list(unit.statements())
        return UnitName(unit.id, _held(history.names(said), day), _held(history.levels(said), day))

    def report(self, question: Question, facts: Iterable[Counted]) -> tuple[UnitName, Row, list[Row]]:
        """Return the asked unit, the total and the rows. Facts of other days or measures must not be among them."""
        unit = self.units.by_id[question.unit]
        shown = self.name(unit, named_on(question))
        total = dict.fromkeys(question.measures, 0)
        by_key: dict[object, dict[str, int]] = {}
        splits = Splits(question.measures, question.split)
        ways: dict[tuple[int, dt.date], tuple[int, ...] | None] = {}
        for fact in facts:
            day = fact.day if question.basis == "as-was" else FOREVER
            if (fact.unit, day) not in ways:
                ways[fact.unit, day] = self.way_down(unit, self.units.by_no[fact.unit], day)
            way = ways[fact.unit, day]
            if way is not None:
                total[fact.measure] += fact.n
                key = self._key(question, fact, way, day)
                by_key.setdefault(key, dict.fromkeys(question.measures, 0))[fact.measure] += fact.n
                for dimension, code in zip(question.split, fact.codes, strict=False):
                    if code != UNKNOWN:
                        splits.add(key, fact.measure, dimension, code, fact.n)
        zero = dict.fromkeys(question.measures, 0)
        if question.by in {"child", "level"}:
            rows = list(self._rows_by_unit(question, unit, by_key, zero))
            left = by_key.get(None, zero)
            last = Row(unit=shown, own=True, values=left) if question.by == "child" else Row(rest=True, values=left)
            rows.append(last)
        else:
            rows = list(_rows(question, by_key, zero))
        if not question.split:
            return shown, Row(values=total), rows
        require_fewer_cells(len(rows), question.measures, question.split)
        whole = Row(values=total, split=splits.of(by_key, total))
        return (
            shown,
            whole,
            [
                structs.replace(row, split=splits.of([key], by_key.get(key, zero)))
                for row, key in ((row, self._key_of(row)) for row in rows)
            ],
        )

    def _key_of(self, row: Row) -> object:
        """Return the key by which `_key` counts for a row."""
        if row.own or row.rest:
            return None
        return self.units.by_id[row.unit.id].no if row.unit is not None else row.month or row.quarter or row.year

    def _rows_by_unit(
        self, question: Question, unit: Unit, by_key: Mapping[object, dict[str, int]], zero: dict[str, int]
    ) -> Iterator[Row]:
        for stays in by_unit(sorted(self._stays(question, unit), key=lambda s: (s.name.id, s.days.first))):
            values = by_key.get(stays[0].place.no, zero)
            if any(stay.stood for stay in stays) or any(values.values()):
                yield row_of(stays, values)

    def way_down(self, asked: Unit, unit: Unit, day: dt.date) -> tuple[int, ...] | None:
        """Return the units below the asked one on the way down to a unit, the unit last; None where it isn't below."""
        if unit.no == asked.no:
            return ()
        way = [unit.no]
        for upper in self.units.above(unit, day):
            if upper.no == asked.no:
                return tuple(reversed(way))
            way.append(upper.no)
        return None

    def _key(self, question: Question, fact: Counted, way: tuple[int, ...], day: dt.date) -> object:
        match question.by:
            case "month" | "quarter" | "year":
                return name_of(question.by, fact.day)
            case "facet":
                return fact.codes
            case "child":
                return way[0] if way else None
            case "level":
                units = (self.units.by_no[no] for no in way)
                return next((u.no for u in units if self.name(u, day).level == question.detail), None)
        return None

    def _stays(self, question: Question, unit: Unit) -> list[UnitStay]:
        gone = unit.dissolution.since if unit.dissolution is not None else None
        if question.basis == "as-now":
            return [] if gone is not None else self._stays_now(question, unit)
        days = _place(unit).standing(question.days)
        if days.last < days.first:
            return []
        if question.by == "level":
            return self._of_level(unit, days, question.detail)
        found = whole(sorted(self._children(unit, days), key=lambda s: (s.name.id, s.since or EVER)), gone)
        return [stay for stay in found if stay.days.first <= stay.days.last]

    def _stays_now(self, question: Question, unit: Unit) -> list[UnitStay]:
        found = []
        over = [unit]
        for upper in over:  # grows while it is walked
            for below in self.units.hung_now(upper.no):
                name = self.name(below, FOREVER)
                wanted = question.by == "child" or name.level == question.detail
                if wanted:
                    found.append(UnitStay(_place(below), question.days, name, below.dissolution is None))
                if below.dissolution is not None or not wanted:
                    over.append(below)
        return found

    def _children(self, unit: Unit, days: Days) -> Iterator[UnitStay]:
        over = [(unit, EVER, FOREVER)]
        for upper, since, until in over:  # grows while it is walked
            for no, first, end in self.units.hung(upper.no, since, until):
                below = self.units.by_no[no]
                yield self._stay(below, Days(max(first, days.first), min(last_day(end), days.last)), first, end)
                gone = below.dissolution.since if below.dissolution is not None else FOREVER
                if gone < end:
                    over.append((below, max(first, gone), end))

    def _of_level(self, unit: Unit, days: Days, level: str) -> list[UnitStay]:
        found = []
        over = [(unit, days)]
        for upper, held in over:  # grows while it is walked
            for no, since, until in self.units.hung(upper.no):
                below = self.units.by_no[no]
                gone = below.dissolution.since if below.dissolution is not None else None
                for told in history.levels(below.statements()) if below is not unit else ():
                    first = max(held.first, since, told.since)
                    last = min(held.last, last_day(until), last_day(told.until))
                    if first > last:
                        continue
                    here = Days(first, last)
                    if told.value != level:
                        over.append((below, here))
                        continue
                    found.append(self._stay(below, here))
                    if gone is not None and gone <= last:
                        over.append((below, Days(max(first, gone), last)))
        return found

    def _stay(self, unit: Unit, days: Days, since: dt.date | None = None, until: dt.date = FOREVER) -> UnitStay:
        place = _place(unit)
        stood = place.dissolved is None or days.first < place.dissolved
        return UnitStay(place, days, self.name(unit, days.last), stood, since, told_end(until))


def _rows(question: Question, by_key: Mapping[object, dict[str, int]], zero: dict[str, int]) -> Iterator[Row]:
    match question.by:
        case "month" | "quarter" | "year":
            for days in PERIODS[question.by](question.days):
                key = name_of(question.by, days.first)
                yield row_of_period(question.by, key, by_key.get(key, zero))
        case "facet":
            for codes in rows_of_codes(question.detail):
                yield row_of_codes(question.detail, codes, by_key.get(codes, zero))


def _place(unit: Unit) -> Place:
    return Place(
        unit.no,
        unit.dissolution.since if unit.dissolution is not None else None,
        large=False,
        vast=False,
        running=False,
    )


def _held(told: Collection[DatedValue[str]], day: dt.date) -> str:
    first, *later = told
    found = first.value
    for each in later:
        if each.since <= day:
            found = each.value
    return found
