"""When sessions and tokens were last used: noted in memory, written once a minute, so that no question waits for it."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from services.access.asker import Asker
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED

if TYPE_CHECKING:
    from asyncpg import Pool, Record

EVERY: Final = 60.0
"""Seconds from one writing to the next."""
MOST: Final = 50_000
"""Noted at a time; of further ones the use of this minute isn't."""

_WRITE: Final = """
UPDATE {table} SET used_at = used.at FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at)
WHERE {table}.id = used.id AND ({table}.used_at IS NULL OR {table}.used_at <= used.at - interval '1 minute')
"""
_TABLES: Final = {"session": "session", "token": "token"}


class LastUses:
    """Notes who used what; several processes write the same rows at most once a minute between them."""

    def __init__(self, pool: Pool[Record]) -> None:
        self._pool = pool
        self._noted: dict[tuple[str, str], dt.datetime] = {}

    def note(self, asker: Asker) -> None:
        """Take note that a session or token is used now."""
        if asker.means in _TABLES and (len(self._noted) < MOST or (asker.means, asker.key) in self._noted):
            self._noted[asker.means, asker.key] = dt.datetime.now(dt.UTC)

    async def run(self) -> None:
        """Write what was noted, once a minute; what can't be written is let go."""
        while True:
            await asyncio.sleep(EVERY)
            with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
                await self.write()

    async def write(self) -> None:
        """Write what was noted. Raises what asyncpg and the network raise."""
        noted, self._noted = self._noted, {}
        for means, table in _TABLES.items():
            of_these = {key: at for (kind, key), at in noted.items() if kind == means}
            if of_these:
                await self._pool.execute(_WRITE.format(table=table), list(of_these), list(of_these.values()))
