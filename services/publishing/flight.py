"""Messages on their way: each is sent with a reply of its own, and its future is what the server answers to that."""

import asyncio
import itertools
from contextlib import suppress
from typing import Final

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError, Error
from nats.js.errors import NoStreamResponseError

from services.publishing.connection import BusConnection


class ServerRefusal(msgspec.Struct, frozen=True):
    """What the server says instead of taking a message: a code as in HTTP, its own code, and words."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class Ack(msgspec.Struct, frozen=True):
    """The server's answer: where a message stands, and whether it stood there already by its id."""

    seq: int = 0
    duplicate: bool = False
    error: ServerRefusal | None = None


_decode: Final = msgspec.json.Decoder(Ack).decode
_NO_RESPONDERS: Final = "503"


class Flights:
    """One inbox for all acknowledgements of a connection; it is subscribed again by the client after an outage."""

    def __init__(self, bus: BusConnection) -> None:
        self._bus = bus
        self._inbox = ""
        self._numbers = itertools.count(1)
        self._under_way: dict[str, asyncio.Future[Ack]] = {}
        self._subscription: Subscription | None = None

    async def send(self, subject: str, body: bytes, headers: dict[str, str]) -> asyncio.Future[Ack]:
        """Send one message; raises Error where the connection doesn't take it.

        The future raises NoStreamResponseError where no stream listens, Error where the answer can't be read. It is for
        the caller to give up waiting, by `forget`.
        """
        client = self._bus.client
        if not client.is_connected:  # what the client would keep for later is sent again by us
            raise ConnectionClosedError
        if self._subscription is None:
            self._inbox = client.new_inbox()
            self._subscription = await client.subscribe(f"{self._inbox}.*", cb=self._take)
        reply = f"{self._inbox}.{next(self._numbers)}"
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._under_way[reply] = future
        future.add_done_callback(lambda _: self._under_way.pop(reply, None))
        try:
            await client.publish(subject, body, reply=reply, headers=headers or None)
        except BaseException:
            future.cancel()
            raise
        return future

    async def _take(self, message: Msg) -> None:
        future = self._under_way.get(message.subject)
        if future is None or future.done():
            return
        if message.headers and message.headers.get("Status") == _NO_RESPONDERS:
            future.set_exception(NoStreamResponseError())
            return
        try:
            future.set_result(_decode(message.data or b"{}"))
        except msgspec.DecodeError as error:
            future.set_exception(Error(str(error)))


def given_up(futures: list[asyncio.Future[Ack]]) -> None:
    """Wait for these no longer; what they raised is known."""
    for future in futures:
        if not future.cancel():
            with suppress(asyncio.CancelledError):
                future.exception()
