"""Walking down the dated hierarchy: the children of a unit, the units of a level below it, all that is below it.

Edges are raw: a dissolved unit stays between its successor (or last parent) and what was below it.
"""

from __future__ import annotations

from typing import NamedTuple

from projections.core.periods import Days
from projections.core.reading import Place
from projections.core.reading_answers import UnitName
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.standing import NAMED_ON

_NAMED = f"""
SELECT walk.unit, unit.id, walk.first, walk.last, unit.dissolved, unit.large, named.name, levelled.level
FROM walk JOIN unit ON unit.no = walk.unit
{NAMED_ON.format(unit="walk.unit", day="walk.last")}
"""

_CHILDREN = f"""
WITH RECURSIVE walk AS (
    SELECT
        edge.unit, greatest(edge.since, $2::date) AS first, least(edge.until - 1, $3::date) AS last, unit.dissolved
    FROM edge JOIN unit ON unit.no = edge.unit
    WHERE edge.parent = $1 AND edge.since <= $3 AND edge.until > $2
    UNION ALL
    SELECT
        edge.unit, greatest(edge.since, walk.first, walk.dissolved), least(edge.until - 1, walk.last), unit.dissolved
    FROM walk
    JOIN edge ON edge.parent = walk.unit
        AND edge.since <= walk.last AND edge.until > greatest(walk.first, walk.dissolved)
    JOIN unit ON unit.no = edge.unit
    WHERE walk.dissolved <= walk.last
)
{_NAMED}
ORDER BY unit.id, walk.first
"""

# A piece is the days on which one edge, one level and one side of the dissolution hold together. What is found is not
# walked any deeper while it stands; once dissolved it keeps its own facts only, and the walk goes on below it.
_OF_LEVEL = f"""
WITH RECURSIVE pieces AS (
    SELECT $1::integer AS unit, $2::date AS first, $3::date AS last, true AS stands, false AS found
    UNION ALL
    SELECT edge.unit, piece.first, piece.last, piece.stands, unit_level.level = $4
    FROM pieces
    JOIN edge ON edge.parent = pieces.unit AND edge.since <= pieces.last AND edge.until > pieces.first
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
            greatest(edge.since, pieces.first, unit_level.since, coalesce(unit.dissolved, 'infinity')),
            least(edge.until - 1, pieces.last, unit_level.until - 1)
        )
    ) AS piece(stands, first, last)
    WHERE NOT (pieces.found AND pieces.stands) AND piece.first <= piece.last
), walk AS (
    SELECT unit, first, last FROM pieces WHERE found
)
{_NAMED}
ORDER BY unit.id, walk.first
"""

BELOW = """
below AS (
    SELECT seed.unit, seed.first, seed.last, seed.sign
    FROM unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS seed(unit, first, last, sign)
    UNION ALL
    SELECT edge.unit, greatest(edge.since, below.first), least(edge.until - 1, below.last), below.sign
    FROM below JOIN edge ON edge.parent = below.unit AND edge.since <= below.last AND edge.until > below.first
)
"""
"""A recursive query: each unit with the days on which it was on a raw chain under a seed; the seeds stand in it too."""


class Stay(NamedTuple):
    """A unit on days on which it was where it was looked for, named as on the last of them."""

    place: Place
    days: Days
    name: UnitName

    @property
    def stood(self) -> bool:
        """Whether the unit was not yet dissolved on the first of the days."""
        return self.place.dissolved is None or self.days.first < self.place.dissolved


async def children(snapshot: Snapshot, unit: int, days: Days) -> list[Stay]:
    """Return the children of a unit with the days on which they were so, by id, then by day.

    From a child's dissolution on, its children are children too; it stays one itself, for its own facts.
    """
    return await _stays(snapshot, days, _CHILDREN, unit, *days)


async def of_level(snapshot: Snapshot, unit: int, days: Days, level: str) -> list[Stay]:
    """Return the highest units of a level below a unit with the days on which they were so, by id, then by day."""
    return await _stays(snapshot, days, _OF_LEVEL, unit, *days, level)


async def _stays(snapshot: Snapshot, days: Days, query: str, *values: object) -> list[Stay]:
    if days.last < days.first:
        return []
    return [
        Stay(Place(no, dissolved, large), Days(first, last), UnitName(id_, name, level))
        for no, id_, first, last, dissolved, large, name, level in await snapshot.connection.fetch(query, *values)
    ]
