"""Where the log ends, as the bus tells the API; unknown while the bus can't be asked."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import nats.errors
import structlog

from services.connecting.bus import BusClient, Listener, encrypted, options
from services.settings import Settings

ANSWER_WITHIN: Final = 1.0
FRESH_FOR: Final = 0.25

_log = structlog.get_logger()


class LogEnd:
    """The last position of the log, over a connection to NATS that keeps trying while the process runs.

    `open` and `close` are called once each.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = BusClient(encrypted=encrypted(settings))
        self._connecting: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self._asked_at = -FRESH_FOR
        self._last: int | None = None
        self._listener = Listener(_log)

    def open(self) -> None:
        """Begin to connect, without waiting for it."""
        self._connecting = asyncio.create_task(self._connect())

    async def close(self) -> None:
        """End the connection, or the attempt to make one."""
        if self._connecting is not None:
            while not self._connecting.done():  # a cancellation can get lost in asyncio.wait_for
                self._connecting.cancel()
                await asyncio.wait({self._connecting}, timeout=0.1)
        await self._client.close()

    async def stream_last(self) -> int | None:
        """Return the last position of the log, at most a quarter of a second old; None where the bus doesn't say."""
        async with self._asking:  # however many ask, the bus is asked by one at a time
            if time.monotonic() - self._asked_at >= FRESH_FOR:
                self._last = await self._ask()
                self._asked_at = time.monotonic()
            return self._last

    async def _ask(self) -> int | None:
        if not self._client.is_connected:
            return None
        try:
            info = await self._client.jetstream(timeout=ANSWER_WITHIN).stream_info(self._settings.stream)
        except (nats.errors.Error, OSError, TimeoutError):
            return None
        self._listener.forget()  # what comes after this is news again
        return info.state.last_seq

    async def _connect(self) -> None:
        await self._client.connect(
            **options(self._settings),
            name="tonghop api",
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=2,
            error_cb=self._listener,
        )
