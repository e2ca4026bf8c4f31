"""Addresses with several servers, a standby among them, for everything that connects to PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import nats
import psutil
import pytest

from projections.store import connecting, silent_servers
from projections.store.checkpoint import is_standby
from projections.store.connecting import connect, create_pool, first_answer
from projections.store.live.projection import Projection
from projections.store.reading.snapshot import snapshot
from projections.store.schema.migrate import upgrade
from services.api import waiting
from services.api.log_end import LogEnd
from services.api.waiting import LATEST, Positions
from services.bus_accounts import POSITION
from services.connecting.database_failures import DATABASE_AWAY
from services.connecting.relay import way_to
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.projector.telling import PositionTeller
from services.recovery.database import led
from services.settings import Settings
from services.verification.rebuilding import only_one
from tests import servers
from tests.fault.projecting import eventually
from tests.integration.standbys import Standby, following

LISTENING = "SELECT query FROM pg_stat_activity WHERE application_name = 'tonghop api listening'"
_positions = itertools.count(10, 10)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with servers.short_folder() as made:
        yield made


@pytest.fixture(scope="module")
def primary(folder: Path) -> Iterator[PostgresServer]:
    with servers.running_postgres(folder) as server:
        asyncio.run(upgrade(server.url))
        yield server


@pytest.fixture(scope="module")
def standby(primary: PostgresServer, folder: Path) -> Iterator[Standby]:
    with following(primary, folder) as server:
        yield server


def over(*servers_: PostgresServer, wanted: str = "read-write") -> str:
    hosts = ",".join(str(server.socket_dir) for server in servers_)
    return f"postgresql://postgres@/tonghop?host={hosts}&target_session_attrs={wanted}"


async def recovers(url: str) -> bool:
    connection = await connect(url)
    try:
        return bool(await connection.fetchval("SELECT pg_is_in_recovery()"))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("wanted", "a_standby"), [("read-write", False), ("primary", False), ("standby", True), ("prefer-standby", True)]
)
async def test_the_server_that_is_wanted_is_found(
    wanted: str, a_standby: bool, primary: PostgresServer, standby: Standby
) -> None:
    assert await recovers(over(primary, standby, wanted=wanted)) is a_standby
    assert await recovers(over(standby, primary, wanted=wanted)) is a_standby


async def test_accounts_are_those_of_the_primary_and_read_elsewhere_while_it_is_away(
    primary: PostgresServer, standby: Standby
) -> None:
    async def recovers_in(url: str, which: connecting.Primary) -> bool:
        async with create_pool(url, primary=which, min_size=0, max_size=1) as pool:
            return bool(await pool.fetchval("SELECT pg_is_in_recovery()"))

    both, alone = over(standby, primary, wanted="prefer-standby"), over(standby, wanted="any")
    assert not await recovers_in(both, "only")
    assert not await recovers_in(both, "if there")
    assert await recovers_in(alone, "if there")
    with pytest.raises(DATABASE_AWAY):
        await recovers_in(alone, "only")


async def test_where_no_standby_is_there_the_primary_will_do(primary: PostgresServer, folder: Path) -> None:
    url = over(primary, wanted="prefer-standby").replace("host=", f"host={folder}/nowhere,")
    assert not await recovers(url)


async def test_everything_takes_an_address_with_several_servers(primary: PostgresServer, standby: Standby) -> None:
    url = over(standby, primary)
    await advance(primary, 0)
    await upgrade(url)  # ended with a traceback: SQLAlchemy reads other addresses
    async with only_one(Settings(database_url=url)), led(url) as connection, way_to(connection) as way:
        assert str(primary.socket_dir) in way.address.replace("%2F", "/")
    projection = await Projection.open(url, root="trung-uong")
    await projection.close()
    async with create_pool(url, min_size=0) as pool:
        assert not await pool.fetchval("SELECT pg_is_in_recovery()")


async def test_a_machine_that_answers_nothing_takes_its_share_of_the_time_and_no_more(
    primary: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_ONE_OF_SEVERAL", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://postgres@/tonghop?host=127.0.0.1,{primary.socket_dir}&port={port},5432"
        assert not await recovers(url)


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Freeze a server with all its sessions: it takes connections, and answers nothing."""
    root = psutil.Process(server.pid)
    everybody = [root, *root.children(recursive=True)]
    for process in everybody:
        process.suspend()
    try:
        yield
    finally:
        for process in everybody:
            process.resume()
        silent_servers._until.clear()


