"""A position that a browser says it has seen: whatever it says, it harms nobody, and itself not for long."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from projections.store.checkpoint import lineage_of
from services.api.answering import WAITING
from tests.integration.seeing import COOKIE, Readers, readers
from tests.integration.test_api import REPORT
from tests.integration.test_api import connection as connection  # noqa: PLC0414 - a fixture

HERE = 12
"""Where the figures of the small world stand."""
GARBAGE = ("x", "0123456789ab.900", "'; DROP TABLE checkpoint; --", "9" * 4_000, "\xff.1", '"', f"a=b; {COOKIE}=")
ANEW = """
CREATE TABLE public.restored (LIKE checkpoint INCLUDING ALL);
INSERT INTO restored SELECT * FROM checkpoint;
DROP TABLE checkpoint;
ALTER TABLE restored RENAME TO checkpoint;
UPDATE checkpoint SET position = 5;
"""
"""What a restore does with the table: it is another one, of the same name."""


@pytest.fixture
async def asked(database: str, connection: asyncpg.Connection) -> AsyncIterator[Readers]:
    async with readers(database) as opened:
        yield opened


async def test_a_browser_keeps_what_it_has_seen_out_of_the_reach_of_scripts_and_others(asked: Readers) -> None:
    browser = await asked.browser("s-1")
    first = await browser.get()
    assert re.fullmatch(
        rf"{COOKIE}=[0-9a-f]{{12}}\.{HERE}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", first.headers["set-cookie"]
    )
    assert "set-cookie" not in (await browser.get()).headers, "it has not grown"
    program = await asked.browser(None)
    assert "set-cookie" not in (await program.get()).headers, "who has a token keeps no cookies"


async def test_who_says_more_than_there_is_gets_what_there_is_and_is_put_right(
    asked: Readers, connection: asyncpg.Connection
) -> None:
    lineage = await lineage_of(connection)
    for n, said in enumerate((10**18, 2**63 - 1, 10**19 - 1, HERE + 1)):
        browser = await asked.browser(f"s-{n}", f"{lineage}.{said}")
        assert await browser.position() == HERE
        assert browser.kept == HERE
        strict = await browser.get(min_position=HERE + 1)
        assert (strict.status_code, strict.json()["position"]) == (503, HERE), "what is asked for is not what is kept"
    for n, garbage in enumerate(GARBAGE):
        browser = await asked.browser(f"g-{n}", garbage)
        assert await browser.position() == HERE, garbage
        assert browser.kept == HERE, garbage


async def test_figures_that_went_back_are_told_as_they_are(asked: Readers, connection: asyncpg.Connection) -> None:
    """A stale standby was promoted, or a copy of the disk put back: it is the same database."""
    browser = await asked.browser("s-1")
    assert await browser.position() == HERE
    await connection.execute("UPDATE checkpoint SET position = 5")
    assert await browser.position() == 5
    assert browser.kept == 5


async def test_a_restored_database_is_another_one(
    asked: Readers, connection: asyncpg.Connection, database: str
) -> None:
    browser = await asked.browser("s-1")
    assert await browser.position() == HERE
    before = browser.cookie
    await connection.execute(ANEW)
    assert await browser.position() == 5
    async with readers(database) as again:
        later = await again.browser("s-1", before)
        assert await later.position() == 5
        assert later.cookie == f"{await lineage_of(connection)}.5"


async def test_many_who_say_more_than_there_is_take_nobodys_place(
    asked: Readers, connection: asyncpg.Connection
) -> None:
    """Nobody waits for what a cookie says: who waits for a position has his place."""
    cookie = f"{await lineage_of(connection)}.{10**18}"
    hostile = [await asked.browser(f"s-{n}", cookie) for n in range(WAITING[1] + 1)]
    waits = await asked.browser("s-0", client="127.0.0.2")
    waiting = asyncio.create_task(waits.position(min_position=HERE + 3, wait=30))
    flood = await asyncio.gather(*(each.get(by="none") for each in hostile))
    assert {answer.status_code for answer in flood} == {200}
    await connection.execute("UPDATE checkpoint SET position = $1", HERE + 3)
    await connection.execute("SELECT pg_notify('tonghop_position', $1)", str(HERE + 3))
    assert await waiting == HERE + 3


async def test_answers_that_overtake_each_other_do_not_set_a_session_back(
    asked: Readers, connection: asyncpg.Connection
) -> None:
    """The slower of two was asked first: what it makes the browser keep is less, and this service knows of more."""
    browser = await asked.browser("s-1")
    await browser.get()
    older = browser.cookie
    await connection.execute("UPDATE checkpoint SET position = 20")
    assert await browser.position() == 20
    browser.cookie = older
    await browser.get(REPORT)
    assert browser.kept == 20
