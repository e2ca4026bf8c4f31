"""Pages over a log of a test's own, where everybody may see everything; nobody else's figures change by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from services.pages.mounting import mount
from tests.integration.test_api import client_of
from tests.oracle.telling import Said
from tests.property.system import system_on


@asynccontextmanager
async def pages_over(database: str, log: Sequence[Said]) -> AsyncIterator[httpx.AsyncClient]:
    """Deliver a log to a database, and give a browser of the pages over it."""
    async with system_on(database) as system:
        await system.deliver(log, [(0, len(log), False)])
    async with client_of(database, pages=mount) as client:
        client.follow_redirects = True
        yield client
