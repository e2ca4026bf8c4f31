"""Real servers and fresh databases and streams for the tests, as plain functions."""

import asyncio
import dataclasses
import itertools
import os
import shutil
import socket
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError, ServerError

from projections.store.generations import enter_the_one_in_force
from projections.store.migrate import upgrade
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.migration import consumer_config, stream_config
from services.settings import Address, Settings

ANY_PORT = Address("127.0.0.1", 0)
TEMPLATE = "tonghop"

_numbers = itertools.count(1)
_reserved: deque[socket.socket] = deque()
_MOST_RESERVED = 200


@contextmanager
def short_folder() -> Iterator[Path]:
    """Give a folder whose path is short enough for a socket in it (pytest's own is not); it is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="th-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_address() -> Address:
    """Give an address that nobody else is given as long as this process needs it, for a server to listen on.

    A socket that is bound and doesn't listen keeps the port from all who ask for any free one, and from outgoing
    connections; a server that sets SO_REUSEADDR, as all do, can listen there (Linux), as often as it is started.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(ANY_PORT)
    _reserved.append(reserved)
    if len(_reserved) > _MOST_RESERVED:
        _reserved.popleft().close()
    return Address(*reserved.getsockname())


@contextmanager
def running_postgres(folder: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """Run PostgreSQL with its data under `folder`."""
    server = PostgresServer(folder / "postgres", log=folder / "logs" / "postgres.log", durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def running_nats(folder: Path, listen: Address | None = None) -> Iterator[NatsServer]:
    """Run NATS with its data under `folder`."""
    server = NatsServer(folder / "nats", listen or free_address(), log=folder / "logs" / "nats.log")
    try:
        server.start()
        yield server
    finally:
        server.stop()


async def migrate_template(server: PostgresServer) -> None:
    """Make the schema in the database that the others are cloned from."""
    await upgrade(server.database_url(TEMPLATE))


@asynccontextmanager
async def fresh_database(server: PostgresServer, template: str = TEMPLATE) -> AsyncIterator[str]:
    """Clone a database, the migrated one if not told otherwise, and give the clone's URL.

    The clone is dropped afterwards, whoever is still connected.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.database_url(name)
    finally:
        await execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def connect(url: str) -> asyncpg.Connection:
    """Connect to a migrated database; the session sees the read models that are in force now."""
    connection = await asyncpg.connect(url)
    await enter_the_one_in_force(connection)
    return connection


async def execute(server: PostgresServer, statement: str) -> None:
    """Run one statement outside any test's database."""
    connection = await asyncpg.connect(server.database_url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _add_stream(jetstream: JetStreamContext, settings: Settings) -> None:
    """Make the stream, trying again while the server still clears away the files of the one before."""
    for pause in (0.1, 0.5, 2.0):
        try:
            await jetstream.add_stream(stream_config(settings))
        except ServerError:
            await asyncio.sleep(pause)
        else:
            return
    await jetstream.add_stream(stream_config(settings))


async def fresh_party(server: NatsServer) -> Settings:
    """Make the stream PARTY and its consumer anew, empty, and give the settings that name this server."""
    settings = dataclasses.replace(Settings(), nats_url=server.url)
    client = await nats.connect(server.url)
    try:
        jetstream = client.jetstream()
        with suppress(NotFoundError):
            await jetstream.delete_stream(settings.stream)
        await _add_stream(jetstream, settings)
        await jetstream.add_consumer(settings.stream, consumer_config(settings))
    finally:
        await client.close()
    return settings
