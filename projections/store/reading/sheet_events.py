"""What sheets are held against: the units that a clerk may name, and the latest event of each row (contract, §8)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from events.codec import Event, decode
from projections.rules.log.kept_message import bus_subject_of
from projections.store.hierarchy_sql import LAST_KNOWN, below
from projections.store.log.outcome_sql import DECIDED
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

_BELOW: Final = f"""
WITH RECURSIVE {below("part", "SELECT no FROM unit WHERE id = $1", LAST_KNOWN)}
SELECT unit.id, unit.name, count(*) OVER () AS number FROM (SELECT DISTINCT unit AS no FROM part) AS part
JOIN unit USING (no) ORDER BY unit.id <> $1, unit.id LIMIT $2
"""
_NAMED: Final = f"""
WITH RECURSIVE {below("part", "SELECT no FROM unit WHERE id = $1", LAST_KNOWN)}
SELECT id, name FROM unit WHERE id = ANY ($2::text[]) AND no IN (SELECT unit FROM part)
"""
# All that was ever said under a stem stands together in the ledger's key: its ids go on with a point, which comes just
# before the slash.
_UNDER: Final = """
SELECT asked.at, said.position, said.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (unit, stem, at)
JOIN ledger AS said ON said.publisher = asked.unit AND said.first
    AND said.id >= asked.stem || '.' AND said.id < asked.stem || '/'
"""
_NUMBER: Final = re.compile("[1-9][0-9]{0,8}").fullmatch
_AT: Final = (
    f"SELECT position, publisher, type, bus_subject, body, outcome FROM {DECIDED} AS said WHERE position = ANY ($1)"
)


class NumberedUnits(NamedTuple):
    """Units by id and name, the one asked about first, and how many there are with those left out."""

    units: list[tuple[str, str]]
    number: int


class LatestSaid(NamedTuple):
    """The latest event under a stem: its number, where it stands, what became of it, and the event where it is one."""

    number: int
    position: int
    outcome: str
    event: Event | None


async def units_of(snapshot: Snapshot, unit: str, most: int) -> NumberedUnits:
    """Return a unit and all below it as last known, at most so many; none where the unit isn't known."""
    rows: Sequence[Record] = await snapshot.connection.fetch(_BELOW, unit, most)
    return NumberedUnits([(row["id"], row["name"]) for row in rows], rows[0]["number"] if rows else 0)


async def those_below(snapshot: Snapshot, unit: str, ids: Collection[str]) -> list[tuple[str, str]]:
    """Return those of the units that are the unit or below it, by id and name."""
    return [(row["id"], row["name"]) for row in await snapshot.connection.fetch(_NAMED, unit, list(ids))]


async def latest_said(snapshot: Snapshot, stems: Sequence[tuple[str, str]], root: str) -> list[LatestSaid | None]:
    """Return for each (unit, stem) what was said last under it, None where there is nothing.

    Whether the asker may know it was decided before.
    """
    last: dict[int, tuple[int, int]] = {}
    rows = await snapshot.connection.fetch(_UNDER, [unit for unit, _ in stems], [stem for _, stem in stems])
    for at, position, id_ in rows:
        number = id_[len(stems[at - 1][1]) + 1 :]
        if _NUMBER(number):
            last[at - 1] = max(last.get(at - 1, (0, 0)), (int(number), position))
    said = {}
    for row in await snapshot.connection.fetch(_AT, [position for _, position in last.values()]) if last else ():
        read = decode(bus_subject_of(row["publisher"], row["type"] or "", row["bus_subject"]), row["body"], root=root)
        said[row["position"]] = (str(row["outcome"]), read if isinstance(read, Event) else None)
    return [
        LatestSaid(*last[at], *said[last[at][1]]) if at in last and last[at][1] in said else None
        for at in range(len(stems))
    ]