async def test_a_server_that_freezes_is_passed_over(
    primary: PostgresServer, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for its answers as long as for those of another, and the next ones don't wait for it at all."""
    monkeypatch.setattr(connecting, "AT_ONCE", 0.3)
    url = over(standby, primary, wanted="prefer-standby")
    await advance(primary, 0)
    async with create_pool(url, min_size=0, max_size=3, reset=None) as pool:
        async with snapshot(pool) as first, snapshot(pool) as second, snapshot(pool):
            assert await is_standby(first.connection)
            assert await is_standby(second.connection)
        with frozen(standby):
            async with snapshot(pool) as opened:
                assert not await is_standby(opened.connection)
            monkeypatch.setattr(connecting, "AT_ONCE", 3_600)  # whoever asked it now would wait for ever
            assert not await first_answer(pool, is_standby)
            assert not await recovers(url)
        assert await recovers(url)


async def test_who_gives_up_does_not_wait_until_a_frozen_server_has_heard_of_it(
    primary: PostgresServer, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "AT_ONCE", 3_600)
    url = over(standby, primary, wanted="prefer-standby")
    async with create_pool(url, min_size=1, max_size=1, reset=None) as pool:
        assert await first_answer(pool, is_standby)
        with frozen(standby):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await first_answer(pool, is_standby)
            silent_servers.note_silent((str(standby.socket_dir), 5432))
            assert not await first_answer(pool, is_standby)


async def test_who_asks_is_found_out_elsewhere_while_the_primary_is_frozen(
    primary: PostgresServer, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "AT_ONCE", 0.3)
    url = over(standby, primary, wanted="prefer-standby")
    async with create_pool(url, primary="if there", min_size=0, max_size=1, reset=None) as pool:
        assert not await first_answer(pool, is_standby)
        with frozen(primary):
            assert await first_answer(pool, is_standby)


async def test_a_machine_that_is_only_slow_is_waited_for(
    primary: PostgresServer, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "AT_ONCE", 0)
    async with create_pool(over(standby, primary), min_size=0, max_size=1, reset=None) as pool:
        assert not await first_answer(pool, is_standby)
    silent_servers._until.clear()


async def test_a_snapshot_that_fails_leaves_no_transaction_behind(primary: PostgresServer) -> None:
    async def nothing(_: object) -> None:
        """Leave the connection as it is, as the API does."""

    async with create_pool(primary.database_url("postgres"), min_size=1, max_size=1, reset=nothing) as pool:
        with pytest.raises(asyncpg.UndefinedTableError):
            async with snapshot(pool):
                pass
        async with pool.acquire() as connection:
            assert not connection.is_in_transaction()


async def test_the_session_is_set_up_as_the_address_says(primary: PostgresServer) -> None:
    url = f"{primary.url}&application_name=sổ%20cái&options=-c%20work_mem%3D7MB&connect_timeout=5"
    connection = await connect(url, server_settings={"jit": "off"})
    try:
        shown = [await connection.fetchval(f"SHOW {name}") for name in ("work_mem", "jit", "application_name")]
        assert shown == ["7MB", "off", "sổ cái"] or shown[:2] == ["7MB", "off"]
    finally:
        await connection.close()


async def test_a_password_comes_from_its_file(primary: PostgresServer, folder: Path) -> None:
    file = folder / "secret"
    file.write_text("geheim\n")
    settings = Settings.from_environment(
        {"TONGHOP_DATABASE_URL": primary.url, "TONGHOP_DATABASE_PASSWORD_FILE": str(file)}
    )
    assert "geheim" not in settings.database_url
    connection = await connect(settings.database_url)
    try:
        assert connection._params.password == "geheim"  # noqa: S105
    finally:
        await connection.close()
    assert Settings.from_environment(settings.as_environment()) == settings


class Counted:
    """A pool that counts what it is asked."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.asked = 0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        self.asked += 1
        async with self._pool.acquire() as connection:
            yield connection


@asynccontextmanager
async def positions_on(url: str) -> AsyncIterator[tuple[Positions, Counted]]:
    async with create_pool(url, min_size=1, max_size=2) as pool:
        counted = Counted(pool)
        positions = Positions(url, counted)  # type: ignore[arg-type]
        listening = asyncio.create_task(positions.listen())
        try:
            yield positions, counted
            assert not listening.done()
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def advance(server: PostgresServer, to: int) -> None:
    connection = await connect(server.url)
    try:
        await connection.execute("UPDATE checkpoint SET position = $1", to)
        await connection.execute("SELECT pg_notify('tonghop_position', $1)", str(to))
    finally:
        await connection.close()


async def session_of(server: PostgresServer) -> list[str]:
    connection = await connect(server.url)
    try:
        return [row["query"] for row in await connection.fetch(LISTENING)]
    finally:
        await connection.close()


async def test_on_a_standby_readers_are_served_soon_and_nothing_is_asked_while_nobody_waits(
    primary: PostgresServer, standby: Standby
) -> None:
    async with positions_on(standby.url) as (positions, counted):
        await eventually(lambda: _is_there(standby), "it never connects")
        assert counted.asked == 0
        position = next(_positions)
        waiting = asyncio.create_task(positions.reach(position, 30))
        await eventually(lambda: _asked(counted), "it is never asked")
        await advance(primary, position)
        await waiting
        assert positions._heard == position
        asked = counted.asked
        assert asked >= 2
        await positions.reach(position, 30)
        assert counted.asked == asked
        assert LATEST <= 0.05


async def test_on_a_standby_the_bus_says_when_to_ask(
    primary: PostgresServer, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks before; where the bus tells what is not so, the database's word stands."""
    monkeypatch.setattr(waiting, "SELDOM", 60.0)
    async with positions_on(standby.url) as (positions, counted):
        await eventually(lambda: _is_there(standby), "it never connects")
        position = next(_positions)
        positions.tell(0)
        reader = asyncio.create_task(positions.reach(position, 60))
        await eventually(lambda: _asked(counted), "it is never asked")
        positions.tell(position - 1)
        await asyncio.sleep(0)
        assert counted.asked == 1
        positions.tell(position)  # forged, or early: it is looked at, and not believed
        await eventually(lambda: _asked(counted, 3), "it is not asked again")
        assert not reader.done()
        assert not positions.passed(position)
        await advance(primary, position)
        await reader
        assert positions.passed(position)
        late = next(_positions)
        positions.tell(late)
        await positions.reach(late, 60, moment=0.0)
        assert not positions.passed(late), "who can ask elsewhere waits no longer"
        news = asyncio.create_task(positions.another(positions.heard, 60))
        await advance(primary, late)
        await news
        assert positions.passed(late)


async def test_what_the_projector_tells_is_heard_over_the_bus(nats_server: NatsServer) -> None:
    heard: list[int] = []
    end = LogEnd(Settings(nats_url=nats_server.url), heard.append)
    client = await nats.connect(nats_server.url)
    telling = PositionTeller(client)
    running = asyncio.create_task(telling.run())
    end.open()
    try:
        for nonsense in (b"", b"-1", b"1e9", b"9" * 40, "７".encode(), b'{"type":"io.nats"}'):
            await client.publish(POSITION, nonsense)
        telling.tell(6)
        telling.tell(7)
        await eventually(lambda: _holds(lambda: 7 in heard), "nothing is heard")
        assert set(heard) <= {6, 7}
        telling.stop()
    finally:
        running.cancel()
        await end.close()
        await client.close()


async def test_many_who_wait_ask_no_more_often_than_one(primary: PostgresServer, standby: Standby) -> None:
    async with positions_on(standby.url) as (positions, counted):
        waiting = [asyncio.create_task(positions.reach(1_000_000, 0.3)) for _ in range(200)]
        await asyncio.gather(*waiting)
        # each hundredth of a second at most once or so, and never 200 times
        assert counted.asked < 200


async def test_a_promoted_standby_is_listened_to(primary: PostgresServer, folder: Path) -> None:
    own = folder / "promoted"
    own.mkdir(mode=0o755)
    with following(primary, own) as promoted:
        async with positions_on(promoted.url) as (positions, _):
            await eventually(lambda: _is_there(promoted), "it never connects")
            connection = await connect(promoted.url)
            await connection.execute("SELECT pg_promote()")
            await connection.close()
            position = next(_positions)
            waiting = asyncio.create_task(positions.reach(position, 30))

            async def listens() -> bool:
                return any("LISTEN" in query for query in await session_of(promoted))

            await eventually(listens, "nobody listens after the promotion")
            await advance(promoted, position)
            await waiting
            assert positions._heard == position


async def _is_there(server: PostgresServer) -> bool:
    return bool(await session_of(server))


async def _asked(counted: Counted, times: int = 1) -> bool:
    return counted.asked >= times


async def _holds(what: Callable[[], bool]) -> bool:
    return what()
