"""A connection to NATS that a process keeps for as long as it runs, whether a server is there or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.connecting.bus import BusClient, Listener, encrypted, options
from services.settings import Settings

_log = structlog.get_logger()


class LastingConnection:
    """It keeps trying, and logs each trouble once. `open` and `close` are called once each."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        client: BusClient | None = None,
        *,
        on_connect: Callable[[BusClient], Awaitable[object]] | None = None,
        on_error: Callable[[Exception], Awaitable[None]] | None = None,
        on_disconnect: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.client = client or BusClient(encrypted=encrypted(settings))
        self.listener = Listener(_log)
        self._on_connect = on_connect
        self._on_error = on_error
        self._on_disconnect = on_disconnect
        self._settings = settings
        self._name = name
        self._connecting: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to connect, without waiting for it."""
        self._connecting = asyncio.create_task(self._connect())

    async def close(self) -> None:
        """End the connection, or the attempt to make one."""
        if self._connecting is not None:
            while not self._connecting.done():  # a cancellation can get lost in asyncio.wait_for
                self._connecting.cancel()
                await asyncio.wait({self._connecting}, timeout=0.1)
        await self.client.close()

    async def _connect(self) -> None:
        await self.client.connect(
            **options(self._settings),
            name=self._name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=2,
            error_cb=self._hear,
            disconnected_cb=self._on_disconnect,
        )
        if self._on_connect is not None:  # once: what is subscribed to is again by itself when it was lost
            await self._on_connect(self.client)

    async def _hear(self, error: Exception) -> None:
        if self._on_error is not None:
            await self._on_error(error)
        await self.listener(error)
