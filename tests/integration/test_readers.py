"""Readers of a real standby that lags, breaks off, takes over: nobody is told less than he has seen."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import pytest
from starlette.requests import Request

from projections.answers.access.sight import Sight
from projections.store.checkpoint import lineage_of
from projections.store.connecting import connect
from projections.store.reading.snapshot import Snapshot
from services.access.asker import ADMIN, Asker
from services.api import primary as primary_way
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests import servers
from tests.fault.eventually import eventually
from tests.fault.projecting_here import client_of, reached, working
from tests.integration.seeing import Readers, readers
from tests.integration.standbys import Standby, following
from tests.integration.test_api import REPORT, small_world
from tests.integration.test_connecting_hosts import advance, over
from tests.oracle.telling import ROOT, Said, admitted, root

pytestmark = pytest.mark.long

SLOW = REPORT + "&format=xlsx"
_positions = itertools.count(100, 10)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with servers.short_folder() as made:
        yield made


@pytest.fixture(scope="module")
async def primary(folder: Path) -> AsyncIterator[PostgresServer]:
    with servers.running_postgres(folder) as server:
        connection = await servers.connect(server.url)
        await small_world().write(connection)
        await connection.close()
        yield server


@pytest.fixture(scope="module")
def standby(primary: PostgresServer, folder: Path) -> Iterator[Standby]:
    with following(primary, folder) as server:
        yield server


async def ask(server: PostgresServer, statement: str) -> object:
    connection = await connect(server.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def both_at(primary: PostgresServer, standby: PostgresServer) -> int:
    """Carry both on to the next position, and return it."""
    position = next(_positions)
    await advance(primary, position)
    await eventually(lambda: at(standby, position), "the standby does not follow")
    return position


@asynccontextmanager
async def standing_still(standby: PostgresServer) -> AsyncIterator[None]:
    """Let a standby take in nothing for as long as the block lasts."""

    async def stands() -> bool:
        return await ask(standby, "SELECT pg_get_wal_replay_pause_state()") == "paused"

    await ask(standby, "SELECT pg_wal_replay_pause()")
    await eventually(stands, "it goes on")
    try:
        yield
    finally:
        await ask(standby, "SELECT pg_wal_replay_resume()")


@asynccontextmanager
async def reading(standby: PostgresServer, primary: PostgresServer) -> AsyncIterator[Readers]:
    """Serve from the standby, with a way to the primary."""
    async with readers(over(standby, primary, wanted="prefer-standby")) as opened:
        yield opened


async def test_who_has_seen_more_is_answered_by_the_primary_and_others_by_the_standby(
    primary: PostgresServer, standby: Standby
) -> None:
    old = await both_at(primary, standby)
    async with reading(standby, primary) as asked, standing_still(standby):
        new = next(_positions)
        await advance(primary, new)
        browser, other, program = await asked.browser("s-1"), await asked.browser("s-2"), await asked.browser(None)
        assert await other.position() == old
        assert await program.position(min_position=new) == new
        assert await program.position() == old, "a token's positions are for its owner to keep"
        assert await browser.position(min_position=new) == new
        assert browser.kept == new
        assert await browser.position() == new
        slow = await browser.get(SLOW)
        assert slow.status_code == 200
        assert browser.kept == new
        early = await program.get(min_position=new + 1)
        assert (early.status_code, early.json()["position"], early.headers["retry-after"]) == (503, new, "2")
        tag = (await browser.get()).headers["etag"]
        assert (await other.get(min_position=new)).headers["etag"] == tag, "it is the same answer"


async def test_readers_of_both_never_go_back(primary: PostgresServer, standby: Standby) -> None:
    """One browser asks the APIs on the primary and on the standby in any order, while the standby comes and goes."""
    chance = Random(18)
    await both_at(primary, standby)
    async with reading(standby, primary) as there, readers(primary.url) as here:
        browsers = [await each.browser("s-1") for each in (there, here)]
        seen, cookie = 0, None
        for _ in range(60):
            if chance.random() < 0.3:
                await ask(standby, f"SELECT pg_wal_replay_{chance.choice(('pause', 'resume'))}()")
            if chance.random() < 0.5:
                await advance(primary, next(_positions))
            browser = chance.choice(browsers)
            browser.cookie = cookie
            position = await browser.position()
            assert position >= seen
            seen, cookie = position, browser.cookie
        await ask(standby, "SELECT pg_wal_replay_resume()")
    assert seen > 0


async def test_where_the_primary_is_away_it_is_told_how_far_the_standby_is(
    primary: PostgresServer, standby: Standby
) -> None:
    old = await both_at(primary, standby)
    lineage = await ask_lineage(standby)
    async with readers(over(standby, wanted="any")) as asked:
        browser = await asked.browser("s-1", f"{lineage}.{old + 1}")
        early = await browser.get()
        assert (early.status_code, early.json()["position"], early.headers["retry-after"]) == (503, old, "2")
        restored = await asked.browser("s-2", f"0123456789ab.{old + 1}")
        assert await restored.position() == old, "it was of other figures"
        await advance(primary, old + 1)
        await eventually(lambda: answered(browser.get), "it is never answered")
        assert browser.kept >= old + 1


async def answered(get: object) -> bool:
    return (await get()).status_code == 200  # type: ignore[operator]


async def ask_lineage(server: PostgresServer) -> str:
    connection = await connect(server.url)
    try:
        return await lineage_of(connection)
    finally:
        await connection.close()


async def test_primary_and_standby_are_of_one_lineage(primary: PostgresServer, standby: Standby) -> None:
    assert await ask_lineage(primary) == await ask_lineage(standby)


async def test_a_crowd_that_says_it_has_seen_all_does_not_overrun_the_primary(
    primary: PostgresServer, standby: Standby
) -> None:
    await both_at(primary, standby)
    async with reading(standby, primary) as asked, standing_still(standby):
        new = next(_positions)
        await advance(primary, new)
        cookie = f"{await ask_lineage(primary)}.{10**18}"
        crowd = [await asked.browser(f"s-{n}", cookie) for n in range(150)]
        honest = await asked.browser("s-h", f"{await ask_lineage(primary)}.{new}", "127.0.0.2")
        flood = asyncio.gather(*(each.get(by="none") for each in crowd))
        assert await honest.position() == new
        answers = await flood
        assert {each.status_code for each in answers} <= {200, 429, 503}
        assert {each.json()["position"] for each in answers if each.status_code == 200} == {new}
        held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tonghop api primary'"
        assert int(str(await ask(primary, held))) <= primary_way.QUICK.slots + 1


async def asking(asked: Readers, session: str = "s-1") -> Request:
    """Make a request that has come through the gate."""
    scope = {"type": "http", "app": asked.app, "headers": [], "client": ("127.0.0.1", 1), "query_string": b""}
    request = Request(scope)
    request.state.asker = Asker(ADMIN, "session", session)
    return request


async def test_what_a_standby_breaks_off_is_asked_again(primary: PostgresServer, standby: Standby) -> None:
    """In the middle of an answer, of which nothing was sent: by the conflict itself, and when the server ends it."""
    await ask(standby, "ALTER SYSTEM SET max_standby_streaming_delay = 0")
    await ask(standby, "SELECT pg_reload_conf()")
    connection = await connect(primary.url)
    await connection.execute("CREATE TABLE read_here AS SELECT n FROM generate_series(1, 1000) n")
    await both_at(primary, standby)
    tries: list[str] = []

    async def conflicts(opened: Snapshot, _: Sight) -> int:
        tries.append("")
        count = await opened.connection.fetchval("SELECT count(*) FROM read_here")
        if len(tries) == 1:
            await connection.execute("DELETE FROM read_here")
            await connection.execute("VACUUM read_here")
            await opened.connection.fetchval("SELECT pg_sleep(60)")
        return int(count)

    async def ended(opened: Snapshot, _: Sight) -> int:
        tries.append("")
        if len(tries) == 1:
            pid = await opened.connection.fetchval("SELECT pg_backend_pid()")
            await ask(standby, f"SELECT pg_terminate_backend({pid})")
            await opened.connection.fetchval("SELECT 1")
        return 1

    async def always(opened: Snapshot, _: Sight) -> bool:
        tries.append("")
        if await opened.connection.fetchval("SELECT pg_is_in_recovery()"):
            raise asyncpg.SerializationError("canceling statement due to conflict with recovery")
        return True

    async with reading(standby, primary) as asked:
        reader = asked.app.state.reader
        assert (await reader.at_once(await asking(asked), conflicts), len(tries)) == (0, 2)
        tries.clear()
        assert (await reader.at_once(await asking(asked), ended), len(tries)) == (1, 2)
        tries.clear()
        assert (await reader.at_once(await asking(asked), always), len(tries)) == (True, 4)
    await connection.close()


async def test_a_stale_standby_that_takes_over_says_that_it_is_behind_until_it_has_caught_up(
    nats_server: NatsServer,
) -> None:
    with servers.short_folder() as folder, servers.running_postgres(folder) as old, following(old, folder) as stale:
        party = await servers.fresh_party(nats_server)
        settings = Settings(nats_url=party.nats_url, database_url=old.url)
        await say(settings, root())
        await carried(settings, 1)
        await eventually(lambda: at(stale, 1), "the standby does not follow")
        await ask(stale, "ALTER SYSTEM SET primary_conninfo = ''")
        await ask(stale, "SELECT pg_reload_conf()")
        await eventually(lambda: cut_off(stale), "it still follows")
        await say(settings, *(admitted(ROOT, "2021-01-05", f"e-{n}") for n in range(9)))
        await carried(settings, 10)
        both = over(old, stale, wanted="any")
        async with readers(both, party.nats_url) as asked:
            browser = await asked.browser("s-1")
            assert await browser.position() == 10
            await eventually(lambda: lag_known(asked), "nobody has looked")
            old.stop()
            await ask(stale, "SELECT pg_promote()")

            async def is_behind() -> bool:
                answer = await browser.get()
                if answer.status_code != 200:
                    return False
                said = answer.json()
                assert said["position"] == 1, "what there is"
                return said.get("behind", {}).get("events") == 9

            await eventually(is_behind, "it does not say so")
            assert browser.kept == 1
            after = Settings(nats_url=party.nats_url, database_url=over(old, stale))
            async with working(after):

                async def caught_up() -> bool:
                    answer = await browser.get()
                    return answer.status_code == 200 and answer.json()["position"] == 10

                await eventually(caught_up, "it does not catch up")
                assert "behind" not in (await browser.get()).json()


async def carried(settings: Settings, end: int) -> None:
    async with working(settings) as pulse:
        await reached(pulse, end)


async def lag_known(asked: Readers) -> bool:
    return asked.app.state.reader._lags._highest == 10


async def at(server: PostgresServer, position: int) -> bool:
    return await ask(server, "SELECT position FROM checkpoint") == position


async def cut_off(server: PostgresServer) -> bool:
    return await ask(server, "SELECT count(*) FROM pg_stat_wal_receiver") == 0


async def say(settings: Settings, *log: Said) -> None:
    async with client_of(settings.nats_url) as client:
        for said in log:
            await client.jetstream().publish(said.bus_subject, said.body)
