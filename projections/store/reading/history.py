"""A unit through time: names, levels, parents, establishment and end, who came before and after, and who said so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from projections.answers.past.history import levels, names, raw_parents
from projections.answers.past.structure_answers import (
    Dissolution,
    Foundation,
    LevelSpan,
    NameSpan,
    ParentSpan,
    Source,
    Succession,
    UnitHistory,
)
from projections.rules.hierarchy.unit import UnitStatement, told_end
from projections.store.hierarchy_sql import above
from projections.store.reading.find_unit import LAST_KNOWN, find, names_on
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sources import sources_at

if TYPE_CHECKING:
    from asyncpg import Record

_STATEMENTS = """
SELECT position, unit, kind, since, parent, name, level, successor FROM statement WHERE unit = $1 ORDER BY position
"""

# A raw parent that is dissolved is stood in for by its own parent, and so on up; those passed over are kept.
_PARENTS = f"""
WITH RECURSIVE {
    above(
        "up",
        "SELECT parent, parent, since, since, until, '{}'::integer[] FROM edge WHERE unit = $1",
        "edge.since < up.until AND edge.until > greatest(up.since, unit.dissolved)",
        {
            "raw": "up.raw",
            "raw_since": "up.raw_since",
            "since": "greatest(up.since, unit.dissolved, edge.since)",
            "until": "least(up.until, edge.until)",
            "over": "up.over || up.unit",
        },
        here="JOIN unit ON unit.no = up.unit AND unit.dissolved < up.until",
    )
}
SELECT
    up.since, least(up.until, unit.dissolved) AS until, up.raw_since, up.unit AS parent,
    CASE WHEN over <> '{{}}' THEN raw END AS raw,
    ARRAY(SELECT position FROM statement WHERE statement.unit = ANY(over) AND kind = 'dissolved') AS said
FROM up LEFT JOIN unit ON unit.no = up.unit
WHERE unit.dissolved IS NULL OR up.since < unit.dissolved
ORDER BY up.since
"""

# From one unit (`old`) to another: all of it, by its dissolution, or a child that moved. The asked one is either.
_SUCCESSIONS = """
WITH went AS (
    SELECT no AS old, NULL::integer AS child, dissolved AS since, successor AS new, no AS told
    FROM unit
    WHERE successor IS NOT NULL AND (no = $1 OR successor = $1 AND no IN (SELECT unit FROM edge WHERE parent = $1))
    UNION ALL
    SELECT before.parent, edge.unit, edge.since, edge.parent, edge.unit
    FROM (SELECT DISTINCT unit FROM edge WHERE parent = $1) AS child
    JOIN edge ON edge.unit = child.unit
    JOIN edge AS before ON before.unit = child.unit AND before.until = edge.since
    JOIN unit ON unit.no = child.unit
    WHERE $1 IN (before.parent, edge.parent) AND (unit.successor IS NULL OR unit.dissolved <> edge.since)
)
SELECT old, child, since, new, ARRAY(
    SELECT position FROM statement
    WHERE statement.unit = told AND statement.since = went.since
        AND kind = CASE WHEN child IS NULL THEN 'dissolved' ELSE 'moved' END
    ORDER BY position DESC LIMIT 1
) AS said
FROM went
ORDER BY since, old, child NULLS FIRST
"""


async def unit_history(snapshot: Snapshot, unit: str) -> UnitHistory:
    """Return a unit through time; other units are named as on the day told. Raises UnknownUnitError."""
    found = await find(snapshot, unit, LAST_KNOWN)
    fetch, no = snapshot.connection.fetch, found.place.no
    statements = [UnitStatement(*row) for row in await fetch(_STATEMENTS, no)]
    parents, successions = await fetch(_PARENTS, no), await fetch(_SUCCESSIONS, no)
    asked = {(row[column], row["since"]) for row in parents for column in ("parent", "raw")}
    asked |= {(row[column], row["since"]) for row in successions for column in ("old", "child", "new")}
    others = await names_on(snapshot, [(other, day) for other, day in asked if other is not None])
    told = {s.position for s in statements} | {position for row in (*parents, *successions) for position in row["said"]}
    sources = await sources_at(snapshot, told)

    def said(positions: Iterable[int]) -> list[Source]:
        return [sources[position] for position in sorted(positions)]

    def gone_to(row: Record, other: str) -> Succession:
        since = row["since"]
        return Succession(others[row[other], since], others.get((row["child"], since)), since, said(row["said"]))

    placed = {told.since: told.said for told in raw_parents(statements)}
    successors = [gone_to(row, "new") for row in successions if row["old"] == no]
    gone = next((s for s in statements if s.kind == "dissolved"), None)
    founding = next(s for s in statements if s.kind == "established")
    return UnitHistory(
        id=unit,
        name=found.name.name,
        level=found.name.level,
        founded=Foundation(founding.since, sources[founding.position]),
        dissolved=None
        if gone is None
        else Dissolution(
            gone.since, next((s.unit for s in successors if s.child is None), None), sources[gone.position]
        ),
        names=[NameSpan(t.value, t.since, told_end(t.until), said(t.said)) for t in names(statements)],
        levels=[LevelSpan(t.value, t.since, told_end(t.until), said(t.said)) for t in levels(statements)],
        parents=[
            ParentSpan(
                others.get((row["parent"], row["since"])),
                others.get((row["raw"], row["since"])),
                row["since"],
                told_end(row["until"]),
                said((*placed[row["raw_since"]], *row["said"])),
            )
            for row in parents
        ],
        predecessors=[gone_to(row, "old") for row in successions if row["new"] == no],
        successors=successors,
        position=snapshot.position,
        as_of=snapshot.as_of,
    )
