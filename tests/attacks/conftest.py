"""What hostile or broken users, readers and machines do: each attack is made against real servers, and does no harm.

Those on the HTTP side share one wide world and one shipped API.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.embedded.postgres import PostgresServer
from services.settings import Address, Settings
from tests import servers
from tests.attacks.http_serving import serving, write_wide_world
from tests.attacks.warm import Warm

NOWHERE = "nats://127.0.0.1:1"


@pytest.fixture(scope="session")
async def wide(postgres: PostgresServer, _template: None) -> AsyncIterator[str]:
    """Give the URL of a database with a unit that has thousands of others below it."""
    async with servers.fresh_database(postgres) as url:
        await write_wide_world(url)
        yield url


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Give the process that forks for each command."""
    process = Warm(tmp_path_factory.mktemp("warm"))
    yield process
    process.close()


@pytest.fixture(scope="session")
async def shipped(wide: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Address]:
    """Give the address of `tonghop api` on it, behind a proxy that it trusts at 127.0.0.9."""
    folder: Path = tmp_path_factory.mktemp("api")
    settings = Settings(database_url=wide, nats_url=NOWHERE, trusted_proxies="127.0.0.9/32", access="open")
    async with serving(settings, folder) as address:
        yield address
