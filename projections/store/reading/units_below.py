"""Walking down the dated hierarchy: the children of a unit, the units of a level below it, all that is below it.

Edges are raw: a dissolved unit stays between its successor (or last parent) and what was below it. A day that is asked
for is in a span where ``until - 1 >= day``, not ``until > day``: an open end and the last day of all are both infinity.
"""

from __future__ import annotations

from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Place
from projections.answers.report.stays import UnitStay, whole
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import FOREVER
from projections.store.reading.find_unit import NAMED_ON
from projections.store.reading.snapshot import Snapshot

_NAMED = f"""
SELECT
    walk.unit, unit.id, walk.first, walk.last, unit.dissolved, unit.large, named.name, levelled.level,
    walk.since, walk.until
FROM walk JOIN unit ON unit.no = walk.unit
{NAMED_ON.format(unit="walk.unit", day="walk.last")}
ORDER BY unit.id, walk.first, walk.since
"""

# Also those of other days: a stay is told with all its days, which several edges may make together.
_CHILDREN = f"""
WITH RECURSIVE descent AS (
    SELECT edge.unit, edge.since, edge.until, unit.dissolved
    FROM edge JOIN unit ON unit.no = edge.unit
    WHERE edge.parent = $1
    UNION ALL
    SELECT
        edge.unit, greatest(edge.since, over.since, over.dissolved), least(edge.until, over.until), unit.dissolved
    FROM descent AS over
    JOIN edge ON edge.parent = over.unit
        AND edge.since < over.until AND edge.until > greatest(over.since, over.dissolved)
    JOIN unit ON unit.no = edge.unit
    WHERE over.dissolved < over.until
), walk AS (
    SELECT unit, greatest(since, $2::date) AS first, least(until - 1, $3::date) AS last, since, until FROM descent
)
{_NAMED}
"""

_CHILDREN_NOW = """
WITH RECURSIVE walk AS (
    SELECT unit FROM edge WHERE parent = $1 AND until = 'infinity'
    UNION ALL
    SELECT edge.unit
    FROM walk
    JOIN unit ON unit.no = walk.unit AND unit.dissolved IS NOT NULL
    JOIN edge ON edge.parent = walk.unit AND edge.until = 'infinity'
)
SELECT unit.no, unit.id, unit.dissolved, unit.large, unit.name, unit.level
FROM walk JOIN unit ON unit.no = walk.unit
ORDER BY unit.id
"""

# A piece is the days on which one edge, one level and one side of the dissolution hold together. What is found is not
# walked any deeper while it stands; once dissolved it keeps its own facts only, and the walk goes on below it.
_OF_LEVEL = f"""
WITH RECURSIVE pieces AS (
    SELECT $1::integer AS unit, $2::date AS first, $3::date AS last, true AS stands, false AS found
    UNION ALL
    SELECT edge.unit, piece.first, piece.last, piece.stands, unit_level.level = $4
    FROM pieces
    JOIN edge ON edge.parent = pieces.unit AND edge.since <= pieces.last AND edge.until - 1 >= pieces.first
    JOIN unit ON unit.no = edge.unit
    JOIN unit_level ON unit_level.unit = edge.unit
    CROSS JOIN LATERAL (VALUES
        (
            true,
            greatest(edge.since, pieces.first, unit_level.since),
            least(edge.until - 1, pieces.last, unit_level.until - 1, unit.dissolved - 1)
        ),
        (
            false,
            greatest(edge.since, pieces.first, unit_level.since, unit.dissolved),
            least(edge.until - 1, pieces.last, unit_level.until - 1)
        )
    ) AS piece(stands, first, last)
    WHERE NOT (pieces.found AND pieces.stands) AND piece.first <= piece.last
        AND (piece.stands OR unit.dissolved IS NOT NULL)
), walk AS (
    SELECT unit, first, last, NULL::date AS since, NULL::date AS until FROM pieces WHERE found
)
{_NAMED}
"""

