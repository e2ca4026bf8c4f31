"""`tonghop migrate` on real servers: twice at once, again, on what breaks a promise, and before the servers are up."""

import asyncio
import dataclasses
from typing import Any

import asyncpg
import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from projections.store.schema.migrate import SchemaError, head
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.log.configuration import consumer_config, stream_config
from services.migration import MigrationError, mend_stream, migrate
from services.settings import Settings, SettingsError
from tests.fault.eventually import eventually
from tests.servers import execute, running_nats, short_folder


@pytest.fixture
def settings(database: str, party: str) -> Settings:
    return Settings(database_url=database, nats_url=party)


async def with_jetstream(url: str, *steps: Any) -> None:
    """Run `step(jetstream)` one after the other."""
    client = await nats.connect(url)
    try:
        for step in steps:
            await step(client.jetstream())
    finally:
        await client.close()


async def test_three_at_once_make_one_schema_and_one_stream(
    postgres: PostgresServer, nats_server: NatsServer, party: str
) -> None:
    await with_jetstream(party, lambda js: js.delete_stream("PARTY"))
    await execute(postgres, "CREATE DATABASE bare TEMPLATE template0")
    settings = Settings(database_url=postgres.database_url("bare"), nats_url=nats_server.url)
    await asyncio.gather(*(migrate(settings) for _ in range(3)))
    connection = await asyncpg.connect(settings.database_url)
    assert await connection.fetchval("SELECT count(*) FROM checkpoint") == 1
    await connection.close()
    await execute(postgres, "DROP DATABASE bare")

    async def check(jetstream: JetStreamContext) -> None:
        stream = (await jetstream.stream_info("PARTY")).config
        assert (stream.deny_delete, stream.deny_purge, stream.allow_atomic, stream.discard) == (True, True, True, "new")
        assert (await jetstream.consumer_info("PARTY", "projector")).config.ack_wait == 30

    await with_jetstream(nats_server.url, check)


async def test_again_changes_nothing(settings: Settings) -> None:
    await with_jetstream(settings.nats_url, lambda js: js.publish("party.v1.a.b.c", b"kept"))
    await migrate(settings)
    await migrate(settings)

    async def check(jetstream: JetStreamContext) -> None:
        assert (await jetstream.stream_info("PARTY")).state.messages == 1

    await with_jetstream(settings.nats_url, check)


async def test_a_stream_with_limits_of_before_is_taken_and_said_and_corrected_by_who_may(settings: Settings) -> None:
    config = stream_config(settings).evolve(max_msg_size=-1, duplicate_window=120)
    await with_jetstream(
        settings.nats_url,
        lambda js: js.delete_stream("PARTY"),
        lambda js: js.add_stream(config),
        lambda js: js.publish("party.v1.a.b.c", b"x" * 40_000),
    )
    found: list[StreamConfig] = []

    async def look(jetstream: JetStreamContext) -> None:
        info = await jetstream.stream_info("PARTY")
        assert len((await jetstream.get_msg("PARTY", 1)).data or b"") == 40_000
        found.append(info.config)

    said: list[str] = []
    await with_jetstream(settings.nats_url, look)
    await migrate(settings, notice=said.append)
    await with_jetstream(settings.nats_url, look)
    assert "nats stream edit PARTY --max-msg-size=18432 --dupe-window=30s" in said[0]
    await mend_stream(settings, notice=said.append)
    await mend_stream(settings, notice=said.append)
    await migrate(settings, notice=said.append)
    assert len(said) == 2
    await with_jetstream(settings.nats_url, look)
    assert found[1] == found[0]
    assert found[2] == found[0].evolve(max_msg_size=18_432, duplicate_window=30)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"max_age": 3600}, "max_age is 3600.0, must be 0"),
        ({"max_msgs": 5}, "max_msgs is 5, must be -1"),
        ({"deny_delete": False}, "deny_delete is False, must be True"),
        ({"deny_purge": False}, "deny_purge is False, must be True"),
        ({"discard": "old"}, "discard is old, must be new"),
        ({"storage": "memory"}, "storage is memory, must be file"),
        ({"subjects": ["party.v1.a.>"]}, "subjects is"),
        ({"allow_msg_ttl": True}, "allow_msg_ttl is True, must be False"),
        ({"allow_rollup_hdrs": True, "deny_purge": False}, "allow_rollup_hdrs is True, must be False"),
    ],
)
async def test_a_stream_that_breaks_a_promise_is_refused(
    settings: Settings, broken: dict[str, Any], named: str
) -> None:
    config = dataclasses.replace(stream_config(settings), **broken)
    await with_jetstream(settings.nats_url, lambda js: js.delete_stream("PARTY"), lambda js: js.add_stream(config))
    with pytest.raises(MigrationError, match="PARTY") as refused:
        await migrate(settings)
    assert named in str(refused.value)


