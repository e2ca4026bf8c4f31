"""The API as it is shipped: the process `tonghop api` on a real database, and raw connections to it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx

from services.settings import Address, Settings
from services.up.ports import claim
from tests.integration.test_api import small_world
from tests.servers import ANY_PORT, connect

GUARD = 30.0
"""Seconds after which a test that would hang is ended; nothing is measured by it."""
METRICS: dict[Address, Address] = {}
"""The address of the metrics of each API that was run, by that of the API."""
CELLS = 7_000
"""Cells below `unit-005`: all of them at once are a vast question, each way of asking."""
CHEAP = "/v1/units/unit-002/report?from=2021-01-01&to=2021-12-31&by=none"
SILENCE = "/v1/units/trung-uong/silence?from=2021-01-01&to=2021-12-31"

_CELLS = """
INSERT INTO unit (no, id, established, since, name, level, large, vast)
SELECT n, 'c-' || n, n, DATE '2021-01-01', 'Chi bộ số ' || n, 'cell', false, false FROM generate_series($1::int, $2) n;
"""
_EDGES = "INSERT INTO edge SELECT n, DATE '2021-01-01', 'infinity', 5 FROM generate_series($1::int, $2) n"
_NAMES = """
INSERT INTO unit_name SELECT n, DATE '2021-01-01', 'infinity', 'Chi bộ số ' || n, 'chi bo so ' || n
FROM generate_series($1::int, $2) n
"""
_LEVELS = "INSERT INTO unit_level SELECT n, DATE '2021-01-01', 'infinity', 'cell' FROM generate_series($1::int, $2) n"


async def write_wide_world(url: str) -> None:
    """Put the small world of the API's tests into a database, with CELLS cells below one of its units."""
    connection = await connect(url)
    try:
        await small_world().write(connection)
        for statement in (_CELLS, _EDGES, _NAMES, _LEVELS):
            await connection.execute(statement.strip().rstrip(";"), 1_000, 1_000 + CELLS - 1)
        await connection.execute("UPDATE unit SET level = 'grassroots' WHERE no = 5")
        await connection.execute("UPDATE unit_level SET level = 'grassroots' WHERE unit = 5")
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


@asynccontextmanager
async def serving(settings: Settings, folder: Path) -> AsyncIterator[Address]:
    """Run `tonghop api` with these settings on free ports of loopback; `METRICS` says which one has its metrics."""
    address = claim(ANY_PORT, "--http")
    settings = dataclasses.replace(settings, http=address, metrics_http=claim(ANY_PORT, "metrics"))
    METRICS[address] = settings.metrics_http
    with (folder / "api.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "api"),
            env={**os.environ, **settings.as_environment()},
            stdout=log,
            stderr=log,
        )
        try:
            async with asyncio.timeout(GUARD):
                while not await asyncio.to_thread(_lives, address):
                    assert process.returncode is None, (folder / "api.log").read_text()
                    await asyncio.sleep(0.05)
            yield address
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


class Reply(NamedTuple):
    """An answer as it stands on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection, from an address of loopback's own (127.0.0.0/8), on which anything can be written."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader = reader
        self.writer = writer
        self._host = host

    @classmethod
    async def to(cls, address: Address, source: str = "127.0.0.1") -> Wire:
        reader, writer = await asyncio.open_connection(*address, local_addr=(source, 0))
        return cls(reader, writer, str(address))

    def ask(self, target: str, method: str = "GET", **headers: str) -> None:
        """Write a request, and wait for nothing."""
        fields = {"Host": self._host} | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.writer.write(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode())

    async def reply(self, *, bodiless: bool = False) -> Reply:
        """Read the next answer."""
        async with asyncio.timeout(GUARD):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            length = 0 if bodiless else int(headers.get("content-length", 0))
            return Reply(int(first.split()[1]), headers, await self.reader.readexactly(length))

    async def get(self, target: str, **headers: str) -> Reply:
        """Ask and read."""
        self.ask(target, **headers)
        return await self.reply()

    async def ended(self) -> bool:
        """Wait until the other side has ended the connection."""
        async with asyncio.timeout(GUARD):
            with suppress(ConnectionError):
                while await self.reader.read(65536):
                    pass
        return True

    def hang_up(self) -> None:
        """Go, without a word."""
        self.writer.transport.abort()


class Locked:
    """A lock on a table of the read models, behind which every question that reads it stands still."""

    def __init__(self, connection: asyncpg.Connection, table: str) -> None:
        self._connection = connection
        self._table = table
        self._transaction = connection.transaction()

    async def take(self) -> None:
        await self._transaction.start()
        await self._connection.execute(f"LOCK TABLE {self._table} IN ACCESS EXCLUSIVE MODE")

    async def release(self) -> None:
        await self._transaction.rollback()


@asynccontextmanager
async def locked(url: str, table: str = "declaration") -> AsyncIterator[Locked]:
    """Hold the lock for as long as the block lasts, or until it is released in it."""
    connection = await connect(url)
    lock = Locked(connection, table)
    await lock.take()
    try:
        yield lock
    finally:
        await connection.close()


async def held_up(url: str, at_least: int) -> int:
    """Wait until so many statements of the API wait for the lock."""
    return await _until(url, lambda n: n >= at_least)


async def nobody_held_up(url: str) -> int:
    """Wait until no statement of the API waits for the lock."""
    return await _until(url, lambda n: n == 0)


async def _until(url: str, holds: Callable[[int], bool]) -> int:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(GUARD):
            while True:
                n = await connection.fetchval(
                    """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND application_name LIKE 'tonghop api%' AND state = 'active' AND wait_event_type = 'Lock'"""
                )
                if holds(n):
                    return int(n)
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


def _lives(address: Address) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/healthz", timeout=5) as answer:
            return bool(answer.status == httpx.codes.OK)
    except OSError:
        return False
