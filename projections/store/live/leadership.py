"""One projector at a time: an advisory lock elects it, a sign of life on the lock's own connection keeps it.

The lock is free the moment that its connection ends. A process that is frozen, or on a machine that is cut off, keeps
its connection; who stands by sees by the database's clock that it says nothing any more, and ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import asyncpg

_KEY = 7_006_001
"""Any number, the same in every version."""

BEAT: Final = 1.0
"""Seconds between two signs of life; a tenth of the patience where that is less."""
PROJECTOR: Final = "tonghop projector"
"""What the names of a projector's sessions begin with; the word after it is the process's own."""

# PostgreSQL notes of each session when it was last asked something. A restore holds the same lock and says nothing
# for hours: only projectors are judged. All sessions of the process go: its writer may hold the checkpoint's row.
_END_THE_FROZEN = """
WITH frozen AS MATERIALIZED (
    SELECT holder.application_name, holder.datid, holder.usesysid
    FROM pg_locks JOIN pg_stat_activity AS holder USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $1 AND objsubid = 1
        AND database = holder.datid AND holder.datname = current_database()
        AND starts_with(holder.application_name, $2 || ' ')
        AND holder.state = 'idle' AND clock_timestamp() - holder.state_change > make_interval(secs => $3)
)
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
FROM frozen JOIN pg_stat_activity USING (application_name, datid, usesysid)
"""


async def try_to_lead(connection: asyncpg.Connection) -> bool:
    """Take the lock of this connection's session if it is free.

    The fence on the checkpoint holds even where two believe that they lead.
    """
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _KEY))


async def end_the_frozen(connection: asyncpg.Connection, patience: float) -> bool:
    """End the sessions of a projector that holds the lead and has not said anything for seconds; tell whether one did.

    It takes no privilege: a role may end its own sessions.
    """
    return bool(await connection.fetchval(_END_THE_FROZEN, _KEY, PROJECTOR, patience))


async def while_leading(
    sign: Callable[[], Awaitable[object]], patience: float, work: Coroutine[Any, Any, None]
) -> None:
    """Do the work while signs of life go out on the connection that holds the lock.

    Raises what the work raises, and what a sign raises: after that the lead may be another's.
    """
    beating = asyncio.create_task(_beat(sign, patience), name="sign of life")
    working = asyncio.create_task(work, name="leading")
    try:
        await asyncio.wait({beating, working}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, beating):
            while not task.done():  # a cancellation can get lost in asyncio.wait_for
                task.cancel()
                await asyncio.wait({task}, timeout=0.1)
    errors = [task.exception() for task in (working, beating) if not task.cancelled()]
    for error in errors:
        if error is not None:
            raise error


async def _beat(sign: Callable[[], Awaitable[object]], patience: float) -> None:
    while True:
        await asyncio.wait_for(sign(), patience)
        await asyncio.sleep(min(BEAT, patience / 10))