_OF_LEVEL_NOW = """
WITH RECURSIVE walk AS (
    SELECT $1::integer AS no, false AS found
    UNION ALL
    SELECT unit.no, unit.level = $2
    FROM walk
    JOIN unit AS upper ON upper.no = walk.no AND NOT (walk.found AND upper.dissolved IS NULL)
    JOIN edge ON edge.parent = walk.no AND edge.until = 'infinity'
    JOIN unit ON unit.no = edge.unit
)
SELECT unit.no, unit.id, unit.dissolved, unit.large, unit.name, unit.level
FROM walk JOIN unit USING (no)
WHERE walk.found
ORDER BY unit.id
"""

_SEEDS = "unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS seed(unit, first, last, sign)"

BELOW = f"""
below AS (
    SELECT edge.unit, greatest(edge.since, seed.first) AS first, least(edge.until - 1, seed.last) AS last, seed.sign
    FROM {_SEEDS} JOIN edge ON edge.parent = seed.unit AND edge.since <= seed.last AND edge.until - 1 >= seed.first
    UNION ALL
    SELECT edge.unit, greatest(edge.since, below.first), least(edge.until - 1, below.last), below.sign
    FROM below JOIN edge ON edge.parent = below.unit AND edge.since <= below.last AND edge.until - 1 >= below.first
)
"""
"""A recursive query: each unit with the days on which it was strictly below a seed on the raw lineage."""

BELOW_NOW = f"""
below AS (
    SELECT edge.unit, seed.first, seed.last, seed.sign
    FROM {_SEEDS} JOIN edge ON edge.parent = seed.unit AND edge.until = 'infinity'
    UNION ALL
    SELECT edge.unit, below.first, below.last, below.sign
    FROM below JOIN edge ON edge.parent = below.unit AND edge.until = 'infinity'
)
"""
"""The same on the raw lineage as last known, with the days of the seed."""


async def children(snapshot: Snapshot, unit: Place, days: Days) -> list[UnitStay]:
    """Return the children of a unit on those of the days on which it stood, by id, then by day.

    From a child's dissolution on, its children are children too; it stays one itself, for its own facts.
    """
    found = whole(await _stays(snapshot, unit.standing(days), _CHILDREN, unit.no), unit.dissolved)
    return [stay for stay in found if stay.days.first <= stay.days.last]


async def of_level(snapshot: Snapshot, unit: Place, days: Days, level: str) -> list[UnitStay]:
    """Return the highest units of a level below a unit with the days on which they were so, by id, then by day."""
    return await _stays(snapshot, unit.standing(days), _OF_LEVEL, unit.no, level)


async def children_now(snapshot: Snapshot, unit: Place, days: Days) -> list[UnitStay]:
    """Return the children of a unit as last known, each once, by id, with the days asked for."""
    return await _stays_now(snapshot, unit, days, _CHILDREN_NOW)


async def of_level_now(snapshot: Snapshot, unit: Place, days: Days, level: str) -> list[UnitStay]:
    """Return the highest units of a level below a unit as last known, each once, by id, with the days asked for."""
    return await _stays_now(snapshot, unit, days, _OF_LEVEL_NOW, level)


async def _stays_now(snapshot: Snapshot, unit: Place, days: Days, query: str, *values: object) -> list[UnitStay]:
    if unit.dissolved is not None:
        return []
    return [
        UnitStay(Place(no, dissolved, large), days, UnitName(id_, name, level), dissolved is None)
        for no, id_, dissolved, large, name, level in await snapshot.connection.fetch(query, unit.no, *values)
    ]


async def _stays(snapshot: Snapshot, days: Days, query: str, unit: int, *values: object) -> list[UnitStay]:
    if days.last < days.first:
        return []
    return [
        UnitStay(
            Place(no, dissolved, large),
            Days(first, last),
            UnitName(id_, name, level),
            dissolved is None or first < dissolved,
            since,
            None if until == FOREVER else until,
        )
        for no, id_, first, last, dissolved, large, name, level, since, until in await snapshot.connection.fetch(
            query, unit, *days, *values
        )
    ]
