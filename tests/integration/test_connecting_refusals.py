"""What servers refuse is said at once and with what to do, and what no waiting mends ends the projector."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from services.connecting.bus import BusClient, DeniedError, Listener, connect_once
from services.embedded.postgres import PostgresServer
from services.log.errors import WrongSqlError
from services.migration import MigrationError, migrate
from services.projector import serving, worker
from services.projector.pulse import Pulse
from services.settings import Settings
from tests import servers
from tests.fault.projecting import eventually

ACCOUNTS = """
accounts {
  A { jetstream: enabled, users: [
    { user: all, password: geheim }
    { user: mute, password: geheim, permissions: { publish: ["nothing"], subscribe: [">"] } }
    { user: deaf, password: geheim, permissions: { publish: [">"], subscribe: ["nothing"] } }
  ] }
}
"""


@contextmanager
def guarded(folder: Path) -> Iterator[str]:
    store = f'jetstream {{ store_dir: "{folder}/js" }}'
    text = f'listen: "127.0.0.1:-1"\nports_file_dir: "{folder}"\n{store}\n{ACCOUNTS}'
    with servers.configured_nats(folder / "nats.conf", text) as (address, _):
        yield address


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with servers.short_folder() as folder, guarded(folder) as found:
        yield found


@pytest.mark.parametrize("user", ["mute", "deaf"])
async def test_a_denied_request_fails_at_once_and_not_by_a_timeout(user: str, address: str) -> None:
    client = await connect_once(Settings(nats_url=f"nats://{user}:geheim@{address}"), "test")
    try:
        with pytest.raises(DeniedError, match="TONGHOP_NATS_URL"):
            await client.request("$JS.API.STREAM.INFO.PARTY", timeout=600)
    finally:
        await client.close()


@pytest.mark.parametrize("user", ["mute", "deaf"])
async def test_migrate_says_at_once_that_its_user_may_not(user: str, address: str, database: str) -> None:
    """It waited for a minute, and said that the bus was away."""
    settings = Settings(nats_url=f"nats://{user}:geheim@{address}", database_url=database)
    waited: list[str] = []
    with pytest.raises(MigrationError, match="denies this user"):
        await migrate(settings, notice=waited.append, patience=600)
    assert not waited


async def test_migrate_says_at_once_that_the_password_is_wrong(address: str, database: str) -> None:
    settings = Settings(nats_url=f"nats://all:falsch@{address}", database_url=database)
    waited: list[str] = []
    with pytest.raises(MigrationError, match="TONGHOP_NATS_PASSWORD_FILE") as refused:
        await migrate(settings, notice=waited.append, patience=600)
    assert not waited
    assert "falsch" not in str(refused.value)


async def test_a_process_that_stays_logs_a_denial_as_an_error_and_once(address: str) -> None:
    class Log:
        def __init__(self) -> None:
            self.errors: list[str] = []
            self.warnings: list[str] = []

        def error(self, _: str, **told: str) -> None:
            self.errors.append(told["subject"])

        def warning(self, _: str, **told: str) -> None:
            self.warnings.append(told["error"])

    log = Log()
    client = BusClient()
    await client.connect(f"nats://mute:geheim@{address}", error_cb=Listener(log))
    try:
        for _ in range(3):
            await client.publish("party.v1.x.y", b"")
        await client.publish("party.v1.x.z", b"")
        await client.flush()

        async def told() -> bool:
            return len(log.errors) == 2

        await eventually(told, "it is never told")
        assert log.errors == ["party.v1.x.y", "party.v1.x.z"]
        assert not log.warnings
    finally:
        await client.close()


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[tuple[asyncio.Task[None], Pulse]]:
    """Run a projector's worker in this process."""
    client = BusClient()
    await client.connect(settings.nats_url, error_cb=Listener())
    pulse = Pulse(settings, client)
    task = asyncio.create_task(worker.Worker(settings, client, pulse).run())
    try:
        yield task, pulse
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)
        await client.close()


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(worker, "_LONGEST_PAUSE", 0.02)


@pytest.mark.usefixtures("_hasty")
async def test_a_statement_that_the_database_cant_make_sense_of_ends_the_projector(party: str, database: str) -> None:
    """It was waited for, for ever."""
    connection = await asyncpg.connect(database)
    await connection.execute("ALTER TABLE checkpoint RENAME COLUMN position TO place")
    await connection.close()
    async with working(Settings(nats_url=party, database_url=database)) as (task, pulse):
        await asyncio.wait({task}, timeout=60)
        error = task.exception()
        assert isinstance(error, WrongSqlError)
        assert "tonghop migrate" in str(error)
        assert f"({worker._MOST_WRONG} ×)" in str(error)
        assert pulse.state == "refused"
        assert serving._EXIT[type(error)] == 4


@pytest.mark.usefixtures("_hasty")
async def test_a_permission_that_is_missing_is_waited_for_and_said(
    party: str, database: str, postgres: PostgresServer
) -> None:
    role = f"reader_{os.getpid()}"
    connection = await asyncpg.connect(database)
    await connection.execute(f"CREATE ROLE {role} LOGIN")
    try:
        url = database.replace("postgres@", f"{role}@")
        async with working(Settings(nats_url=party, database_url=url)) as (task, pulse):

            async def says() -> bool:
                return "roles.sql" in (pulse.detail or "")

            await eventually(says, "it never says what is missing")
            assert not task.done()
            await connection.execute(f"ALTER ROLE {role} SUPERUSER")

            async def leads() -> bool:
                return pulse.state == "leading"

            await eventually(leads, "it never leads")
    finally:
        await connection.execute(f"DROP ROLE {role}")
        await connection.close()


@pytest.mark.usefixtures("_hasty")
async def test_a_schema_that_is_missing_is_waited_for(party: str, postgres: PostgresServer) -> None:
    from projections.store.schema.migrate import upgrade

    async with (
        servers.fresh_database(postgres, "template0") as url,
        working(Settings(nats_url=party, database_url=url)) as (task, pulse),
    ):

        async def says() -> bool:
            return "tonghop migrate" in (pulse.detail or "")

        await eventually(says, "it never says what is missing")
        assert not task.done()
        await upgrade(url)

        async def leads() -> bool:
            return pulse.state == "leading"

        await eventually(leads, "it never leads")


def test_settings_that_belong_together_are_asked_for_together(tmp_path: Path) -> None:
    from services.settings import SettingsError

    file = tmp_path / "x.pem"
    file.touch()
    with pytest.raises(SettingsError, match="TONGHOP_NATS_KEY"):
        Settings.from_environment({"TONGHOP_NATS_CERT": str(file)})
    with pytest.raises(SettingsError, match=r"TONGHOP_NATS_CA: .*nowhere"):
        Settings.from_environment({"TONGHOP_NATS_CA": str(tmp_path / "nowhere")})
    settings = Settings.from_environment({"TONGHOP_NATS_CA": str(file)})
    assert Settings.from_environment(settings.as_environment()) == settings
    assert replace(settings, http_cert=file).without_tls() == Settings()
