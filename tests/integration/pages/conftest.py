"""Fixtures of the tests of pages: the demonstration runs once for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.embedded.postgres import PostgresServer
from tests.integration.pages.service import Service, demonstration


@pytest.fixture(scope="session")
async def service(postgres: PostgresServer) -> AsyncIterator[Service]:
    """Run the service with the demonstration."""
    async with demonstration(postgres) as running:
        yield running
