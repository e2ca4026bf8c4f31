"""The same stretch of the log before a projector again and again, each time as if it had never been read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from nats.aio.client import Client

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests import servers
from tests.fault import projecting_here as here
from tests.fault.brief_log import BEFORE, PART

TEMPLATE = "brief"
Rows = dict[str, list[Any]]


class Stretch:
    """A stream, databases in which its beginning is projected, and what all of it has to come to."""

    def __init__(self, server: PostgresServer, settings: Settings, client: Client) -> None:
        self._server = server
        self._settings = settings
        self.client = client
        self.right: Rows = {}
        self._right_at: dict[int, Rows] = {}

    @asynccontextmanager
    async def anew(self) -> AsyncIterator[tuple[Settings, asyncpg.Connection]]:
        """Give a database in which the new part is not read yet; nor has the bus given anything of it to anybody."""
        await self.forget()
        async with self._database() as opened:
            yield opened

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[tuple[Settings, asyncpg.Connection]]:
        async with servers.fresh_database(self._server, TEMPLATE) as url:
            connection = await servers.connect(url)
            try:
                yield replace(self._settings, database_url=url), connection
            finally:
                await connection.close()

    async def forget(self) -> None:
        """Let the bus forget what it gave to anybody."""
        await here.forget(self.client, self._settings)

    async def begin(self) -> None:
        """Project what stands before, and once, undisturbed, what is new."""
        await servers.execute(self._server, f"CREATE DATABASE {TEMPLATE} TEMPLATE {servers.TEMPLATE}")
        await here.apply(self.client, self._server.database_url(TEMPLATE), len(BEFORE))
        self.right = await self.right_at(here.END)
        async with self.anew() as (settings, connection):
            await here.project(settings)
            assert await here.rows_of(connection) == self.right

    async def end(self) -> None:
        await servers.execute(self._server, f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")

    async def right_at(self, position: int) -> Rows:
        """Read what the figures have to be at a position, as a projection makes them that nothing disturbs."""
        if position not in self._right_at:
            async with self._database() as (settings, connection):
                await here.apply(
                    self.client,
                    settings.database_url,
                    *sorted({*range(len(BEFORE) + PART, position, PART), position} - {len(BEFORE)}),
                )
                self._right_at[position] = await here.rows_of(connection)
        return self._right_at[position]

    async def hold(self, connection: asyncpg.Connection) -> int:
        """Hold the figures to be right wherever they stand now, and the bus to know of nothing beyond."""
        acknowledged = await here.acknowledged(self.client, self._settings)
        rows = await here.rows_of(connection)
        position = int(rows["checkpoint"][0][0])
        assert acknowledged <= position
        assert rows == await self.right_at(position)
        return position


@asynccontextmanager
async def stretch_on(
    postgres: PostgresServer, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stretch]:
    """Put the brief log in a stream, and let workers be brief."""
    for module, name, value in here.BRIEF:
        monkeypatch.setattr(module, name, value)
    settings = await here.put_log(nats_server)
    async with here.client_of(settings.nats_url) as client:
        stretch = Stretch(postgres, settings, client)
        try:
            await stretch.begin()
            yield stretch
        finally:
            await stretch.end()
