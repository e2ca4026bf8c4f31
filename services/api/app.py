"""The API put together: the pool, what listens, the routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from fastapi_standalone_docs import StandaloneDocs

from projections.store.connecting import create_pool
from services.api import (
    documentation,
    problems,
    routes_events,
    routes_operations,
    routes_plans,
    routes_silence,
    routes_statement,
    routes_structure,
    routes_units,
)
from services.api.answering import Reader
from services.api.bus import Bus
from services.api.metrics import Measured
from services.api.tracing import Traced
from services.api.waiting import Positions
from services.settings import Settings

if TYPE_CHECKING:
    from asyncpg import Connection, Record

CONNECTIONS: Final = 8
CONNECT_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 30.0
SESSION: Final = {
    "application_name": "tonghop api",
    # Compiling a query costs more than any of ours takes.
    "jit": "off",
    "statement_timeout": f"{int(ANSWER_WITHIN * 1000)}",
}


def create_app(settings: Settings) -> FastAPI:
    """Make the app; it connects when it starts, and starts whether its servers are there or not."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # No connection is made before it is needed: one that is lost is replaced by the next request.
        pool = create_pool(
            settings.database_url,
            min_size=0,
            max_size=CONNECTIONS,
            within=CONNECT_WITHIN,
            command_timeout=ANSWER_WITHIN,
            reset=_leave_as_it_is,
            server_settings=SESSION,
        )
        async with pool:
            bus, positions = Bus(settings), Positions(settings.database_url, pool)
            app.state.reader = Reader(pool, positions, bus, settings.smallest_cell)
            bus.open()
            listening = asyncio.create_task(positions.listen())
            try:
                yield
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
                await bus.close()

    app = FastAPI(
        title="tonghop",
        version=version("tonghop"),
        summary="Số liệu tổng hợp của mọi đơn vị, mọi cấp, mọi kỳ",
        description="Answers are JSON; errors are `application/problem+json` (RFC 9457) and name the parameter.",
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.add_middleware(Measured)
    app.add_middleware(Traced)
    problems.mount(app)
    for routes in (
        routes_units,
        routes_structure,
        routes_plans,
        routes_silence,
        routes_statement,
        routes_events,
        routes_operations,
    ):
        app.include_router(routes.router)
    documentation.mount(app)
    StandaloneDocs(app)  # /docs without a network
    return app


async def _leave_as_it_is(_: Connection[Record]) -> None:
    """Reset nothing, and save a round trip: a snapshot leaves nothing behind in its session."""
