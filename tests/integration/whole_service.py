"""The whole service as a client sees it: HTTP on a socket and the bus, with a projector, one world for many tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

import uvicorn
from fastapi import Request

from services.access.asker import Asker, RoleAt
from services.api.app import create_app
from services.api.problems import unauthenticated
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests import servers
from tests.attacks.publishing import ROOT, projecting

ADMIN = "admin"


class Service(NamedTuple):
    """Where it is: HTTP, where a token is ``ACCOUNT`` or ``ACCOUNT:ROLE:UNIT``, the bus, and its database."""

    http: str
    bus: str
    database: str


async def by_word(request: Request) -> Asker:
    """Believe who says who it is, in one word."""
    _, _, said = request.headers.get("authorization", "").partition(" ")
    if not said:
        raise unauthenticated()
    account, *limits = said.split(":")
    only = tuple(map(RoleAt, limits[::2], limits[1::2]))
    return Asker(account, "token", "t-1", only or None)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """Serve the API on a socket and give its address; projecting is another's."""
    app = create_app(settings, admit=by_word)
    with socket.socket() as listening:
        listening.bind(servers.ANY_PORT)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)
        try:
            yield "http://{}:{}".format(*listening.getsockname())
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def whole_service(postgres: PostgresServer, root: str = ROOT) -> AsyncIterator[Service]:
    """Run it on a bus and a database of its own, with the units of the attacks; empty where the root is another."""
    with servers.short_folder() as folder, servers.running_nats(folder) as bus:
        async with servers.fresh_database(postgres) as database:
            settings = replace(await servers.fresh_party(bus), database_url=database, root=root)
            async with projecting(bus.url, database, root), served(settings) as http:
                yield Service(http, bus.url, database)
