"""What an account may see, read in the snapshot that answers: one statement, however many grants there are."""

from __future__ import annotations

from typing import Final, NamedTuple

from events.codec import Event, decode
from events.derived import fact_entries
from projections.answers.access.readable import AncestorSpan, Grant, Lineage
from projections.rules.counting.periods import Days
from projections.rules.log.kept_message import bus_subject_of
from projections.store.calendar_sql import OPEN
from projections.store.hierarchy_sql import LAST_KNOWN, above
from projections.store.reading.snapshot import Snapshot

OF_ACCESS: Final = "access."
"""What the types of events begin with that keepers alone are shown."""

# `held` are the unit and what is above it as last known; from each of these up on all days, as a grant over a dissolved
# unit goes on for what is now below the units that it had. The grants are asked for by account and unit, never listed.
_FOUND = f"""
WITH RECURSIVE {above("now", "SELECT no FROM unit WHERE id = $1", LAST_KNOWN)}, held AS (
    SELECT unit.no AS unit, unit.id, unit.id = $1 AS asked
    FROM now JOIN unit ON unit.no = now.unit
    WHERE unit.id = $1 OR unit.dissolved IS NULL
), {
    above(
        "ever",
        f"SELECT unit, unit, asked, '-infinity'::date, {OPEN}::date FROM held",
        "edge.since < ever.until AND edge.until > ever.since",
        {
            "lower": "ever.lower",
            "asked": "ever.asked",
            "since": "greatest(edge.since, ever.since)",
            "until": "least(edge.until, ever.until)",
        },
        where="edge.parent IS NOT NULL",
    )
}
SELECT held.id AS lower, upper.id AS upper, ever.since, ever.until, upper.dissolved, ARRAY(
    SELECT ROW(said.role, said.until)
    FROM (
        SELECT DISTINCT ON (role) role, granted, until FROM access_grant
        WHERE account = $2 AND access_grant.unit = ever.unit ORDER BY role, position DESC
    ) AS said
    WHERE said.granted
) AS granted
FROM ever JOIN unit AS upper ON upper.no = ever.unit JOIN held ON held.unit = ever.lower
WHERE ever.asked OR upper.dissolved IS NOT NULL
"""

_NAME = "SELECT name FROM unit WHERE id = $1"


_ROOT = "SELECT id FROM edge JOIN unit ON unit.no = edge.unit WHERE edge.parent IS NULL"
_CONCERNED = f"""
SELECT ledger.type, ledger.bus_subject, ledger.body, coalesce(
    (SELECT id FROM unit WHERE id = ledger.subject),
    (SELECT id FROM unit WHERE id = ledger.publisher),
    ({_ROOT})
) AS unit
FROM ledger WHERE ledger.id = $1 AND ledger.publisher = $2 AND first
"""


class LineageAndGrants(NamedTuple):
    """A unit with all that was ever above it, and an account's grants over any of these that stand as last said."""

    lineage: Lineage
    grants: list[Grant]


async def held(snapshot: Snapshot, account: str, unit: str) -> LineageAndGrants | None:
    """Return what decides on an account's question about a unit, None where the unit isn't known."""
    rows = await snapshot.connection.fetch(_FOUND, unit, account)
    if not rows:
        return None
    granted = {row["upper"]: row["granted"] for row in rows}
    return LineageAndGrants(
        Lineage(
            unit,
            [AncestorSpan(row["lower"], row["upper"], row["since"], row["until"]) for row in rows],
            {row["upper"]: row["dissolved"] for row in rows if row["dissolved"] is not None},
        ),
        [Grant(role, upper, until) for upper, each in granted.items() for role, until in each],
    )


async def name_of(snapshot: Snapshot, unit: str) -> str | None:
    """Return a unit's name as last known, None where the unit isn't known."""
    found: str | None = await snapshot.connection.fetchval(_NAME, unit)
    return found


async def root_of(snapshot: Snapshot) -> str:
    """Return the id of the unit that has no other above it; empty while there is none."""
    return await snapshot.connection.fetchval(_ROOT) or ""


class Concerned(NamedTuple):
    """Whom an event concerns: each unit with the day on which the event counts there, None where it counts nowhere."""

    of_access: bool
    units: set[tuple[str, Days | None]]


async def concerned(snapshot: Snapshot, publisher: str, event_id: str) -> Concerned | None:
    """Return whom the first event of this publisher and id concerns, None where there is none.

    It is its subject, and the units for which it counts; where the subject is nobody's id, its publisher, and where
    that is none either, the root.
    """
    row = await snapshot.connection.fetchrow(_CONCERNED, event_id, publisher)
    if row is None:
        return None
    event = decode(bus_subject_of(publisher, row["type"] or "", row["bus_subject"]), row["body"])
    counted = fact_entries(event) if isinstance(event, Event) else ()
    units: set[tuple[str, Days | None]] = {(each.unit, Days(each.day, each.day)) for each in counted}
    if row["unit"] is not None and all(unit != row["unit"] for unit, _ in units):
        units.add((row["unit"], None))
    return Concerned((row["type"] or "").startswith(OF_ACCESS), units)
