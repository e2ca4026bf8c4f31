"""Pages over a log of a test's own, where everybody may see everything; nobody else's figures change by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from services.api.app import create_app
from services.pages.mounting import mount
from services.settings import Settings
from tests.oracle.telling import Said
from tests.property.system import system_on


@asynccontextmanager
async def pages_over(database: str, log: Sequence[Said]) -> AsyncIterator[httpx.AsyncClient]:
    """Deliver a log to a database, and give a browser of the pages over it."""
    async with system_on(database) as system:
        await system.deliver(log, [(0, len(log), False)])
    app = create_app(Settings(access="open", database_url=database, nats_url="nats://127.0.0.1:1"), pages=mount)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as client,
    ):
        yield client
