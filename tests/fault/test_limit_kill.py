"""SIGKILL around a pause: before, in and after it, in the resumption; and in chaining. Nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from projections.rules.log.hash_chain import SPACING
from projections.store.log import hash_chain
from projections.store.log.outcome_sql import DECIDED
from tests.fault.cluster import Command
from tests.fault.load import told_of
from tests.fault.projecting import Bench, Projector, bench, eventually
from tests.integration.test_projector_limit import (
    WINDOW,
    WORLD,
    bad,
    first_excess,
    good,
    hold,
    paused_at,
    resume,
    stays,
)
from tests.oracle.telling import admitted

_WAITING = """
SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query ~ $1
"""
_THERE = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)"


@asynccontextmanager
async def held(on: Bench, statement: str) -> AsyncIterator[None]:
    """Hold in a transaction of its own what a statement locks; what it wrote is undone."""
    connection = await asyncpg.connect(on.settings.database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statement)
        yield
    finally:
        await transaction.rollback()
        await connection.close()


async def waiting(on: Bench, query: str) -> int:
    """Wait until somebody waits for a lock in such a statement, and return whose server process that is."""

    async def so() -> bool:
        return await on.connection.fetchval(_WAITING, query) is not None

    await eventually(so, f"nobody waits in {query}")
    return int(await on.connection.fetchval(_WAITING, query))


async def killed_in(on: Bench, running: Command, query: str, *, noticed: bool) -> None:
    """Kill a process that waits in a statement; the caller lets go once PostgreSQL has noticed, or before."""
    backend = await waiting(on, query)
    os.kill(running.process.pid, signal.SIGKILL)
    if noticed:

        async def gone() -> bool:
            return not await on.connection.fetchval(_THERE, backend)

        await eventually(gone, "PostgreSQL works on for a client that is dead")


async def projector_killed_in(on: Bench, name: str, table: str, query: str, *, noticed: bool) -> None:
    async with held(on, f"LOCK TABLE {table} IN SHARE MODE"):
        with on.projector(name) as running:
            await killed_in(on, running.command, query, noticed=noticed)


@pytest.mark.long
@pytest.mark.parametrize("noticed", [True, False])
async def test_kills_around_a_pause_lose_and_double_nothing(party: str, database: str, noticed: bool) -> None:
    async with bench(party, database, reject_window=WINDOW) as on:
        await on.publish(*WORLD, *good(0, 17))
        await on.send(*map(told_of, [*bad(0, 40), *good(17, 37)]))
        at = await first_excess(on)
        # Where it writes what comes before the event that is too much.
        await projector_killed_in(on, "projector-writing", "ledger", "ledger", noticed=noticed)
        assert await on.position() == 0
        # In the moment of pausing: the row is there or it isn't, and the figures end before the event either way.
        await projector_killed_in(on, "projector-pausing", "pause", "INSERT INTO pause", noticed=noticed)
        assert await on.position() == at - 1
        assert await on.connection.fetchval("SELECT count(*) FROM pause") <= (0 if noticed else 1)
        # While it is paused.
        with on.projector("projector-paused") as running:
            await paused_at(on, at)
            os.kill(running.pid, signal.SIGKILL)
        with on.projector("projector-still-paused") as running:
            await stays(on, running, at)
            # In the resumption: the command waits for the row, and is killed.
            async with held(on, "SELECT FROM pause FOR UPDATE"):
                command = Command("resume", on.settings, on.folder)
                command.start()
                await killed_in(on, command, "UPDATE pause", noticed=False)
            assert resume(on) or await on.connection.fetchval("SELECT bool_and(resumed_at IS NOT NULL) FROM pause")
            # And the projector in the first batch after it, which begins with the event that was too much.
            async with held(on, "LOCK TABLE ledger IN SHARE MODE"):
                os.kill(running.pid, signal.SIGKILL)
        if await on.position() < len(on.publisher.acked):
            await projector_killed_in(on, "projector-going-on", "ledger", "ledger", noticed=noticed)
        with on.projector("projector-last"):
            await on.settled()
        await hold(on, len(on.publisher.acked))
        assert await on.connection.fetchval(f"SELECT count(*) FROM {DECIDED} AS said WHERE outcome = 'counted'") == 37
        assert [row[0] for row in await on.connection.fetch("SELECT position FROM pause")] == [at]


@pytest.mark.long
@pytest.mark.parametrize("noticed", [True, False])
async def test_killed_while_it_chains_the_ledger_it_goes_on_from_there(
    party: str, database: str, noticed: bool
) -> None:
    async with bench(party, database) as on:
        count = 2 * hash_chain.PAGE + 300
        await on.publish(*WORLD)
        facts = [told_of(admitted("u1", "2023-01-01", f"e{n}")) for n in range(count - len(WORLD))]
        for first in range(0, len(facts), SPACING):
            await on.send(*facts[first : first + SPACING])
        with on.projector():
            await on.settled()
        links = await on.connection.fetch("SELECT * FROM chain ORDER BY position")
        await on.connection.execute("DELETE FROM chain")
        # The second page waits for a link that somebody else writes and takes back.
        async with held(on, f"INSERT INTO chain VALUES ({2 * hash_chain.PAGE}, sha256(''))"):
            with on.projector("projector-chaining") as running:
                await killed_in(on, running.command, "INSERT INTO chain", noticed=noticed)
                found = await on.connection.fetch("SELECT * FROM chain ORDER BY position")
                assert found == links[: hash_chain.PAGE // SPACING]
        with on.projector("projector-again") as running:
            await goes_on(on, running)
        after = await on.connection.fetch("SELECT * FROM chain ORDER BY position")
        assert after[:-1] == links[:-1]
        assert await hash_chain.first_broken(on.connection, 1, lambda _: None) is None
        await on.connection.execute("DELETE FROM chain")
        await hash_chain.catch_up(on.connection)
        assert await on.connection.fetch("SELECT * FROM chain ORDER BY position") == after


async def goes_on(on: Bench, running: Projector) -> None:
    await running.says("leading")
    await on.publish(admitted("u1", "2023-01-01", "after"))
    await on.settled()
