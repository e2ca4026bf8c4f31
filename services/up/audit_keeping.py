"""The audit log of a service on one machine: what is older than the setting says is taken away, once a day."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from projections.store.connecting import connect
from services.access import audit
from services.connecting.database_failures import SERVERS_FAIL

EVERY: Final = 24 * 3_600.0


async def keep_pruned(database_url: str, days: int) -> None:
    """Prune now and then every day, as the owner of the database; where that fails, a day later."""
    while True:
        with suppress(*SERVERS_FAIL):
            connection = await connect(database_url)
            try:
                await audit.prune(connection, days)
            finally:
                await connection.close()
        await asyncio.sleep(EVERY)
