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
from urllib.parse import quote, unquote, urlsplit

from services.embedded.postgres import program
from services.restoring.errors import RestoreError
from services.up import tether

_PART: Final = 1 << 18
_OURS: Final = ("--no-owner", "--no-privileges")


async def dump(database_url: str, snapshot: str, take: Callable[[bytes], None]) -> None:
    """Hand the whole database as of an exported snapshot to `take`; RestoreError where that fails."""
    arguments = ("--format=custom", "--compress=gzip:1", f"--snapshot={snapshot}", *_OURS)
    async with _running("pg_dump", database_url, *arguments) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        while part := await process.stdout.read(_PART):
            take(part)


async def undump(database_url: str, file: Path) -> None:
    """Bring a database back into an empty one, all of it or nothing; RestoreError where that fails."""
    async with _running("pg_restore", database_url, "--single-transaction", "--exit-on-error", *_OURS, str(file)):
        pass


@asynccontextmanager
async def _running(name: str, database_url: str, *arguments: str) -> AsyncIterator[Process]:
    """Run a program that ends when this one does, also when this one is killed."""
    url, password = _without_password(database_url)
    environ = {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": password} if password is not None else {})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid())),
        *(str(program(name)), f"--dbname={url}", *arguments),
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


def _without_password(database_url: str) -> tuple[str, str | None]:
    """Take the password out of an address: arguments of a program are seen by every user of the machine."""
    parts = urlsplit(database_url)
    if parts.password is None:
        return database_url, None
    user, host = quote(unquote(parts.username or ""), safe=""), parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}@{host}").geturl(), unquote(parts.password)
