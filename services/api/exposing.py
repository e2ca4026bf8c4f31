"""The metrics of the API, on an address of its own: who collects them has no account, and readers no business there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from services.api import problems
from services.api.answering import Reader
from services.api.guard import Guard, Hosts
from services.api.metrics import StandingCollector, exposition
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.connecting.tls import https
from services.settings import Settings


def metrics_app(settings: Settings, reader: Reader) -> FastAPI:
    """Make the app that answers `/metrics` and nothing else."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_middleware(Guard, hosts=Hosts(settings.metrics_http, settings.hosts))
    problems.mount(app)

    @app.get("/metrics")
    async def metrics(_: Request) -> Response:
        """Write the metrics of this process (or of all that share a folder) and the gauges of the read models."""
        stream_last = await reader.log_end.stream_last()
        try:
            at = await reader.standing.get()
            behind = await reader.seconds_behind()
            standing = StandingCollector(at.position, stream_last, at.tally, at.worker, at.rejecting, behind=behind)
        except (*DATABASE_AWAY, *NOT_MIGRATED):
            standing = StandingCollector(None, stream_last, [], None, [], behind=0.0)
        return Response(exposition(standing), 200, {"cache-control": "no-store"}, CONTENT_TYPE_LATEST)

    return app


@contextlib.asynccontextmanager
async def exposed(settings: Settings, reader: Reader, listening: socket.socket | None) -> AsyncIterator[None]:
    """Answer on a socket that is bound already for as long as the block lasts; without one nobody is answered."""
    if listening is None:
        yield
        return
    config = uvicorn.Config(
        metrics_app(settings, reader),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        **https(settings),
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # the process stops in its own order
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving})
