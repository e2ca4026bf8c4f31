"""Nobody on the way can read what is sent, change it, or stand in for a server: over real TLS, by a real authority."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from nats.js.errors import NotFoundError

from projections.store.connecting import connect
from projections.store.schema.migrate import upgrade
from services.cli.client import CommandError, get
from services.connecting.bus import connect_once
from services.connecting.failures import Failure, classify, described
from services.connecting.nats_internals import NotEncryptedError
from services.embedded.postgres import PostgresServer
from services.migration import MigrationError, migrate
from services.recovery.dump import dump
from services.settings import Settings
from services.up.ports import claim
from tests import servers
from tests.attacks.authorities import BAD, Authorities
from tests.attacks.encrypting import postgres_behind_tls, saying
from tests.attacks.guarding import nats_with_tls
from tests.oracle.telling import root

SOCKET = ".s.PGSQL.5432"
PLAIN_INFO = b'INFO {"server_id":"x","version":"2.15.1","headers":true,"max_payload":1048576,"proto":1}\r\n'
USERS = "authorization { users: [ { user: u, password: geheim } ] }"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with servers.short_folder() as made:
        yield made


@pytest.fixture(scope="module")
def authorities(folder: Path) -> Authorities:
    return Authorities(folder)


@pytest.fixture(scope="module")
def nats_port(folder: Path, authorities: Authorities) -> Iterator[int]:
    """Run a server that wants a certificate of its clients, and a password."""
    with nats_with_tls(folder, authorities.good, authorities.ca, verify=True, users=USERS) as port:
        yield port


def bus(port: int, authorities: Authorities) -> Settings:
    """Give the settings of a process that may enter."""
    return Settings(
        nats_url=f"tls://u:geheim@localhost:{port}",
        nats_ca=authorities.ca,
        nats_cert=authorities.client.certificate,
        nats_key=authorities.client.key,
    )


def database(port: int, name: str, ca: Path, *, mode: str = "verify-full", host: str = "localhost") -> str:
    return f"postgresql://postgres:geheim@{host}:{port}/{name}?sslmode={mode}&sslrootcert={quote(str(ca), safe='')}"


async def test_the_bus_is_used_encrypted_with_a_certificate_and_a_password_from_its_file(
    nats_port: int, authorities: Authorities, folder: Path, database: str
) -> None:
    settings = bus(nats_port, authorities)
    password = folder / "password"
    password.write_text("geheim\n")
    by_file = replace(settings, nats_url=f"tls://u@localhost:{nats_port}", nats_password_file=password)
    await migrate(replace(by_file, database_url=database))
    client = await connect_once(settings, "test")
    try:
        assert (await client.jetstream().stream_info("PARTY")).config.name == "PARTY"
    finally:
        await client.close()


@pytest.mark.parametrize("what", BAD)
async def test_a_bus_that_shows_what_is_not_to_be_trusted_gets_nothing(
    what: str, authorities: Authorities, folder: Path, database: str
) -> None:
    with nats_with_tls(folder, authorities.bad[what], authorities.ca, verify=False) as port:
        await refused_by_client(replace(bus(port, authorities), nats_cert=None, nats_key=None, database_url=database))


async def test_a_bus_of_which_no_authority_is_named_is_held_to_those_of_the_system(
    nats_port: int, authorities: Authorities, database: str
) -> None:
    await refused_by_client(replace(bus(nats_port, authorities), nats_ca=None, database_url=database))


async def refused_by_client(settings: Settings) -> None:
    with pytest.raises((OSError, Exception)) as refused:
        await connect_once(settings, "test")
    assert classify(refused.value) is Failure.REFUSED
    assert "TONGHOP_NATS_CA" in str(described(refused.value))
    with pytest.raises(MigrationError, match="TONGHOP_NATS_CA"):  # at once: waiting does not mend it
        await migrate(settings, notice=lambda _: None)


@pytest.mark.parametrize("asking", ["tls://", "TONGHOP_NATS_CA"])
async def test_where_somebody_takes_the_word_tls_out_no_password_is_sent(asking: str, authorities: Authorities) -> None:
    async with saying(PLAIN_INFO) as (port, heard):
        scheme = "tls" if asking == "tls://" else "nats"
        ca = None if asking == "tls://" else authorities.ca
        settings = Settings(nats_url=f"{scheme}://u:geheim@127.0.0.1:{port}", nats_ca=ca)
        with pytest.raises(NotEncryptedError) as refused:
            await connect_once(settings, "test")
        assert classify(refused.value) is Failure.REFUSED
        assert not heard


@pytest.mark.parametrize("shown", ["nothing", "another authority's"])
async def test_a_client_that_shows_no_certificate_of_ours_is_not_let_in(
    shown: str, nats_port: int, authorities: Authorities
) -> None:
    settings = bus(nats_port, authorities)
    strange = authorities.strange_client if shown != "nothing" else None
    settings = replace(settings, nats_cert=strange and strange.certificate, nats_key=strange and strange.key)
    with pytest.raises(Exception) as refused:  # noqa: PT011 - by TLS 1.3 it is heard of when something is read
        await connect_once(settings, "test")
    assert classify(refused.value) in {Failure.REFUSED, Failure.AWAY}


async def test_the_database_is_used_encrypted_by_everything(
    postgres: PostgresServer, authorities: Authorities, folder: Path
) -> None:
    socket = postgres.socket_dir / SOCKET
    async with (
        servers.fresh_database(postgres, "template0") as url,
        postgres_behind_tls(socket, authorities.good.server_context(authorities.ca)) as (port, _),
        postgres_behind_tls(socket, None) as (plain_port, plain),
    ):
        name = url.rpartition("@/")[2].partition("?")[0]
        mine = f"&sslcert={authorities.client.certificate}&sslkey={authorities.client.key}"
        encrypted = database(port, name, authorities.ca) + mine
        await upgrade(encrypted)
        several = encrypted.replace("localhost:", f"localhost:{plain_port},localhost:")
        connection = await connect(several)
        try:
            assert connection._transport.get_extra_info("ssl_object") is not None
            assert not plain
            async with connection.transaction(isolation="repeatable_read"):
                snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
                dumped = bytearray()
                await dump(connection, snapshot, dumped.extend)
            assert dumped.startswith(b"PGDMP")
        finally:
            await connection.close()
        with pytest.raises((OSError, asyncpg.PostgresConnectionError)):
            await connect(database(port, name, authorities.ca))  # without a certificate of its own


@pytest.mark.long
async def test_the_whole_service_runs_encrypted(
    nats_port: int, postgres: PostgresServer, authorities: Authorities, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = postgres.socket_dir / SOCKET
    async with (
        servers.fresh_database(postgres, "template0") as url,
        postgres_behind_tls(socket, authorities.good.server_context()) as (port, _),
    ):
        name = url.rpartition("@/")[2].partition("?")[0]
        settings = replace(
            bus(nats_port, authorities),
            database_url=database(port, name, authorities.ca),
            http=claim(servers.ANY_PORT, "api"),
            http_cert=authorities.good.certificate,
            http_key=authorities.good.key,
            projector_http=claim(servers.ANY_PORT, "projector"),
            metrics_http=claim(servers.ANY_PORT, "metrics"),
            access="open",
        )
        await emptied(settings)
        await migrate(settings, notice=lambda _: None)
        await say_that_the_root_is_there(settings)
        monkeypatch.setenv("TONGHOP_API_CA", str(authorities.ca))
        async with running("projector", settings), running("api", settings):
            report = ("v1", "units", "trung-uong", "report")
            asked = {"from_": "2023-01-01", "to": "2023-12-31", "min_position": 1, "wait": 30}
            found = await answered(settings, *report, **asked)
            assert found["position"] == 1
            with pytest.raises(CommandError):  # and not in plain text
                await asyncio.to_thread(get, f"http://{settings.http}", "v1", "status", token=None)


async def emptied(settings: Settings) -> None:
    client = await connect_once(settings, "test")
    with suppress(NotFoundError):
        await client.jetstream().delete_stream("PARTY")
    await client.close()


async def say_that_the_root_is_there(settings: Settings) -> None:
    client = await connect_once(settings, "test")
    await client.jetstream().publish(*root())
    await client.close()


async def answered(settings: Settings, *path: str, **asked: str | int) -> dict[str, Any]:
    """Ask until the API is up."""
    async with asyncio.timeout(60):
        while True:
            try:
                return (await asyncio.to_thread(get, f"https://{settings.http}", *path, token=None, **asked))[1]
            except CommandError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def running(command: str, settings: Settings) -> AsyncIterator[None]:
    process = subprocess.Popen(  # noqa: ASYNC220 - a moment
        [sys.executable, "-m", "services.cli", command], env=os.environ | settings.as_environment()
    )
    try:
        yield
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)  # what it is connected by runs here


@pytest.mark.parametrize("what", BAD)
async def test_a_database_that_shows_what_is_not_to_be_trusted_gets_nothing(
    what: str, postgres: PostgresServer, authorities: Authorities
) -> None:
    context = authorities.bad[what].server_context()
    async with postgres_behind_tls(postgres.socket_dir / SOCKET, context) as (port, _):
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            await connect(database(port, "tonghop", authorities.ca))
        assert classify(refused.value) is Failure.REFUSED
        assert "sslrootcert" in str(described(refused.value))
        with pytest.raises(MigrationError, match="sslrootcert"):  # at once: waiting does not mend it
            await migrate(Settings(database_url=database(port, "tonghop", authorities.ca)), notice=lambda _: None)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_a_database_without_tls_is_told_no_password(
    mode: str, postgres: PostgresServer, authorities: Authorities
) -> None:
    async with postgres_behind_tls(postgres.socket_dir / SOCKET, None) as (port, plain):
        with pytest.raises(ConnectionError) as refused:
            await connect(database(port, "tonghop", authorities.ca, mode=mode))
        assert classify(refused.value) is Failure.REFUSED
        assert "sslmode" in str(described(refused.value))
        assert not plain


@pytest.mark.parametrize("what", BAD)
async def test_the_command_line_asks_no_api_that_is_not_to_be_trusted(
    what: str, authorities: Authorities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGHOP_API_CA", str(authorities.ca))
    async with saying(b"", authorities.bad[what].server_context()) as (port, heard):
        with pytest.raises(CommandError, match=r"(?i)certificate"):
            await asyncio.to_thread(get, f"https://localhost:{port}", "v1", "status", token=None)
        assert not heard
