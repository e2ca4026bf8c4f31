"""SIGKILL on backups and restores at each of their steps: run again they come to the same end, and nothing is lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from nats.aio.client import Client

from projections.rules.log.message import Message
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.recovery.log import Log, closed_by
from services.settings import Settings
from tests import servers
from tests.integration.restoring import (
    client_of,
    figures,
    fresh,
    project,
    put_stream,
    read,
    remove_stream,
    tonghop,
)
from tests.oracle.telling import ROOT, admitted, founded, root

LENGTH = 8_000
LOST = "lost_by_kill"

Sign = Callable[[], Awaitable[bool]]


def long_log() -> list[Message]:
    """Make a log that takes a while."""
    start = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    said = [root(), *(founded(f"u{n}", ROOT, "2020-01-01") for n in range(9))]
    said += [admitted(f"u{n % 9}", f"2023-05-{n % 28 + 1:02}", f"e{n}") for n in range(LENGTH - len(said))]
    return [
        Message(
            n,
            start + dt.timedelta(seconds=n),
            one.bus_subject,
            f"NATS/1.0\r\nNats-Msg-Id: {one.bus_subject.split('.')[2]}:{json.loads(one.body)['id']}\r\n\r\n".encode(),
            one.body,
        )
        for n, one in enumerate(said, start=1)
    ]


LOG = long_log()


@pytest.fixture(scope="module")
def quick_nats() -> Iterator[NatsServer]:
    """Run a server that does not bring every message to the disk by itself: here it is never killed."""
    with servers.short_folder() as folder:
        server = NatsServer(folder / "nats", servers.ANY_PORT, log=folder / "nats.log", durable=False)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
async def lost(postgres: PostgresServer) -> AsyncIterator[str]:
    """Name a database that is empty."""
    await servers.execute(postgres, f"CREATE DATABASE {LOST}")
    yield postgres.database_url(LOST)
    await servers.execute(postgres, f"DROP DATABASE IF EXISTS {LOST} WITH (FORCE)")


async def killed_at(settings: Settings, sign: Sign, *arguments: str) -> None:
    """Run a command and kill it with SIGKILL as soon as there is a sign; that it ends before is a failure."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", *arguments, env=os.environ | settings.as_environment()
    )
    try:
        while not await sign():
            assert process.returncode is None, f"{arguments} ended with {process.returncode} before the sign"
            await asyncio.sleep(0.002)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def comes_to_its_end(settings: Settings, *arguments: str) -> None:
    done = await tonghop(settings, *arguments)
    assert done.code == 0, done.said


def asking(database_url: str, query: str) -> Sign:
    """Give a sign when a query answers yes; while the database lacks its tables it doesn't."""

    async def sign() -> bool:
        connection = await asyncpg.connect(database_url)
        try:
            return bool(await connection.fetchval(query))
        except asyncpg.UndefinedTableError:
            return False
        finally:
            await connection.close()

    return sign


def streaming(client: Client, holds: Callable[[int | None, str | None], bool]) -> Sign:
    """Give a sign by how far the stream goes, None without one, and by who closed it."""

    async def sign() -> bool:
        info = await Log(client, Settings()).info()
        return holds(*((None, None) if info is None else (info.state.last_seq, closed_by(info))))

    return sign


@pytest.mark.long
async def test_the_figures_from_the_log(quick_nats: NatsServer, database: str, lost: str) -> None:
    settings = await fresh(quick_nats, database)
    async with client_of(settings) as client:
        await put_stream(client, LOG)
        await project(settings)
        anew = replace(settings, database_url=lost)
        for query in ("SELECT true FROM worker", "SELECT position > 0 FROM checkpoint"):
            await killed_at(anew, asking(lost, query), "restore", "--from-log")
        await comes_to_its_end(anew, "restore", "--from-log")
        assert await figures(anew) == await figures(settings)


@pytest.mark.long
async def test_the_stream_from_the_ledger(quick_nats: NatsServer, database: str) -> None:
    settings = await fresh(quick_nats, database)
    async with client_of(settings) as client:
        await put_stream(client, LOG)
        await project(settings)
        for holds in (
            lambda _, closed: closed == "ledger",
            lambda last, _: last is None,
            lambda last, _: last is not None and 0 < last != LENGTH // 2,
        ):
            await put_stream(client, LOG[: LENGTH // 2])
            await killed_at(settings, streaming(client, holds), "restore", "--from-ledger")
            await comes_to_its_end(settings, "restore", "--from-ledger")
            assert await read(client) == LOG


@pytest.mark.long
async def test_a_backup_and_both_from_it(quick_nats: NatsServer, database: str, lost: str, tmp_path: Path) -> None:
    settings = await fresh(quick_nats, database)
    copy = tmp_path / "copy"

    def written(name: str) -> Sign:
        async def sign() -> bool:
            return (copy / name).exists()

        return sign

    async with client_of(settings) as client:
        await put_stream(client, LOG)
        await project(settings, LENGTH - 1)
        anew = replace(settings, database_url=lost)
        for name in ("database.dump", "stream.arc.s2"):
            await killed_at(settings, written(name), "backup", str(copy))
            half = await tonghop(anew, "restore", "--backup", str(copy))
            assert half.code == 1
            assert "no whole backup" in half.said
        await comes_to_its_end(settings, "backup", str(copy))
        await remove_stream(client)
        restoring = ("restore", "--backup", str(copy))
        for sign in (
            streaming(client, lambda _, closed: closed == "backup"),
            streaming(client, lambda last, _: last == LENGTH),
            asking(lost, "SELECT true FROM pg_stat_activity WHERE application_name = 'pg_restore'"),
        ):
            await killed_at(anew, sign, *restoring)
            assert not await streaming(client, lambda last, closed: last is not None and closed is None)()
        await killed_at(anew, asking(lost, "SELECT position > 0 FROM checkpoint"), *restoring)
        done = await tonghop(anew, *restoring)
        assert done.code == 0 or "nothing was changed" in done.said  # all was there, when it was killed
        assert await read(client) == LOG
        assert await figures(anew) == await figures(settings)
