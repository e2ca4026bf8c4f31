"""Units where a report looks for them, by the statements that held at a position: who was a child, who of a level."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from projections.answers.past import history
from projections.answers.past.history import DatedValue
from projections.answers.past.units_then import Units
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Place
from projections.answers.report.stays import UnitStay, whole
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import EVER, FOREVER, Unit, last_day, told_end


def found(units: Units, unit: Unit, on: dt.date) -> KnownUnit:
    """Return a unit as a question finds it, named as on a day; what waits there is not counted, nor what it lost."""
    gone = unit.dissolution
    return KnownUnit(
        place=place_of(unit),
        name=name_of(unit, on),
        since=unit.since,
        successor=None if gone is None else gone.successor,
        root=all(segment.parent is None for segment in units.segments(unit)),
        lost=False,
    )


def stays(units: Units, unit: Unit, days: Days, level: str | None, *, now: bool) -> list[UnitStay]:
    """Return the children of a unit (of a ``level``: the highest units of it below) on those days on which it stood.

    With ``now`` those as last known, each once, with the days asked for. The order is by id, then by day.
    """
    place = place_of(unit)
    if now:
        return [] if place.dissolved is not None else sorted(_now(units, unit, days, level), key=_by_id)
    days = place.standing(days)
    if days.last < days.first:
        return []
    if level is not None:
        return sorted(_of_level(units, unit, days, level), key=lambda stay: (stay.name.id, stay.days.first))
    gone = unit.dissolution.since if unit.dissolution is not None else None
    pieces = sorted(_children(units, unit, days), key=lambda stay: (stay.name.id, stay.since or EVER))
    return [stay for stay in whole(pieces, gone) if stay.days.first <= stay.days.last]


def goes_on_below(units: Units, unit: Unit, through: Collection[int], level: str | None, *, now: bool) -> bool:
    """Tell whether what is below a unit may be found too, where children or units of a level are looked for.

    ``through`` are the units whose children are looked at so far. Of a dissolved one the children are theirs only where
    it stayed below one of them: what a successor took over is below that.
    """
    gone = unit.dissolution
    if level is not None:
        return gone is not None or any(told.value != level for told in history.levels(unit.statements()))
    if gone is None or now:
        return gone is not None
    return any(segment.parent in through and segment.until > gone.since for segment in units.segments(unit))


def name_of(unit: Unit, day: dt.date) -> UnitName:
    """Return a unit as it was called on a day; before its establishment as it was called at first."""
    said = list(unit.statements())
    return UnitName(unit.id, _held(history.names(said), day), _held(history.levels(said), day))


def place_of(unit: Unit) -> Place:
    """Return a unit as it is counted, whatever counters it has."""
    dissolved = unit.dissolution.since if unit.dissolution is not None else None
    return Place(unit.no, dissolved, large=False, vast=False, running=False)


def _by_id(stay: UnitStay) -> str:
    return stay.name.id


def _now(units: Units, unit: Unit, days: Days, level: str | None) -> Iterator[UnitStay]:
    over = [unit]
    for upper in over:  # grows while it is walked
        for below in units.hung_now(upper.no):
            name = name_of(below, FOREVER)
            wanted = level is None or name.level == level
            if wanted:
                yield UnitStay(place_of(below), days, name, below.dissolution is None)
            if below.dissolution is not None or not wanted:
                over.append(below)


def _children(units: Units, unit: Unit, days: Days) -> Iterator[UnitStay]:
    over = [(unit, EVER, FOREVER)]
    for upper, since, until in over:  # grows while it is walked
        for no, first, end in units.hung(upper.no, since, until):
            below = units.by_no[no]
            yield _stay(below, Days(max(first, days.first), min(last_day(end), days.last)), first, end)
            gone = below.dissolution.since if below.dissolution is not None else FOREVER
            if gone < end:
                over.append((below, max(first, gone), end))


def _of_level(units: Units, unit: Unit, days: Days, level: str) -> Iterator[UnitStay]:
    over = [(unit, days)]
    for upper, held in over:  # grows while it is walked
        for no, since, until in units.hung(upper.no):
            below = units.by_no[no]
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
                yield _stay(below, here)
                if gone is not None and gone <= last:
                    over.append((below, Days(max(first, gone), last)))


def _stay(unit: Unit, days: Days, since: dt.date | None = None, until: dt.date = FOREVER) -> UnitStay:
    place = place_of(unit)
    stood = place.dissolved is None or days.first < place.dissolved
    return UnitStay(place, days, name_of(unit, days.last), stood, since, told_end(until))


def _held(told: Collection[DatedValue[str]], day: dt.date) -> str:
    first, *later = told
    value = first.value
    for each in later:
        if each.since <= day:
            value = each.value
    return value
