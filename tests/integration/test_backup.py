"""`tonghop backup DIR` while the service runs, and `tonghop restore --backup DIR` after one or both are lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from services.access.authentication import asker_of
from services.access.credentials import Credentials
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests import servers
from tests.fault.projecting import bench
from tests.integration.odd_log import LENGTH, publish, publish_odd_log
from tests.integration.restoring import (
    client_of,
    fetch,
    figures,
    fresh,
    project,
    put_stream,
    read,
    remove_stream,
    tonghop,
)
from tests.oracle.telling import admitted

ANOTHER = "another"


@pytest.fixture
async def other(postgres: PostgresServer) -> AsyncIterator[str]:
    """Name a database that is empty: not even migrated."""
    await servers.execute(postgres, f"CREATE DATABASE {ANOTHER}")
    yield postgres.database_url(ANOTHER)
    await servers.execute(postgres, f"DROP DATABASE IF EXISTS {ANOTHER} WITH (FORCE)")


async def backed_up(settings: Settings, folder: Path) -> dict[str, object]:
    """Make a backup and read its manifest."""
    done = await tonghop(settings, "backup", str(folder))
    assert done.code == 0, done.said
    manifest: dict[str, object] = json.loads((folder / "manifest.json").read_bytes())
    return manifest


async def restored(settings: Settings, folder: Path, *options: str) -> None:
    done = await tonghop(settings, "restore", "--backup", str(folder), *options)
    assert done.code == 0, done.said


async def refused(settings: Settings, folder: Path, *words: str, options: tuple[str, ...] = ()) -> None:
    done = await tonghop(settings, "restore", "--backup", str(folder), *options)
    assert done.code == 1
    for word in words:
        assert word in done.said


async def test_both_come_back_and_the_projector_reads_the_rest(
    nats_server: NatsServer, database: str, other: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings)
        whole = await figures(settings)
        log = await read(client)
    settings = await fresh(nats_server, other)
    await tonghop(settings, "migrate")
    async with client_of(settings) as client:
        await put_stream(client, log)
        await project(settings, 17)
        behind = await figures(settings)
        token = (await tonghop(settings, "account", "bootstrap")).said.strip()
        manifest = await backed_up(settings, tmp_path / "copy")
        assert (manifest["position"], manifest["stream_last"]) == (17, LENGTH)
        # Both are lost: the database is emptied of everything, the stream is made anew by a migration.
        await remove_stream(client)
        await servers_emptied(settings)
        await tonghop(settings, "migrate")
        await restored(settings, tmp_path / "copy")
        assert await read(client) == log
        assert await figures(settings) == behind
        async with asyncpg.create_pool(other, min_size=0) as pool:
            asker = await asker_of(pool, Credentials(authorization=f"Bearer {token}"))
            assert asker.holds_everything, "accounts, tokens and the audit log are in the backup"
        assert await fetch(settings, "SELECT count(*) FROM audit") == 1
        async with bench(settings.nats_url, other) as on:
            with on.projector():
                await on.reached(LENGTH)
        assert await figures(settings) == whole
        assert await publish(client, admitted("u1", "2023-09-01", "after")) == LENGTH + 1


async def servers_emptied(settings: Settings) -> None:
    await fetch(settings, "DROP SCHEMA public, g1 CASCADE")
    await fetch(settings, "CREATE SCHEMA public")


async def test_a_backup_is_consistent_while_events_come_in(
    nats_server: NatsServer, database: str, other: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with bench(settings.nats_url, database) as on, client_of(settings) as client:
        await publish_odd_log(client)
        with on.projector():
            await on.reached(LENGTH)
            done = asyncio.Event()

            async def go_on() -> None:
                number = 0
                while not done.is_set():
                    number += 1
                    await publish(client, admitted("u1", "2023-09-01", f"live-{number}"))

            publishing = asyncio.create_task(go_on())
            manifest = await backed_up(settings, tmp_path)
            done.set()
            await publishing
            log = await read(client)
            await on.reached(log[-1].position)
        whole = await figures(settings)
        stream_last = int(str(manifest["stream_last"]))
        assert LENGTH <= int(str(manifest["position"])) <= stream_last <= len(log)
        await remove_stream(client)
        lost = replace(settings, database_url=other)
        await restored(lost, tmp_path)
        assert await read(client) == log[:stream_last]
        # What was published after the backup is lost with both; the ledger of the first database still has it.
        assert await fetch(lost, "SELECT position FROM checkpoint") == manifest["position"]
        assert (await tonghop(settings, "restore", "--from-ledger")).code == 0
        assert await read(client) == log
        assert (await tonghop(replace(lost, database_url=database), "restore", "--from-log")).code == 1
        assert await figures(settings) == whole


async def test_one_that_is_lost_comes_back_alone(
    nats_server: NatsServer, database: str, other: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings, 20)
        kept, log = await figures(settings), await read(client)
        await backed_up(settings, tmp_path)
        lost = replace(settings, database_url=other)
        await refused(lost, tmp_path, f"messages up to {LENGTH}", "nothing was changed", "--only database")
        await restored(lost, tmp_path, "--only", "database")
        assert await figures(lost) == kept
        await restored(lost, tmp_path, "--only", "database")  # it may have been killed at its very end
        assert await figures(lost) == kept
        await remove_stream(client)
        await refused(lost, tmp_path, "up to position 20", "--from-ledger")
        await restored(lost, tmp_path, "--only", "stream")
        assert await read(client) == log
        await restored(lost, tmp_path, "--only", "stream")
        assert await read(client) == log
        await project(lost)
        await refused(lost, tmp_path, f"up to position {LENGTH}", "nothing was", options=("--only", "database"))
        await refused(lost, tmp_path, f"up to {LENGTH}", "nothing was", options=("--only", "stream"))


async def test_half_a_backup_is_none_and_is_finished_by_the_next(
    nats_server: NatsServer, database: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings)
        (tmp_path / "database.dump").write_bytes(b"half of it")
        await refused(settings, tmp_path, "no whole backup", "manifest.json")
        await backed_up(settings, tmp_path)
        again = await tonghop(settings, "backup", str(tmp_path))
        assert again.code == 1
        assert "nothing is overwritten" in again.said
        for name in ("database.dump", "stream.arc.s2"):
            content = (tmp_path / name).read_bytes()
            for spoilt in (content[:-1], bytes([content[0] ^ 1]) + content[1:]):
                (tmp_path / name).write_bytes(spoilt)
                await refused(settings, tmp_path, name, "SHA-256")
            (tmp_path / name).write_bytes(content)


async def test_what_is_no_place_or_no_pair_is_not_backed_up(
    nats_server: NatsServer, database: str, other: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    (tmp_path / "mine.txt").write_text("mine")
    done = await tonghop(settings, "backup", str(tmp_path))
    assert done.code == 1
    assert "mine.txt" in done.said
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings)
        empty = await tonghop(replace(settings, database_url=other), "backup", str(tmp_path / "new"))
        assert empty.code == 1
        assert "no tables" in empty.said
        await put_stream(client, (await read(client))[:20])
        cut = await tonghop(settings, "backup", str(tmp_path / "new"))
        assert cut.code == 1
        assert "--from-ledger" in cut.said
        assert not (tmp_path / "new" / "manifest.json").exists()


async def test_tables_of_somebody_else_are_not_touched(
    nats_server: NatsServer, database: str, other: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings)
        await backed_up(settings, tmp_path)
        await remove_stream(client)
    theirs = replace(settings, database_url=other)
    await fetch(theirs, "CREATE TABLE theirs AS SELECT 1 AS n")
    await refused(theirs, tmp_path, "other tables (public.theirs)")
    assert await fetch(theirs, "SELECT n FROM theirs") == 1
    await fetch(theirs, "DROP TABLE theirs")
    await tonghop(theirs, "migrate")
    assert (await tonghop(theirs, "account", "bootstrap")).code == 0, "a token of admin alone is nothing to lose"
    await fetch(theirs, "INSERT INTO account (id, name, name_key, signs_in) VALUES ('a-1', 'lan', 'lan', 'local')")
    await refused(theirs, tmp_path, "1 accounts")
    await fetch(theirs, "DELETE FROM account WHERE id = 'a-1'")
    await fetch(theirs, "CREATE SCHEMA elsewhere")
    await fetch(theirs, "CREATE TABLE elsewhere.rows AS SELECT generate_series(1, 2) AS n")
    await refused(theirs, tmp_path, "rows in elsewhere.rows")
    assert await fetch(theirs, "SELECT sum(n) FROM elsewhere.rows") == 3
