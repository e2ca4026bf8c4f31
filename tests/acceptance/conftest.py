"""The whole demonstration, applied once for all tests that only read it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.demo.scenario import scenario
from services.embedded.postgres import PostgresServer
from tests.acceptance.country import Country, country_of


@pytest.fixture(scope="session")
async def country(postgres: PostgresServer, _template: None) -> AsyncIterator[Country]:
    """Give the country after all of the reform, with the five documents in it."""
    log = scenario()
    async with country_of(log, postgres) as found:
        await found.apply(0, len(log))
        yield found
