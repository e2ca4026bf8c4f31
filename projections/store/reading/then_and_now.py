"""The children of a unit on a day and as last known, and where each of them was and is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from projections.answers.past.structure_answers import Placed, ThenAndNow, Whereabouts
from projections.rules.counting.periods import Days
from projections.store import hierarchy_sql
from projections.store.reading.find_unit import LAST_KNOWN, find, names_on
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units_below import children, children_now

if TYPE_CHECKING:
    from asyncpg import Record


def _parents(edges: str, gone: str) -> str:
    """Write the parents of units ($1) along the edges that hold; one that is gone is stood in for."""
    walk = hierarchy_sql.above(
        "up",
        f"SELECT edge.parent, edge.unit FROM edge WHERE edge.unit = ANY($1::integer[]) AND {edges}",
        edges,
        {"of": "up.of"},
        here=f"JOIN unit ON unit.no = up.unit AND {gone}",
    )
    return f"""
WITH RECURSIVE {walk}
SELECT up.of, up.unit AS parent FROM up JOIN unit ON unit.no = up.unit WHERE ({gone}) IS NOT TRUE
"""


_THEN: Final = _parents(hierarchy_sql.on("$2::date"), "unit.dissolved <= $2::date")
_NOW: Final = _parents(hierarchy_sql.LAST_KNOWN, "unit.dissolved IS NOT NULL")
_UNITS: Final = "SELECT no, id, since, dissolved, successor FROM unit WHERE no = ANY($1::integer[]) ORDER BY id"


async def then_and_now(snapshot: Snapshot, unit: str, on: dt.date) -> ThenAndNow:
    """Tell where the children of a unit on a day are now, and where those of now were then. Raises UnknownUnitError."""
    asked = await find(snapshot, unit, on)
    there = await children(snapshot, asked.place, Days(on, on)) if asked.stands(on) else []
    were = {stay.place.no for stay in there if stay.stood}
    now = await children_now(snapshot, asked.place, Days(on, on))
    are = {stay.place.no for stay in now if stay.stood}
    fetch, units = snapshot.connection.fetch, were | are
    rows = await fetch(_UNITS, list(units))
    before: dict[int, int] = {row["of"]: row["parent"] for row in await fetch(_THEN, list(units), on)}
    after: dict[int, int] = {row["of"]: row["parent"] for row in await fetch(_NOW, list(units))}
    then = {*units, *before.values()}
    last_known = {*units, *after.values(), *(row["successor"] for row in rows if row["successor"] is not None)}
    named = await names_on(snapshot, [*((no, on) for no in then), *((no, LAST_KNOWN) for no in last_known)])

    def placed(row: Record, day: dt.date, parents: dict[int, int]) -> Placed:
        name, parent = named[row["no"], day], parents.get(row["no"])
        return Placed(name.name, name.level, None if parent is None else named[parent, day])

    def told(row: Record) -> Whereabouts:
        no, dissolved, successor = row["no"], row["dissolved"], row["successor"]
        stood = row["since"] <= on and (dissolved is None or on < dissolved)
        heir = after.get(no)
        return Whereabouts(
            id=row["id"],
            was_child=no in were,
            is_child=no in are,
            then=placed(row, on, before) if stood else None,
            now=placed(row, LAST_KNOWN, after) if dissolved is None else None,
            since=row["since"],
            dissolved=dissolved,
            successor=None if successor is None else named[successor, LAST_KNOWN],
            heir=None if dissolved is None or heir is None else named[heir, LAST_KNOWN],
        )

    return ThenAndNow(asked.name, on, [told(row) for row in rows], snapshot.position, snapshot.as_of)
