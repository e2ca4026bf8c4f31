"""Which servers are meant: those of the environment, of a running service, or of the folder of one that is stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.settings import Settings


@asynccontextmanager
async def servers(settings: Settings, data_dir: Path | None) -> AsyncIterator[Settings]:
    """Name the servers: of `settings`, or of the service on a folder, which are started for the time where it rests.

    A data folder of a server that is gone is made anew, empty. Raises ServerError.
    """
    if data_dir is None:
        yield settings
        return
    from services.recovery.servers_of_folder import servers_of_folder  # noqa: PLC0415 - takes the extra `one-machine`

    async with servers_of_folder(settings, data_dir) as found:
        yield found
