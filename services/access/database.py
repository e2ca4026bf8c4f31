"""What the statements of this room run on: a connection, out of a pool or not; or, for one statement, a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from asyncpg import Connection, Pool, Record
    from asyncpg.pool import PoolConnectionProxy

    Connected: TypeAlias = Connection[Record] | PoolConnectionProxy[Record]
    Database: TypeAlias = Connected | Pool[Record]
