"""The switch: another generation is put in use by one UPDATE of the checkpoint, at the position of the one before.

What became of a message the generation in use tells: with the switch it is the other one, and nothing is written.
"""

from __future__ import annotations

from typing import NamedTuple

import asyncpg

from projections.store.checkpoint import NOTIFICATIONS, lock_checkpoint, position_of
from projections.store.fingerprint import rules
from projections.store.generations import schema_of
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.comparing.compare_generations import Comparison, compare, ids_of
from projections.store.rebuilding.comparing.compared_tables import COMPARED, VERIFIED
from projections.store.rebuilding.comparing.ledger_outcomes import beyond, different_marks, unlike_outcomes
from projections.store.rebuilding.generation_schema import drop_schema
from projections.store.rebuilding.making.generation import KEPT, Generation
from projections.store.succession import put_in_force

_SWITCH = "UPDATE checkpoint SET generation = $1"
_KEEP = "INSERT INTO generation (name, phase, position, rules) VALUES ($1, $2, $3, $4)"
_FORGET = "DELETE FROM generation WHERE name = $1"
_PREVIOUS = """
SELECT substr(name, 2)::integer FROM generation WHERE name ~ '^g[0-9]+$' AND phase = $1 ORDER BY touched_at DESC LIMIT 1
"""
_NEXT = """
SELECT coalesce(
    (SELECT max(substr(name, 2)::integer) FROM generation WHERE name ~ '^g[0-9]+$' AND phase <> $1),
    (SELECT max(substr(nspname, 2)::integer) + 1 FROM pg_namespace WHERE nspname ~ '^g[0-9]+$')
)
"""


class DifferentError(RebuildError):
    """The generations differ where it was not said that they may."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__("the generations differ: nothing was put in use")
        self.comparison = comparison


class Switched(NamedTuple):
    """What the switch did: from which generation to which, at which position, and how many outcomes it altered."""

    before: int
    now: int
    position: int
    outcomes: int


async def compare_at_checkpoint(generation: Generation, *, with_ledger: bool = False) -> Comparison:
    """Compare a generation with the one in use, at the position where that stands now; nothing is locked.

    One snapshot sees the one in use, and in it this one is carried forward to its position. With ``with_ledger`` what
    the ledger and the checkpoint say is compared too, in the same snapshot: later ones are of another position. That
    asks for one that keeps months and breakdowns of whatever the one in use does.
    """
    writer = generation.writer
    async with writer.transaction(isolation="repeatable_read"):
        position = await position_of(writer)
        await generation.follow_here(position)
        tables = VERIFIED if with_ledger else COMPARED
        comparison = await compare(writer, generation.like, generation.schema, position, tables=tables)
        if with_ledger:
            ledger = [*generation.misnamed_up_to(position), *await beyond(writer, position)]
            marks = await different_marks(writer, position)
            comparison.counts.update(ledger=len(ledger), checkpoint=len(marks))
            comparison.listed.extend([*ledger, *marks])
    generation.settle()
    generation.touched = set()
    return comparison


async def switch(generation: Generation, number: int, *, accept: bool) -> Switched:
    """Put a generation in use. The one in use stands still while what is left is folded and looked at.

    Unless differences are to be accepted, every row of the units that were touched since the comparison is compared
    again; raises DifferentError. Readers notice nothing: those in an answer finish it on the tables that they began on.
    Where they are accepted, only these rules write from here on, and none that wrote before (`succession`).
    """
    writer = generation.writer
    async with writer.transaction():
        locked = await lock_checkpoint(writer)
        before, position = locked.generation, locked.position
        if schema_of(before) != generation.like:
            raise RebuildError(f"{schema_of(before)} is in use by now: begin again")
        await generation.follow_here(position)
        if not accept:
            await _require_same(generation, position)
        outcomes = await unlike_outcomes(writer, generation.like, generation.schema)
        await writer.execute(_FORGET, generation.schema)
        await writer.execute(_KEEP, generation.like, KEPT, position, locked.rules)
        await put_in_force(writer, rules(), alone=accept)
        await writer.execute(_SWITCH, number)
        await writer.execute(f"NOTIFY {NOTIFICATIONS}, '{position}'")
    return Switched(before, number, position, outcomes)


async def _require_same(generation: Generation, position: int) -> None:
    if generation.touched is None:
        raise RebuildError("not compared yet: nothing was put in use")
    sides = (generation.schema, generation.like)  # one may have forgotten a unit that the other still has
    units = {id_ for side in sides for id_ in await ids_of(generation.writer, side, generation.touched)}
    found = await compare(generation.writer, generation.like, generation.schema, position, units)
    if found:
        raise DifferentError(found)


async def previous(connection: asyncpg.Connection) -> int:
    """Return the generation that was in use before. Raises RebuildError where it is not kept."""
    number = await connection.fetchval(_PREVIOUS, KEPT)
    if number is None:
        raise RebuildError("there is no generation to go back to")
    return int(number)


async def next_number(connection: asyncpg.Connection) -> int:
    """Return the number of the generation that is being made, or of one that would be new."""
    return int(await connection.fetchval(_NEXT, KEPT))


async def drop_all_but(connection: asyncpg.Connection, keep: set[int]) -> None:
    """Drop the generations other than these."""
    for (name,) in await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname ~ '^g[0-9]+$'"):
        if int(name[1:]) not in keep:
            async with connection.transaction():
                await drop_schema(connection, name)
