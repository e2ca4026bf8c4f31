"""One connection to the bus for one piece of work: it is made at once or not at all, and never made again."""

from __future__ import annotations

import nats
from nats.aio.client import Client

from services.settings import Settings


async def connect_once(settings: Settings, name: str) -> Client:
    """Connect under a name; what fails is raised and said by the caller, and by nobody else.

    Raises what nats-py raises where nobody answers.
    """

    async def quietly(_: Exception) -> None:
        """Say nothing: the caller is told the same."""

    return await nats.connect(
        settings.nats_url.split(","),
        name=name,
        error_cb=quietly,
        connect_timeout=5,
        allow_reconnect=False,
        max_reconnect_attempts=1,  # of the first connection
        reconnect_time_wait=0.05,
    )
