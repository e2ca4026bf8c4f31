"""The children of a unit and the units of a level below it, each with the days on which it was so and its name."""

from __future__ import annotations

from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Place
from projections.answers.report.stays import UnitStay, whole
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import told_end
from projections.store.hierarchy_sql import (
    CHILDREN,
    CHILDREN_NOW,
    OF_LEVEL,
    OF_LEVEL_NOW,
    OF_MANY,
    OF_SELDOM_LEVEL,
    OF_SELDOM_LEVEL_NOW,
)
from projections.store.reading.find_unit import name_on, named_on
from projections.store.reading.snapshot import Snapshot


def _named(level: str, names: str) -> str:
    return f"""
SELECT
    walk.unit, unit.id, walk.first, walk.last, unit.dissolved, unit.large, unit.vast, unit.running, named.name,
    {level} AS level, walk.since, walk.until
FROM walk JOIN unit ON unit.no = walk.unit
{names}
ORDER BY unit.id, walk.first, walk.since
"""


_NAMED = _named("levelled.level", named_on("walk.unit", "walk.last"))
_NAMED_OF_LEVEL = _named("$4::text", name_on("walk.unit", "walk.last"))
_NAMED_NOW = """
SELECT unit.no, unit.id, unit.dissolved, unit.large, unit.vast, unit.running, unit.name, unit.level
FROM walk JOIN unit ON unit.no = walk.unit
ORDER BY unit.id
"""

_CHILDREN = f"WITH RECURSIVE {CHILDREN} {_NAMED}"
_OF_LEVEL, _OF_SELDOM_LEVEL = (f"WITH RECURSIVE {walk} {_NAMED_OF_LEVEL}" for walk in (OF_LEVEL, OF_SELDOM_LEVEL))
_CHILDREN_NOW = f"WITH RECURSIVE {CHILDREN_NOW} {_NAMED_NOW}"
_OF_LEVEL_NOW, _OF_SELDOM_LEVEL_NOW = (
    f"WITH RECURSIVE {walk} {_NAMED_NOW}" for walk in (OF_LEVEL_NOW, OF_SELDOM_LEVEL_NOW)
)


async def children(snapshot: Snapshot, unit: Place, days: Days) -> list[UnitStay]:
    """Return the children of a unit on those of the days on which it stood, by id, then by day.

    From a child's dissolution on, its children are children too; it stays one itself, for its own facts.
    """
    if snapshot.known is not None:
        return await snapshot.known.stays(unit, days, None, now=False)
    found = whole(await _stays(snapshot, unit.standing(days), _CHILDREN, unit.no), unit.dissolved)
    return [stay for stay in found if stay.days.first <= stay.days.last]


async def of_level(snapshot: Snapshot, unit: Place, days: Days, level: str) -> list[UnitStay]:
    """Return the highest units of a level below a unit with the days on which they were so, by id, then by day."""
    if snapshot.known is not None:
        return await snapshot.known.stays(unit, days, level, now=False)
    query = _OF_LEVEL if level in OF_MANY else _OF_SELDOM_LEVEL
    return await _stays(snapshot, unit.standing(days), query, unit.no, level)


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


async def _stays_now(snapshot: Snapshot, unit: Place, days: Days, query: str, *values: object) -> list[UnitStay]:
    if unit.dissolved is not None:
        return []
    return [
        UnitStay(Place(no, dissolved, *marks), days, UnitName(id_, name, level), dissolved is None)
        for no, id_, dissolved, *marks, name, level in await snapshot.connection.fetch(query, unit.no, *values)
    ]


async def _stays(snapshot: Snapshot, days: Days, query: str, unit: int, *values: object) -> list[UnitStay]:
    if days.last < days.first:
        return []
    found = await snapshot.connection.fetch(query, unit, *days, *values)
    return [
        UnitStay(
            Place(no, dissolved, large, vast, running),
            Days(first, last),
            UnitName(id_, name, level),
            dissolved is None or first < dissolved,
            since,
            told_end(until),
        )
        for no, id_, first, last, dissolved, large, vast, running, name, level, since, until in found
    ]
