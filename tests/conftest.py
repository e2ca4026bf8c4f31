"""Fixtures of the whole suite: real servers once a session, a fresh database and a fresh stream for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from tests import servers


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; not durable, for speed."""
    with servers.short_folder() as folder, servers.running_postgres(folder) as server:
        yield server


@pytest.fixture(scope="session")
async def _template(postgres: PostgresServer) -> None:
    await servers.migrate_template(postgres)


@pytest.fixture
async def database(postgres: PostgresServer, _template: None) -> AsyncIterator[str]:
    """Give the URL of a fresh, migrated database, for this test alone."""
    async with servers.fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    """One NATS server with JetStream for the session."""
    with servers.short_folder() as folder, servers.running_nats(folder) as server:
        yield server


@pytest.fixture
async def party(nats_server: NatsServer) -> str:
    """Give the URL of a NATS server on which the stream PARTY and its consumer `projector` are new and empty."""
    return (await servers.fresh_party(nats_server)).nats_url
