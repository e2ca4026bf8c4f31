"""The publisher's connection to NATS: it outlives outages, and remembers which subjects the server denied."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from nats.aio.client import Client
from nats.errors import ConnectionClosedError, Error, OutboundBufferLimitError
from nats.js import JetStreamContext
from nats.js.errors import APIError

from projections.store.address import said
from services.connecting.broker import make
from services.connecting.failures import described
from services.settings import Settings

RETRY_SECONDS = 0.5
NOTICE_SECONDS = 5.0
NO_ROOM = frozenset({10023, 10047, 10077})
"""Insufficient resources, insufficient storage, a stream at its limit."""

_denied_publish = re.compile(r'permissions violation for publish to "([^"]+)"', re.IGNORECASE).search
_denied_inbox = re.compile(r"permissions violation for subscription to", re.IGNORECASE).search


class BusRefusedError(Exception):
    """The bus can't be used as things are, and trying again won't help; the message says what to do."""


class Bus:
    """A connection with what has happened to it; `notice` is told about trouble, in words for the user."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self.client: Client
        self.jetstream: JetStreamContext
        self.denied: set[str] = set()
        self.inbox_denied = False
        self.lost = asyncio.Event()
        self._notice = notice
        self._noticed = 0.0

    async def connected(self) -> None:
        """Wait for a connection, for as long as it takes; raises BusRefusedError where there will be none."""
        if self.inbox_denied:
            raise BusRefusedError(
                "máy chủ không cho nhận trả lời, hãy đặt --inbox-prefix / replies are denied by the server"
            )
        while not self.client.is_connected:
            if self.client.is_closed:
                raise BusRefusedError("máy chủ đã đóng kết nối / the server closed the connection")
            self.trouble("mất kết nối / connection lost")
            await asyncio.sleep(0.1)
        self.lost.clear()

    async def pause(self, why: str) -> None:
        """Say why, and wait before something is tried again."""
        self.trouble(why)
        await asyncio.sleep(RETRY_SECONDS)

    def trouble(self, why: str) -> None:
        """Tell the user, not more often than every NOTICE_SECONDS."""
        if time.monotonic() - self._noticed >= NOTICE_SECONDS:
            self._noticed = time.monotonic()
            self._notice(f"Bus: {why}. Đang thử lại… / retrying")

    async def on_error(self, error: Exception) -> None:
        """Take note of what the server tells apart from any request: a denial is only ever told so."""
        text = str(error)
        if found := _denied_publish(text):
            self.denied.add(found[1])
        elif _denied_inbox(text):
            self.inbox_denied = True
        elif isinstance(error, APIError) and error.err_code in NO_ROOM:  # nats-py 2.16 tells it here, and no future
            self.trouble(f"bus đã đầy, hãy dọn chỗ / the bus is full, make room: {error.description}")
        elif not isinstance(error, ConnectionClosedError):
            self.trouble(text or type(error).__name__)

    async def on_disconnect(self) -> None:
        """Wake those who wait for acknowledgements that may never come now."""
        self.lost.set()


@asynccontextmanager
async def connect(
    url: str, *, notice: Callable[[str], None], credentials: str | None = None, inbox_prefix: str = "_INBOX"
) -> AsyncIterator[Bus]:
    """Connect to one or several addresses with commas between them, waiting until one answers.

    Raises BusRefusedError where the server does not let us in.
    """
    bus = Bus(notice)
    settings = replace(Settings.from_environment(), nats_url=url)
    if credentials:
        settings = replace(settings, nats_credentials=Path(credentials))
    broker = make(
        settings,
        "tonghop publish",
        error_cb=bus.on_error,
        disconnected_cb=bus.on_disconnect,
        reconnect_time_wait=RETRY_SECONDS,
        inbox_prefix=inbox_prefix,
    )
    try:
        bus.client = await broker.connect()
    except Error as error:
        raise BusRefusedError(f"NATS {said(url)}: {described(error)}") from error
    bus.jetstream = bus.client.jetstream()
    try:
        yield bus
    finally:
        with suppress(Error, OutboundBufferLimitError):
            await broker.stop()
