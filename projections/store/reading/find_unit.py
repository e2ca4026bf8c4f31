"""A unit that is asked about, found in a snapshot: its number, its days, its name and level on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import partial

from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.named import Named, name_at, named
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Place
from projections.rules.hierarchy.unit import FOREVER
from projections.store.reading.remembered import remembered
from projections.store.reading.snapshot import Snapshot

LAST_KNOWN = FOREVER
"""The day by whose hierarchy facts are counted as-now (contract §4)."""


def named_on(unit: str, day: str) -> str:
    """Write the name and level of a unit on a day, ``named.name`` and ``levelled.level``; `unit` stands in the query.

    Before its establishment a unit is called as it was at first.
    """
    return f"""
LEFT JOIN LATERAL (
    SELECT name FROM unit_name WHERE unit_name.unit = {unit} AND unit_name.since <= greatest({day}, unit.since)
    ORDER BY unit_name.since DESC LIMIT 1
) AS named ON true
LEFT JOIN LATERAL (
    SELECT level FROM unit_level WHERE unit_level.unit = {unit} AND unit_level.since <= greatest({day}, unit.since)
    ORDER BY unit_level.since DESC LIMIT 1
) AS levelled ON true
"""


_NAMES = f"""
SELECT asked.no, asked.day, unit.id, named.name, levelled.level
FROM unnest($1::integer[], $2::date[]) AS asked(no, day) JOIN unit USING (no)
{named_on("asked.no", "asked.day")}
"""

_NAMES_OF = f"""
SELECT unit.id, named.name, levelled.level FROM unit
{named_on("unit.no", "$2::date")}
WHERE unit.id = ANY($1::text[]) ORDER BY unit.id COLLATE "C"
"""

NAMED_EVER = """
    ARRAY(SELECT ROW(since, name) FROM unit_name WHERE unit_name.unit = unit.no ORDER BY since) AS names,
    ARRAY(SELECT ROW(since, level) FROM unit_level WHERE unit_level.unit = unit.no ORDER BY since) AS levels
"""
"""All names and levels of a unit, each with the day from which it has it, as `named` takes them."""

_FIND = f"""
SELECT unit.no, unit.since, unit.dissolved, unit.successor, unit.large, unit.vast, unit.running, {NAMED_EVER},
    NOT EXISTS (SELECT FROM edge WHERE edge.unit = unit.no AND parent IS NOT NULL) AS root,
    unit.dissolved IS NOT NULL OR EXISTS (SELECT FROM as_now_term WHERE as_now_term.unit = unit.no AND sign < 0) AS lost
FROM unit WHERE unit.id = $1
"""

_PLACES = "SELECT no, dissolved, large, vast, running FROM unit WHERE no = ANY($1::integer[])"


class UnknownUnitError(LookupError):
    """No unit of this id is known (contract §5: 404). ``none_yet``: nor any other, nobody has established one."""

    def __init__(self, unit: str, *, none_yet: bool = False) -> None:
        super().__init__(unit)
        self.none_yet = none_yet


async def find(snapshot: Snapshot, unit: str, on: dt.date) -> KnownUnit:
    """Find a unit by its id, named as on a day; raises UnknownUnitError."""
    if snapshot.known is not None:
        found = await snapshot.known.find(unit, on)
        if found is None:
            raise await unknown(snapshot, unit)
        return found
    ever = await remembered(snapshot, ("unit", unit), partial(_find, snapshot, unit), lambda _: 1)
    if ever is None:
        raise await unknown(snapshot, unit)
    known, shown = ever
    return known if len(shown) == 1 else known._replace(name=name_at(shown, on))


async def _find(snapshot: Snapshot, unit: str) -> tuple[KnownUnit, Named] | None:
    """Find a unit, named as last known, and how it is shown on which days; None where it isn't known."""
    row = await snapshot.connection.fetchrow(_FIND, unit)
    if row is None:
        return None
    shown = named(unit, row["since"], row["names"], row["levels"])
    known = KnownUnit(
        place=Place(row["no"], row["dissolved"], row["large"], row["vast"], row["running"]),
        name=shown[-1][1],
        since=row["since"],
        successor=row["successor"],
        root=row["root"],
        lost=row["lost"],
    )
    return known, shown


async def names_on(snapshot: Snapshot, asked: Collection[tuple[int, dt.date]]) -> dict[tuple[int, dt.date], UnitName]:
    """Name units by their numbers, each as on a day."""
    rows = await snapshot.connection.fetch(_NAMES, [no for no, _ in asked], [day for _, day in asked])
    return {(row["no"], row["day"]): UnitName(row["id"], row["name"], row["level"]) for row in rows}


async def names_of(snapshot: Snapshot, units: Collection[str], on: dt.date) -> list[UnitName]:
    """Name units by their ids, in their order, all as on a day; an id that is nobody's is left out."""
    return [UnitName(*row) for row in await snapshot.connection.fetch(_NAMES_OF, list(set(units)), on)]


async def unknown(snapshot: Snapshot, unit: str) -> UnknownUnitError:
    """Make the error about a unit that isn't known."""
    return UnknownUnitError(unit, none_yet=not await any_unit(snapshot))


async def any_unit(snapshot: Snapshot) -> bool:
    """Tell whether there is any unit at all."""
    found: bool = await snapshot.connection.fetchval("SELECT EXISTS (SELECT FROM unit)")
    return found


async def places_of(snapshot: Snapshot, units: Collection[int]) -> dict[int, Place]:
    """Return units as they are counted, by number; a number that is nobody's is left out."""
    rows = await snapshot.connection.fetch(_PLACES, list(units))
    return {no: Place(no, *known) for no, *known in rows}
