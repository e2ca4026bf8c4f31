"""What tests of backups and restores share: the command as its user runs it, figures made of a stream, all of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

import asyncpg
import nats
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from typer.testing import CliRunner

from projections.rules.log.message import Message
from projections.store.live.projection import Projection
from services.cli.app import app
from services.embedded.nats import NatsServer
from services.recovery import archive, framing
from services.recovery.log import Log
from services.recovery.transfer import upload
from services.settings import Settings
from tests import servers
from tests.property.system import system_on


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    said: str


async def tonghop(settings: Settings, *arguments: str) -> Done:
    """Run a command to its end, as the command line does, on a loop of its own."""
    environ = {"NO_COLOR": "1", "COLUMNS": "160", "TONGHOP_LANG": "en"} | settings.as_environment()
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environ)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.output)


async def fresh(server: NatsServer, database: str) -> Settings:
    """Name a fresh stream and a fresh database."""
    return replace(await servers.fresh_party(server), database_url=database)


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[Client]:
    client = await nats.connect(settings.nats_url)
    try:
        yield client
    finally:
        await client.close()


async def read(client: Client) -> list[Message]:
    """Read the whole stream, with the bus's times."""
    log = Log(client, Settings())
    state = await log.state()
    assert state is not None
    return [message async for part in log.read(1, state.last_seq) for message in part] if state.last_seq else []


async def project(settings: Settings, end: int | None = None) -> None:
    """Fold the stream into the database, up to a position."""
    projection = await Projection.open(settings.database_url)
    async with client_of(settings) as client:
        messages = await read(client)
    try:
        await projection.apply(messages[:end])
    finally:
        await projection.close()


async def figures(settings: Settings) -> dict[str, list[Any]]:
    async with system_on(settings.database_url) as system:
        return await system.dump()


async def fetch(settings: Settings, query: str) -> Any:
    connection = await asyncpg.connect(settings.database_url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def remove_stream(client: Client) -> None:
    with suppress(NotFoundError):
        await client.jetstream().delete_stream("PARTY")


async def put_stream(client: Client, messages: Sequence[Message]) -> None:
    """Make the stream of these messages instead of what is there: one that was cut, or another one."""
    await remove_stream(client)

    async def parts() -> AsyncIterator[bytes]:
        yield framing.MAGIC + framing.framed(archive.head(messages[-1].position, 1 << 20))
        for piece in archive.body(messages):
            yield framing.framed(piece)
        yield framing.framed(archive.tail())

    log = Log(client, Settings())
    await upload(client, log.closed_config("test"), parts())
    await log.open()
