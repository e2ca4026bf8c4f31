"""Real servers and fresh databases and streams for the tests, as plain functions."""

import asyncio
import atexit
import dataclasses
import itertools
import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path

import asyncpg
import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError, ServerError

from projections.store.generations import enter_the_one_in_force
from projections.store.schema.migrate import upgrade
from services.embedded.nats import NatsServer, executable
from services.embedded.postgres import PostgresServer
from services.log.configuration import consumer_config, stream_config
from services.settings import Address, Settings
from tests.fault.eventually import AT_LAST

ANY_PORT = Address("127.0.0.1", 0)
TEMPLATE = "tonghop"

_numbers = itertools.count(1)
_reserved: deque[socket.socket] = deque()
_MOST_RESERVED = 200
_ROOM_IN_MEMORY = 6 << 30
"""Bytes; containers often give 64 MB."""


def quick_place() -> str | None:
    """Name the folder of the machine's memory where that has room, None where not: then the usual one is taken.

    Half of the system time of the suite went into the files of databases that are made and dropped.
    """
    memory = Path("/dev/shm")  # noqa: S108 - what is put there gets a name that nobody else has
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_IN_MEMORY:
        return str(memory)
    return None


def made_folder() -> Path:
    """Make a folder that tells whose it is: what a killed run has left can be told from what is in use."""
    return Path(tempfile.mkdtemp(prefix=f"th-{os.getpid()}-", dir=quick_place()))


def sweep() -> None:
    """Remove the folders of processes that are no more."""
    for folder in Path(quick_place() or tempfile.gettempdir()).glob("th-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def short_folder() -> Iterator[Path]:
    """Give a folder whose path is short enough for a socket in it (pytest's own is not); it is removed afterwards."""
    folder = made_folder()
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
    atexit.register(reserved.close)
    _reserved.append(reserved)
    if len(_reserved) > _MOST_RESERVED:
        _reserved.popleft().close()
    return Address(*reserved.getsockname())


@cache
def _migrated_data() -> Path:
    """Make a data folder with the schema in the database that the others are cloned from; once in a process."""
    folder = made_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = PostgresServer(folder / "postgres", log=folder / "log", durable=False)
    try:
        server.start()
        url = server.database_url(TEMPLATE)
        with ThreadPoolExecutor(1) as beside:  # an event loop may run here
            beside.submit(lambda: asyncio.run(upgrade(url))).result()
    finally:
        server.stop()
    return server.data_dir


def put_migrated_data(data_dir: Path) -> None:
    """Put a data folder there that has the schema already, as a second start finds it."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:  # the server runs as a user of its own, who has to come through
        for parent in data_dir.parents:
            parent.chmod(parent.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)
    subprocess.run(["cp", "--archive", _migrated_data(), data_dir], check=True)  # noqa: S607 - wherever it is


@contextmanager
def running_postgres(folder: Path, *, durable: bool = False, from_nothing: bool = False) -> Iterator[PostgresServer]:
    """Run PostgreSQL with its data under `folder`, with the schema in its database unless it begins from nothing."""
    server = PostgresServer(folder / "postgres", log=folder / "logs" / "postgres.log", durable=durable)
    if not (from_nothing or server.data_dir.exists()):
        put_migrated_data(server.data_dir)
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


@contextmanager
def configured_nats(config: Path, text: str, environ: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """Run NATS by a configuration of the test's own, which takes any port of loopback; give its HOST:PORT and its pid.

    The text says `ports_file_dir`, the folder of `config`: where the server writes down what it has taken. Beside it
    lies its log.
    """
    config.write_text(text)
    log = config.with_suffix(".log")
    process = subprocess.Popen([executable(), "-c", config, "-l", log], env=os.environ | (environ or {}))
    try:
        ports = config.parent / f"nats-server_{process.pid}.ports"
        deadline = time.monotonic() + AT_LAST
        while not ports.exists() or not ports.read_text().strip():
            assert process.poll() is None, log.read_text() if log.exists() else "it doesn't start"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield json.loads(ports.read_text())["nats"][0].partition("://")[2], process.pid
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def fresh_database(server: PostgresServer, template: str = TEMPLATE) -> AsyncIterator[str]:
    """Clone a database, the migrated one if not told otherwise, and give the clone's URL.

    The clone is dropped afterwards, whoever is still connected.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
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