async def test_a_consumer_that_is_not_the_projectors_is_refused(settings: Settings) -> None:
    config = dataclasses.replace(consumer_config(settings), ack_policy="none", filter_subject="party.v1.a.>")
    await with_jetstream(
        settings.nats_url,
        lambda js: js.delete_consumer("PARTY", "projector"),
        lambda js: js.add_consumer("PARTY", config),
    )
    with pytest.raises(MigrationError, match=r"ack_policy is none, must be all; filter_subject is party\.v1\.a\.>"):
        await migrate(settings)


async def test_a_server_that_comes_late_is_waited_for(database: str) -> None:
    said: list[str] = []
    with short_folder() as folder:
        with running_nats(folder) as gone:
            listen = gone.listen
        late = Settings(database_url=database, nats_url=f"nats://{listen}")
        migrating = asyncio.create_task(migrate(late, notice=said.append))

        async def waits() -> bool:
            return bool(said)

        await eventually(waits, "it does not say that it waits")
        with running_nats(folder, listen):
            await migrating
    assert said
    assert all("TONGHOP_NATS_URL" in line for line in said)


async def test_a_server_that_stays_away_is_named(settings: Settings) -> None:
    away = dataclasses.replace(settings, database_url="postgresql://postgres@127.0.0.1:1/tonghop")
    with pytest.raises(MigrationError, match="TONGHOP_DATABASE_URL"):
        await migrate(away, notice=lambda _: None, patience=0.5)


async def test_a_missing_database_is_said_at_once(settings: Settings, postgres: PostgresServer) -> None:
    missing = dataclasses.replace(settings, database_url=postgres.database_url("missing"))
    with pytest.raises(MigrationError, match="createdb"):
        await migrate(missing)


async def test_a_schema_of_newer_code_is_refused_unless_it_lives_with_this_one(settings: Settings) -> None:
    said: list[str] = []
    connection = await asyncpg.connect(settings.database_url)
    try:
        await migrate(settings, notice=said.append)
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for needs in (None, f"{head()} lives with 0001", f"9999 lives with {head()}9"):
            if needs is not None:
                await connection.execute(f"COMMENT ON TABLE alembic_version IS '{needs}'")
            with pytest.raises(SchemaError, match="9999"):
                await migrate(settings)
        assert not said
        await connection.execute(f"COMMENT ON TABLE alembic_version IS '9999 lives with {head()}'")
        await migrate(settings, notice=said.append)
        assert "9999" in said[0]
    finally:
        await connection.close()


async def test_a_migration_waits_behind_nobody_for_long(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.migration.LOCK_WAITS", (0.02,))
    reader = await asyncpg.connect(settings.database_url)
    said: list[str] = []
    try:
        await reader.execute("UPDATE alembic_version SET version_num = '0014'")
        await reader.execute("DROP TABLE g1.breakdown_year, g1.as_now_past")
        reading = reader.transaction()
        await reading.start()
        await reader.fetch("SELECT * FROM g1.breakdown")
        migrating = asyncio.create_task(migrate(settings, notice=said.append))
        while not said:
            assert not migrating.done()
            await asyncio.sleep(0.01)
        await reading.rollback()
        await migrating
        assert "tried again" in said[0] or "thử lại" in said[0]
    finally:
        await reader.close()


def test_settings_survive_the_environment() -> None:
    settings = Settings.from_environment(
        {"TONGHOP_HTTP": "[::1]:90", "TONGHOP_NATS_URL": "nats://a:1,nats://b:2", "TONGHOP_SMALLEST_CELL": "5"}
    )
    assert (settings.http.host, settings.http.port, settings.smallest_cell) == ("::1", 90, 5)
    assert Settings.from_environment(settings.as_environment()) == settings
    assert Settings.from_environment({}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TONGHOP_NATS_URL", "127.0.0.1:4222"),
        ("TONGHOP_DATABASE_URL", "mysql://a/b"),
        ("TONGHOP_DATABASE_URL", "postgresql://host"),
        ("TONGHOP_ROOT", "Trung Ương"),
        ("TONGHOP_API_URL", "localhost:8080"),
        ("TONGHOP_HTTP", "8080"),
        ("TONGHOP_HTTP", "a:99999"),
        ("TONGHOP_PROJECTOR_HTTP", ":8081"),
        ("TONGHOP_REPLICAS", "2"),
        ("TONGHOP_SMALLEST_CELL", "0"),
        ("TONGHOP_SMALLEST_CELL", "101"),
        ("TONGHOP_SMALLEST_CELL", "2.5"),
    ],
)
def test_a_bad_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: "):
        Settings.from_environment({variable: value})
