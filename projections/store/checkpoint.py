"""The checkpoint: the one row that says where the figures stand, in which generation, and by which rules.

Whoever reads it in a statement of its own reads it here. What is written into it is fenced where it is written
(`projections.store.batch.writing`, decision 0016).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from asyncpg import Connection, Pool, Record
    from asyncpg.pool import PoolConnectionProxy

    Queryable: TypeAlias = Connection[Record] | PoolConnectionProxy[Record] | Pool[Record]

NOTIFICATIONS: Final = "tonghop_position"
"""The channel of PostgreSQL's NOTIFY on which each new position is told, as a decimal number."""

ENTERED: Final = "set_config('search_path', 'g' || generation || ', public', true)"
"""In a statement on `checkpoint`: the rest of the transaction sees the generation that this very row names."""

_COLUMNS: Final = "generation, repairs, position, as_of, rules, tableoid"
_READ: Final = f"SELECT {_COLUMNS} FROM checkpoint"
_LOCK: Final = f"{_READ} FOR UPDATE"
_ENTER: Final = f"SELECT {_COLUMNS}, {ENTERED} FROM checkpoint"
_POSITION: Final = "SELECT position FROM checkpoint"
_POSITION_AND_PRIMARY: Final = "SELECT position, NOT pg_is_in_recovery() FROM checkpoint"
_IS_STANDBY: Final = "SELECT pg_is_in_recovery()"
_LINEAGE: Final = """
SELECT left(md5(system_identifier || ' ' || 'checkpoint'::regclass::oid), 12) FROM pg_control_system()
"""
"""Standbys and whoever is promoted have the same; tables that were brought back have another number."""


class Checkpoint(NamedTuple):
    """The row: ``as_of`` is the bus time of the event at ``position``, None while there is none.

    ``repairs`` is how often the generation was repaired, ``rules`` the fingerprint of those that wrote the last batch.
    ``table`` is another where the tables were brought back.
    """

    generation: int
    repairs: int
    position: int
    as_of: dt.datetime | None
    rules: str
    table: int


async def read_checkpoint(connection: Queryable) -> Checkpoint:
    """Read the row."""
    return await _row(connection, _READ)


async def lock_checkpoint(connection: Queryable) -> Checkpoint:
    """Read the row and keep everybody from writing it. The caller owns the transaction, with which that ends."""
    return await _row(connection, _LOCK)


async def enter_checkpoint(connection: Queryable) -> Checkpoint:
    """Read the row; the rest of the transaction, which the caller owns, sees the generation that it names."""
    return await _row(connection, _ENTER)


async def position_of(connection: Queryable) -> int:
    """Return the position of the log that the figures reflect, 0 before the first message."""
    return int(await connection.fetchval(_POSITION))


async def position_and_primary(connection: Queryable) -> tuple[int, bool]:
    """Return the position, and whether the server that was asked can be written to: no standby."""
    row = await connection.fetchrow(_POSITION_AND_PRIMARY)
    assert row is not None, "the migration wrote the row, and nothing deletes it"  # noqa: S101
    return row[0], row[1]


async def is_standby(connection: Queryable) -> bool:
    """Tell whether the server follows another and can't be written to."""
    return bool(await connection.fetchval(_IS_STANDBY))


async def lineage_of(connection: Queryable) -> str:
    """Return what tells figures that were restored from those before, where positions may be others' (12 hex digits).

    A primary and its standbys say the same, also after one of them was promoted.
    """
    return str(await connection.fetchval(_LINEAGE))


async def _row(connection: Queryable, statement: str) -> Checkpoint:
    row = await connection.fetchrow(statement)
    assert row is not None, "the migration wrote the row, and nothing deletes it"  # noqa: S101
    return Checkpoint(*tuple(row)[: len(Checkpoint._fields)])
