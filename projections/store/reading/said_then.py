"""The statements that held at a position: those of now without what was said since, and with what was taken back since.

An event holds at position N where ``held_at <= N`` and it was not yet taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from projections.rules.hierarchy.unit import UnitStatement, holds_from
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

# An establishment of since, which is most of what there is, makes a unit that was not known: nothing of it is needed.
_SAID_SINCE: Final = """
SELECT unit FROM statement WHERE position > $1 AND kind <> 'established'
UNION SELECT statement.unit FROM verdict JOIN statement USING (position)
    WHERE verdict.held_at > $1 AND verdict.held_at > verdict.position
"""
_TAKEN_BACK_SINCE: Final = """
SELECT position, type, subject, body, held_at, retracted_at, retracted_by
FROM verdict JOIN ledger USING (position)
WHERE retracted_at > $1 AND held_at IS NOT NULL AND starts_with(type, 'unit.')
    AND NOT EXISTS (SELECT FROM former_fact WHERE former_fact.position = verdict.position)
ORDER BY position
"""
_NUMBERS: Final = "SELECT id, no FROM unit WHERE id = ANY($1::text[])"
_OF_UNITS: Final = """
SELECT statement.position, statement.unit, kind, statement.since, parent, statement.name, statement.level,
    statement.successor, unit.id, coalesce(verdict.held_at, statement.position) AS held_at
FROM statement LEFT JOIN verdict USING (position) JOIN unit ON unit.no = statement.unit
WHERE statement.unit = ANY($1::integer[]) AND statement.position <= $2
    AND coalesce(verdict.held_at, statement.position) <= $2
"""


_BETWEEN: Final = """
SELECT statement.position, unit, kind, since, parent, name, level, successor,
    coalesce(verdict.held_at, statement.position) AS held_at
FROM statement LEFT JOIN verdict USING (position)
WHERE statement.position > $1 AND statement.position <= $2 AND coalesce(verdict.held_at, statement.position) <= $2
UNION ALL
SELECT statement.position, unit, kind, since, parent, name, level, successor, verdict.held_at
FROM verdict JOIN statement USING (position)
WHERE verdict.held_at > $1 AND verdict.held_at <= $2 AND verdict.held_at > verdict.position
    AND verdict.position <= $1
"""


class StructureSaid(msgspec.Struct):
    """What a structure event of the ledger says, units by their ids."""

    since: dt.date
    parent: str | None = None
    name: str | None = None
    level: str | None = None
    successor: str | None = None


class _Body(msgspec.Struct):
    data: StructureSaid


_body = msgspec.json.Decoder(_Body)


def structure_in(body: bytes) -> StructureSaid:
    """Read the body of a structure event that held."""
    return _body.decode(body).data


class HeldStatement(NamedTuple):
    """A statement and the positions at which it began to hold, and at which it was taken back and by which event."""

    statement: UnitStatement
    held_at: int
    retracted_at: int | None = None
    retracted_by: int | None = None

    def held(self, position: int) -> bool:
        """Tell whether it held when the log stood at the position."""
        return self.held_at <= position and (self.retracted_at is None or position < self.retracted_at)


class SaidSince(NamedTuple):
    """What changed in the structure after a position: all of whatever held there and does not now, and the other way.

    ``lost`` are the statements that held at any position after it, up to one before now. ``changed`` are the numbers
    of all units of which something else is said now, but for those that were established since; ``numbers`` those of
    the units, by id, that ``lost`` names: units that are no more have numbers here that are nobody's.
    """

    changed: set[int]
    lost: list[HeldStatement]
    numbers: dict[str, int]
    ids: dict[int, str]


async def said_since(snapshot: Snapshot, position: int, free: int, before: SaidSince | None = None) -> SaidSince:
    """Find what changed after a position; numbers from ``free`` on are given to units that are no more.

    They have the numbers that they had ``before``, of an earlier position, where that is given.
    """
    fetch = snapshot.connection.fetch
    changed = {unit for (unit,) in await fetch(_SAID_SINCE, position)}
    rows = await fetch(_TAKEN_BACK_SINCE, position)
    said = [(row, structure_in(row["body"])) for row in rows]
    named = {row["subject"] for row in rows}
    named |= {id_ for _, data in said for id_ in (data.parent, data.successor) if id_ is not None}
    numbers = await numbers_of(snapshot, named)
    if before is not None:
        numbers |= before.numbers
    for id_ in sorted(named - numbers.keys()):
        numbers[id_] = free + len(numbers)
    lost = [
        HeldStatement(_statement(row, data, numbers), row["held_at"], row["retracted_at"], row["retracted_by"])
        for row, data in said
    ]
    changed |= {held.statement.unit for held in lost}
    return SaidSince(changed, lost, numbers, {no: id_ for id_, no in numbers.items()})


async def numbers_of(snapshot: Snapshot, units: Collection[str]) -> dict[str, int]:
    """Return the numbers of those of the units that are known now, by id."""
    rows = await snapshot.connection.fetch(_NUMBERS, list(units)) if units else []
    return {id_: no for id_, no in rows}  # noqa: C416 - records are not pairs to a checker


async def statements_of(
    snapshot: Snapshot, position: int, units: Collection[int], since: SaidSince
) -> tuple[dict[int, str], list[HeldStatement]]:
    """Return the ids of those of the units that are known now or were, and their statements that held at a position."""
    ids: dict[int, str] = {}
    found = []
    for *row, id_, held_at in await snapshot.connection.fetch(_OF_UNITS, list(units), position):
        statement = UnitStatement(*row)
        ids[statement.unit] = id_
        found.append(HeldStatement(statement, held_at))
    for held in since.lost:
        if held.statement.unit in units and held.held(position):
            ids[held.statement.unit] = since.ids[held.statement.unit]
            found.append(held)
    return ids, found


async def said_between(snapshot: Snapshot, after: int, until: int, since: SaidSince) -> list[HeldStatement]:
    """Return the statements that began or ceased to hold after a position up to another; ``since`` is of the first."""
    rows = await snapshot.connection.fetch(_BETWEEN, after, until)
    found = [HeldStatement(UnitStatement(*row), held_at) for *row, held_at in rows]
    return found + [held for held in since.lost if held.held_at <= until]


def known_of(statements: Iterable[HeldStatement]) -> list[UnitStatement]:
    """Return the statements about units that are established by one of them."""
    said = [held.statement for held in statements]
    known = {statement.unit for statement in said if statement.kind == "established"}
    return [statement for statement in said if statement.unit in known]


def _statement(row: Record, said: StructureSaid, numbers: dict[str, int]) -> UnitStatement:
    return UnitStatement(
        row["position"],
        numbers[row["subject"]],
        row["type"].removeprefix("unit."),
        holds_from(said.since),
        None if said.parent is None else numbers[said.parent],
        said.name,
        said.level,
        None if said.successor is None else numbers[said.successor],
    )
