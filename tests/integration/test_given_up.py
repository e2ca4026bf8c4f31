"""What is given up half-way: no question leaves its transaction to the next one, and no sending fails unheard."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from structlog.testing import capture_logs

from projections.store.connecting import create_pool
from projections.store.reading.snapshot import snapshot
from services.access.guessing import Try, take
from tests.attacks.publishing import A, admitted
from tests.fault.eventually import eventually
from tests.integration.test_sending import NOWHERE, api

MOMENTS = 30
"""Turns of the event loop after which a question is given up: before, in and after each of its first statements."""
_WAITS = """
SELECT pid FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%INSERT INTO receipt%'
"""


@pytest.fixture
async def unheard() -> list[str]:
    """Collect what the event loop says of itself."""
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: said.append(str(told["message"])))
    return said


async def read(pool: asyncpg.Pool) -> None:
    async with snapshot(pool) as opened:
        await opened.connection.fetchval("SELECT 1")


async def try_to_sign_in(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await take(connection, Try("lan", "127.0.0.1"), dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
        await connection.execute("DELETE FROM attempt")


@pytest.mark.parametrize("ask", [read, try_to_sign_in])
async def test_a_question_that_is_given_up_at_any_moment_leaves_no_transaction_behind(
    database: str, unheard: list[str], ask: Callable[[asyncpg.Pool], Awaitable[None]]
) -> None:
    async with create_pool(database, min_size=1, max_size=1) as pool:
        await ask(pool)
        for moment in range(MOMENTS):
            asking = asyncio.ensure_future(ask(pool))
            for _ in range(moment):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await ask(pool)
    assert unheard == []


async def test_what_fails_after_its_sender_has_gone_is_said_in_the_log(database: str, unheard: list[str]) -> None:
    holding, looking = await asyncpg.connect(database), await asyncpg.connect(database)

    async def waits() -> bool:
        return await looking.fetchval(_WAITS) is not None

    async def known() -> bool:
        return any("has gone" in each["event"] for each in told)

    async with api(NOWHERE, NOWHERE, database) as sender:
        with capture_logs() as told:
            async with holding.transaction():
                await holding.execute("LOCK TABLE receipt IN SHARE MODE")
                sending = asyncio.create_task(sender.post([admitted(A, "1")]))
                await eventually(waits, "nothing is written")
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                await looking.fetchval(f"SELECT pg_terminate_backend(pid) FROM ({_WAITS}) AS waits")
            await eventually(known, "nobody is told that it failed")
    await holding.close()
    await looking.close()
    gc.collect()
    assert unheard == []
