"""What is below a unit on a day, as a tree: the dissolved are stood in for, as everywhere (contract §1, Structure)."""

from __future__ import annotations

import datetime as dt

from projections.answers.past.structure_answers import Branch, Tree
from projections.store import hierarchy_sql
from projections.store.reading.find_unit import find, named_on
from projections.store.reading.snapshot import Snapshot

MOST_UNITS = 5000

# Level by level; `over` is the nearest unit above that stands. One row more than can be shown tells that there is more.
_BELOW = f"""
WITH RECURSIVE {
    hierarchy_sql.below(
        "walk",
        "SELECT $1::integer, NULL::integer, 0, true",
        hierarchy_sql.on("$2::date"),
        {
            "over": "CASE WHEN walk.stands THEN walk.unit ELSE walk.over END",
            "step": "walk.step + CASE WHEN walk.stands THEN 1 ELSE 0 END",
            "stands": "unit.dissolved IS NULL OR unit.dissolved > $2",
        },
        there="JOIN unit ON unit.no = edge.unit",
        where="walk.step < $3 OR NOT walk.stands",
    )
}
SELECT shown.no, shown.over, shown.step, unit.id, named.name, levelled.level
FROM (SELECT unit AS no, over, step FROM walk WHERE stands ORDER BY step LIMIT $4) AS shown JOIN unit USING (no)
{named_on("unit.no", "$2")}
ORDER BY shown.step, unit.id
"""


async def tree(snapshot: Snapshot, unit: str, on: dt.date, depth: int, most: int = MOST_UNITS) -> Tree:
    """Return a unit and what is below it on a day; nothing below one that doesn't stand. Raises UnknownUnitError.

    Steps are whole: where there would be more than ``most`` units, the last ones are left out.
    """
    found = await find(snapshot, unit, on)
    place = found.place
    asked = depth if found.stands(on) else 0
    rows = await snapshot.connection.fetch(_BELOW, place.no, on, asked, most + 1)
    complete = len(rows) <= most
    steps = asked if complete else rows[-1]["step"] - 1
    below: dict[int, list[Branch]] = {}
    for row in reversed(rows):  # the lowest first, so that what is below a unit is known before it
        if 0 < row["step"] <= steps:
            branch = Branch(row["id"], row["name"], row["level"], below.get(row["no"], [])[::-1])
            below.setdefault(row["over"], []).append(branch)
    return Tree(
        on=on,
        depth=steps,
        complete=complete,
        tree=Branch(unit, found.name.name, found.name.level, below.get(place.no, [])[::-1]),
        position=snapshot.position,
        as_of=snapshot.as_of,
    )
