"""Generations of the read models: one schema each, and how a connection comes to see one of them (decision 0016)."""

from __future__ import annotations

import asyncpg

from projections.rules.counting.state import Edition
from projections.store.checkpoint import read_checkpoint

_ENTER = "SELECT set_config('search_path', $1 || ', public', false)"


def schema_of(generation: int) -> str:
    """Name the schema of a generation."""
    return f"g{generation}"


async def enter(connection: asyncpg.Connection, schema: str) -> None:
    """Let the session see the read models of this schema from now on."""
    await connection.execute(_ENTER, schema)


async def enter_the_one_in_force(connection: asyncpg.Connection) -> Edition:
    """Let the session see the generation that is in use now, and say which it is; a switch does not follow it."""
    found = await read_checkpoint(connection)
    edition = Edition(found.generation, found.repairs)
    await enter(connection, schema_of(edition.generation))
    return edition
