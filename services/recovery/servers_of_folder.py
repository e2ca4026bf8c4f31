"""The servers of the folder of `tonghop up`: those that run, or else started for the time that they are needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from services.embedded.bus_users import WithPasswords
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.embedded.process import ServerError
from services.settings import Address, Settings
from services.up.folder import Folder

USER: Final = "operator"
"""Of the bus: who may restore a stream, and have its snapshot."""


@asynccontextmanager
async def servers_of_folder(settings: Settings, data_dir: Path) -> AsyncIterator[Settings]:
    """Name the servers of the service on a folder, which are started for the time where it rests.

    A data folder of a server that is gone is made anew, empty. Raises ServerError.
    """
    folder = Folder(data_dir)
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(folder.held())
        except ServerError:
            if not folder.service.exists():
                raise
            found = json.loads(folder.service.read_bytes())
            yield replace(folder.signed_in(settings.without_tls(), found, USER), database_url=found["database_url"])
            return
        await asyncio.to_thread(folder.clear)
        path, log, record = folder.path, folder.log, folder.record
        postgres = PostgresServer(path / "postgres", log=log("postgres"), record=record("postgres"))
        nats = NatsServer(
            path / "nats",
            Address("127.0.0.1", 0),
            log=log("nats"),
            record=record("nats"),
            durable=False,
            users=WithPasswords(folder.secrets),
        )
        for server in (postgres, nats):
            stack.push_async_callback(asyncio.to_thread, server.stop)
            await asyncio.to_thread(server.start)
        yield replace(nats.signed_in(settings.without_tls(), USER), database_url=postgres.url)
