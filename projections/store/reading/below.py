"""The units at or below one on the last known hierarchy, dissolved ones too: for whom its leaf may speak."""

from __future__ import annotations

from typing import Final

import asyncpg

from projections.store import hierarchy_sql
from projections.store.generations import enter_the_one_in_force

_BELOW: Final = f"""
WITH RECURSIVE {hierarchy_sql.below("walk", "SELECT unit.no FROM unit WHERE unit.id = $1", hierarchy_sql.LAST_KNOWN)}
SELECT unit.id FROM walk JOIN unit ON unit.no = walk.unit ORDER BY unit.id
"""


async def ids_below(connection: asyncpg.Connection, unit: str) -> list[str]:
    """Return the ids of a unit and of all below it, by id; none where nobody has heard of the unit.

    The connection is one of its own: it enters the read models that are in force, in no transaction of the caller's.
    """
    await enter_the_one_in_force(connection)
    return [row["id"] for row in await connection.fetch(_BELOW, unit)]
