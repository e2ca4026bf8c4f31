"""One answer is one snapshot: a read-only transaction, and the stream position it reflects (contract §3, law 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from projections.store.checkpoint import enter_checkpoint

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy


class Snapshot(NamedTuple):
    """A read-only transaction; ``as_of`` is the bus time of the event at ``position``, None while there is none.

    Which generation it sees, how often that was repaired, and where it stands are decided by one row at one moment.
    """

    connection: PoolConnectionProxy[Record]
    generation: int
    repairs: int
    position: int
    as_of: dt.datetime | None


@asynccontextmanager
async def snapshot(pool: Pool[Record]) -> AsyncIterator[Snapshot]:
    """Open a snapshot for as long as the block lasts; the transaction is owned here and ends with it.

    Raises what asyncpg and the network raise where the database is away or its schema is not made.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        found = await enter_checkpoint(connection)
        yield Snapshot(connection, found.generation, found.repairs, found.position, found.as_of)
