"""The days on which something changed in a unit or below it (the tree is for every account: contract, section 7)."""

from __future__ import annotations

from typing import Final

from projections.answers.past.structure_answers import ChangeDay, ChangeDays
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import EVER, FOREVER
from projections.store.hierarchy_sql import below_within
from projections.store.reading.find_unit import LAST_KNOWN, find
from projections.store.reading.snapshot import Snapshot

_BY_DAY: Final = """
SELECT since, {kinds} FROM said GROUP BY since ORDER BY since
""".format(
    kinds=", ".join(
        f"count(*) FILTER (WHERE kind = '{kind}') AS {kind}" for kind in ChangeDay.__struct_fields__ if kind != "on"
    )
)

# What left is told too: what was below it on the day before.
_BELOW: Final = f"""
WITH RECURSIVE {
    below_within(
        "below",
        "(SELECT $1::integer AS unit) AS seed",
        unit="seed.unit",
        days=("$2::date", "$3::date"),
        kept={},
    )
}, said AS (
    SELECT unit, kind, since FROM statement WHERE unit = $1
    UNION
    SELECT statement.unit, kind, since FROM below JOIN statement
        ON statement.unit = below.unit AND statement.since BETWEEN below.first AND below.last + 1
)
{_BY_DAY}
"""
# What may be said twice of one day is counted once; that is few, where all foundations are many.
_EVERYWHERE: Final = f"""
WITH said AS (
    SELECT unit, kind, since FROM statement WHERE kind IN ('established', 'dissolved')
    UNION ALL
    SELECT DISTINCT unit, kind, since FROM statement WHERE kind NOT IN ('established', 'dissolved')
)
{_BY_DAY}
"""


async def change_days(snapshot: Snapshot, unit: str) -> ChangeDays:
    """Return the days on which something changed in a unit or below it. Raises UnknownUnitError."""
    found = await find(snapshot, unit, LAST_KNOWN)
    if found.root:
        rows = await snapshot.connection.fetch(_EVERYWHERE)
    else:
        standing = found.place.standing(Days(EVER, FOREVER))
        rows = await snapshot.connection.fetch(_BELOW, found.place.no, *standing)
    return ChangeDays(found.name, [ChangeDay(*row) for row in rows], snapshot.position, snapshot.as_of)
