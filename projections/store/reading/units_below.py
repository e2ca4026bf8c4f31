"""The children of a unit and the units of a level below it, each with the days on which it was so and its name.

They are found for all days at once, so that what is remembered serves every question, and cut to the days asked for.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Final, NamedTuple

from projections.answers.report.named import Named, name_at, named
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Place
from projections.answers.report.stays import UnitStay, whole
from projections.rules.counting.periods import Days, common
from projections.rules.hierarchy.unit import EVER, FOREVER, told_end
from projections.store.hierarchy_sql import (
    CHILDREN,
    CHILDREN_NOW,
    OF_LEVEL,
    OF_LEVEL_NOW,
    OF_MANY,
    OF_SELDOM_LEVEL,
    OF_SELDOM_LEVEL_NOW,
)
from projections.store.reading.find_unit import NAMED_EVER
from projections.store.reading.remembered import remembered
from projections.store.reading.snapshot import Snapshot

_ALWAYS: Final = Days(EVER, FOREVER)

_STAYS = f"""
SELECT
    walk.unit, unit.id, walk.first, walk.last, unit.dissolved, unit.large, unit.vast, unit.running,
    walk.since, walk.until, unit.since AS founded, {NAMED_EVER}
FROM walk JOIN unit ON unit.no = walk.unit
ORDER BY unit.id, walk.first, walk.since
"""
_NAMED_NOW = """
SELECT unit.no, unit.id, unit.dissolved, unit.large, unit.vast, unit.running, unit.name, unit.level
FROM walk JOIN unit ON unit.no = walk.unit
ORDER BY unit.id
"""

_CHILDREN = f"WITH RECURSIVE {CHILDREN} {_STAYS}"
_OF_LEVEL, _OF_SELDOM_LEVEL = (f"WITH RECURSIVE {walk} {_STAYS}" for walk in (OF_LEVEL, OF_SELDOM_LEVEL))
_CHILDREN_NOW = f"WITH RECURSIVE {CHILDREN_NOW} {_NAMED_NOW}"
_OF_LEVEL_NOW, _OF_SELDOM_LEVEL_NOW = (
    f"WITH RECURSIVE {walk} {_NAMED_NOW}" for walk in (OF_LEVEL_NOW, OF_SELDOM_LEVEL_NOW)
)


class _Stay(NamedTuple):
    """A stay on all the days that were looked at, and how its unit is shown."""

    stay: UnitStay
    shown: Named


async def children(snapshot: Snapshot, unit: Place, days: Days) -> list[UnitStay]:
    """Return the children of a unit on those of the days on which it stood, by id, then by day.

    From a child's dissolution on, its children are children too; it stays one itself, for its own facts.
    """
    if snapshot.known is not None:
        return await snapshot.known.stays(unit, days, None, now=False)
    load = partial(_children, snapshot, unit)
    found = await remembered(snapshot, ("children", unit.no), load, len)
    return _on(unit.standing(days), found)


async def of_level(snapshot: Snapshot, unit: Place, days: Days, level: str) -> list[UnitStay]:
    """Return the highest units of a level below a unit with the days on which they were so, by id, then by day."""
    if snapshot.known is not None:
        return await snapshot.known.stays(unit, days, level, now=False)
    standing = unit.standing(days)
    if level in OF_MANY:
        found = await _stays(snapshot, _OF_LEVEL, unit.no, *standing, level) if standing.first <= standing.last else []
    else:
        load = partial(_stays, snapshot, _OF_SELDOM_LEVEL, unit.no, *_ALWAYS, level)
        found = await remembered(snapshot, ("of level", unit.no, level), load, len)
    return _on(standing, found)


async def children_now(snapshot: Snapshot, unit: Place, days: Days) -> list[UnitStay]:
    """Return the children of a unit as last known, each once, by id, with the days asked for."""
    if snapshot.known is not None:
        return await snapshot.known.stays(unit, days, None, now=True)
    return await _stays_now(snapshot, unit, days, _CHILDREN_NOW)


async def of_level_now(snapshot: Snapshot, unit: Place, days: Days, level: str) -> list[UnitStay]:
    """Return the highest units of a level below a unit as last known, each once, by id, with the days asked for."""
    if snapshot.known is not None:
        return await snapshot.known.stays(unit, days, level, now=True)
    return await _stays_now(snapshot, unit, days, _OF_LEVEL_NOW if level in OF_MANY else _OF_SELDOM_LEVEL_NOW, level)


async def _stays_now(snapshot: Snapshot, unit: Place, days: Days, query: str, *values: str) -> list[UnitStay]:
    if unit.dissolved is not None:
        return []

    async def load() -> list[UnitStay]:
        return [
            UnitStay(Place(no, dissolved, *marks), _ALWAYS, UnitName(id_, name, level), dissolved is None)
            for no, id_, dissolved, *marks, name, level in await snapshot.connection.fetch(query, unit.no, *values)
        ]

    found = await remembered(snapshot, ("now", unit.no, *values), load, len)
    return [UnitStay(place, days, name, stood) for place, _, name, stood, _, _ in found]


async def _children(snapshot: Snapshot, unit: Place) -> list[_Stay]:
    found = await _stays(snapshot, _CHILDREN, unit.no, *_ALWAYS)
    stays = whole([each.stay for each in found], unit.dissolved)
    return [_Stay(stay, each.shown) for stay, each in zip(stays, found, strict=True)]


async def _stays(snapshot: Snapshot, query: str, unit: int, first: dt.date, last: dt.date, *values: str) -> list[_Stay]:
    """Find stays on days; ``values`` is what else the query takes."""
    found = []
    for row in await snapshot.connection.fetch(query, unit, first, last, *values):
        no, id_, since, until, dissolved, large, vast, running, begun, ended, *known = row
        shown = named(id_, *known)
        place = Place(no, dissolved, large, vast, running)
        stay = UnitStay(place, Days(since, until), shown[-1][1], True, begun, told_end(ended))
        found.append(_Stay(stay, shown))
    return found


def _on(days: Days, stays: list[_Stay]) -> list[UnitStay]:
    """Cut stays to the days; those that have none of them are left out."""
    first, last = days
    if first > last:
        return []
    found = []
    cut: dict[Days, Days] = {}
    for (place, ever, name, _, since, until), shown in stays:  # of which there may be thousands, of few spans of days
        on = cut.get(ever)
        if on is None:
            on = cut[ever] = common(ever, days)
        if on.first <= on.last:
            stood = place.dissolved is None or on.first < place.dissolved
            shown_as = name if len(shown) == 1 else name_at(shown, on.last)
            found.append(UnitStay(place, on, shown_as, stood, since, until))
    return found
