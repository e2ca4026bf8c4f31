"""What the bus tells the API: where the log ends, and how far the projector is; nothing while it can't be asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import nats.errors
from nats.aio.msg import Msg

from services.bus_accounts import POSITION
from services.connecting.bus import BusClient
from services.connecting.lasting import LastingConnection
from services.settings import Settings

ANSWER_WITHIN: Final = 1.0
FRESH_FOR: Final = 0.25
LONGEST_NUMBER: Final = 18
"""Digits of a position that is told: anything else is not the projector's."""


class LogEnd:
    """The last position of the log, over a connection to NATS that keeps trying while the process runs.

    `open` and `close` are called once each. ``tell`` is called with each position that the projector tells.
    """

    def __init__(self, settings: Settings, tell: Callable[[int], None] | None = None) -> None:
        self._settings = settings
        self._tell = tell
        self._connection = LastingConnection(settings, "tonghop api", on_connect=self._listen)
        self.open = self._connection.open
        self.close = self._connection.close
        self._asking = asyncio.Lock()
        self._asked_at = -FRESH_FOR
        self._last: int | None = None

    async def stream_last(self) -> int | None:
        """Return the last position of the log, at most a quarter of a second old; None where the bus doesn't say."""
        async with self._asking:  # however many ask, the bus is asked by one at a time
            if time.monotonic() - self._asked_at >= FRESH_FOR:
                self._last = await self._ask()
                self._asked_at = time.monotonic()
            return self._last

    async def _ask(self) -> int | None:
        client = self._connection.client
        if not client.is_connected:
            return None
        try:
            info = await client.jetstream(timeout=ANSWER_WITHIN).stream_info(self._settings.stream)
        except (nats.errors.Error, OSError, TimeoutError):
            return None
        self._connection.listener.forget()  # what comes after this is news again
        return info.state.last_seq

    async def _listen(self, client: BusClient) -> None:
        if self._tell is not None:
            await client.subscribe(POSITION, cb=self._hear)

    async def _hear(self, message: Msg) -> None:
        said = message.data
        if self._tell is not None and said.isdigit() and len(said) <= LONGEST_NUMBER:
            self._tell(int(said))
