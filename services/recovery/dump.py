"""The database out and in, by PostgreSQL's own programs: they know its tables, whatever those are by then."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from services.connecting.relay import Way, way_to
from services.embedded import tether
from services.recovery.errors import RestoreError
from services.recovery.programs import program

_PART: Final = 1 << 18
_OURS: Final = ("--no-owner", "--no-privileges")


async def dump(connection: asyncpg.Connection, snapshot: str, take: Callable[[bytes], None]) -> None:
    """Hand the database of a connection, as of its exported snapshot, to `take`; RestoreError where that fails."""
    arguments = ("--format=custom", "--compress=gzip:1", f"--snapshot={snapshot}", *_OURS)
    async with _running("pg_dump", connection, *arguments) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        while part := await process.stdout.read(_PART):
            take(part)


async def undump(connection: asyncpg.Connection, file: Path) -> None:
    """Bring a database back into the empty one of a connection, all of it or nothing; RestoreError where that fails."""
    async with _running("pg_restore", connection, "--single-transaction", "--exit-on-error", *_OURS, str(file)):
        pass


@asynccontextmanager
async def _running(name: str, connection: asyncpg.Connection, *arguments: str) -> AsyncIterator[Process]:
    """Run a program on the server of a connection; it ends when this one does, also when this one is killed."""
    async with way_to(connection) as way, _on(way, name, *arguments) as process:
        yield process


@asynccontextmanager
async def _on(way: Way, name: str, *arguments: str) -> AsyncIterator[Process]:
    # The password is no argument of the program: those are seen by every user of the machine.
    environ = {variable: value for variable, value in os.environ.items() if not variable.startswith("PG")}
    environ |= {"LC_ALL": "C"} | ({"PGPASSWORD": way.password} if way.password is not None else {})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid())),
        *(str(program(name)), f"--dbname={way.address}", *arguments),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=environ,
    )
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    said = asyncio.ensure_future(process.stderr.read())
    try:
        yield process
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        message = (await said).decode(errors="replace").strip()
    if code != 0:
        raise RestoreError(f"{name} failed with exit code {code}: {message}")
