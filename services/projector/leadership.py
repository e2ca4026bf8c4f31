"""One projector at a time: an advisory lock elects it, and is free the moment that its connection ends."""

from __future__ import annotations

import asyncpg

_KEY = 7_006_001
"""Any number, the same in every version."""


async def try_to_lead(connection: asyncpg.Connection) -> bool:
    """Take the lock of this connection's session if it is free.

    The fence on the checkpoint holds even where two believe that they lead.
    """
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _KEY))
