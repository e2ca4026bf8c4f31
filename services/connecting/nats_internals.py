"""All that is used of nats-py beyond what it promises: messages as bytes, more of them at once, no password before TLS.

nats-py's parser moves its whole buffer forward for every message and dispatches each by itself, parses headers into a
dictionary and ends its read loop over a subject that is not UTF-8. A `Tap` takes what arrives for one subscription as
bytes, right behind the parser, and with `deliver` in bulk in front of it. What the parser is in the middle of stays in
its own buffer, so that a reconnect, which clears that, leaves nothing behind here. The connection, its reconnects and
every other subscription stay the client's.

The version is pinned; a test says which of these names has changed (tests/unit/test_nats_internals.py).
"""

# ruff: noqa: SLF001 - what it is there for

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import nats.aio.client
import nats.errors
from nats.aio.client import Client
from nats.protocol.parser import AWAITING_CONTROL_LINE, AWAITING_MSG_PAYLOAD

from projections.bilingual import Bilingual

Delivery = tuple[bytes, bytes, bytes, bytes | None]
"""Subject, reply, payload, header block."""
Deliver = Callable[[list[Delivery]], None]
"""Is given what of one reading of the wire came one after the other, in its order."""
Receive = Callable[[bytes, bytes, bytes, bytes | None], None]
"""Is told subject, reply, payload and header block."""
Hear = Callable[[Exception], None]

nats.aio.client.DEFAULT_BUFFER_SIZE = 256 * 1024
"""Bytes read at once, as many as asyncio reads; with 32 KiB it stops its transport and starts it again all the time."""

FAREWELL: Final = 2.0
"""Seconds for which the end of a connection is waited for; the client itself may wait for a second."""
_END: Final = b"\r\n"
_LONGEST_LINE: Final = 4_096


class Tap:
    """A subscription of a client whose messages are taken as bytes, from `open` until `close`.

    `receive` is told each; with `deliver`, messages of JetStream are cut out of the wire and handed there in bulk.
    `hear` is told all errors of the connection, before the client's own listener. The last to open closes first.
    """

    def __init__(
        self,
        client: Client,
        subject: str,
        receive: Receive,
        *,
        deliver: Deliver | None = None,
        hear: Hear | None = None,
    ) -> None:
        self._client: Any = client
        self._subject = subject
        self._receive = receive
        self._deliver = deliver
        self._hear = hear
        self._sid = -1
        self._subscription: Any = None
        self._delegate: Any = None
        self._error_cb: Any = None
        self._cutter: Cutter | None = None

    async def open(self) -> None:
        """Subscribe."""
        client = self._client
        self._subscription = await client.subscribe(self._subject, cb=_nothing)
        self._sid = self._subscription._id
        self._delegate, self._error_cb = client._process_msg, client._error_cb
        client._process_msg = self._message
        if self._deliver is not None:
            self._cutter = Cutter(client._ps, self._sid, self._deliver)
            self._cutter.install()
        if self._hear is not None:
            client._error_cb = self._error

    async def close(self) -> None:
        """Give the client back as it was, and end the subscription where there is a connection."""
        client = self._client
        if self._hear is not None:
            client._error_cb = self._error_cb
        if self._cutter is not None:
            self._cutter.remove()
        client._process_msg = self._delegate
        if client.is_connected:
            with suppress(nats.errors.Error):
                await self._subscription.unsubscribe()

    async def _message(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        if sid == self._sid:
            self._receive(subject, reply, data, headers)
        else:
            await self._delegate(sid, subject, reply, data, headers)

    async def _error(self, error: Exception) -> None:
        assert self._hear is not None  # noqa: S101 - else it isn't installed
        self._hear(error)
        if self._error_cb is not None:
            await self._error_cb(error)


class Cutter:
    """Stands in front of a client's parser and takes what is delivered to the subscription ``sid``, in order."""

    def __init__(self, parser: Any, sid: int, deliver: Deliver) -> None:
        self._parser = parser
        self._whole: Callable[[bytes], Awaitable[None]] = parser.parse
        self._deliver = deliver
        # (H)MSG subject sid reply [header size] size
        self._match = re.compile(rb"(H)?MSG (\S+) %d (\$JS\.ACK\.\S+) (?(1)(\d+) )(\d+)\r\n" % sid).match

    def install(self) -> None:
        """Come before the client's parser, and before those that came before it: the last to come leaves first."""
        self._parser.parse = self.parse

    def remove(self) -> None:
        """Give way to what was there before; what the parser is in the middle of is in its buffer."""
        self._parser.parse = self._whole

    async def parse(self, data: bytes = b"") -> None:
        """Take what arrived: deliveries are cut out, the rest goes to the client's parser, all in its order."""
        parser = self._parser
        if parser.state == AWAITING_MSG_PAYLOAD:
            missing = parser.needed + len(_END) - len(parser.buf)
            await self._whole(data[:missing])
            data = data[missing:]
        if parser.state == AWAITING_CONTROL_LINE:
            if parser.buf:
                data = bytes(parser.buf) + data
                parser.buf.clear()
            position, complete = self._cut(data)
            data = data[position:]
            if not complete:
                parser.buf.extend(data)
                return
        if data:
            await self._whole(data)

    def _cut(self, data: bytes) -> tuple[int, bool]:
        """Deliver what stands at the beginning; tell where it ends, and whether what follows is not for this one."""
        position, length, complete = 0, len(data), True
        match, delivered = self._match, list[Delivery]()
        while (found := match(data, position)) is not None:
            _, subject, reply, headed, size = found.groups()
            start = found.end()
            end = start + int(size)
            if end + len(_END) > length:
                complete = False
                break
            if headed is None:
                delivered.append((subject, reply, data[start:end], None))
            else:
                body = start + int(headed)
                delivered.append((subject, reply, data[body:end], data[start:body]))
            position = end + len(_END)
        if delivered:
            self._deliver(delivered)
        return position, complete and (data.find(_END, position) >= 0 or length - position > _LONGEST_LINE)


class NotEncryptedError(nats.errors.SecureConnRequiredError):
    """The address asks for TLS and the server does not offer it: nothing was sent."""

    def __init__(self) -> None:
        super().__init__(
            Bilingual(
                "máy chủ NATS không dùng TLS, đã ngắt trước khi gửi mật khẩu; hãy đặt tls {} trên máy chủ",
                "the NATS server offers no TLS, and tls:// (or TONGHOP_NATS_CA) asks for it: nothing was sent. "
                "Set tls {} on the server",
            )
        )

    def __str__(self) -> str:
        return str(self.args[0])


class EncryptedClient(Client):
    """A client that sends nothing in plain text where TLS is asked for. Connecting raises NotEncryptedError."""

    def __init__(self, *, encrypted: bool = False) -> None:
        super().__init__()
        self._must_be_encrypted = encrypted

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        # The first that a server says, in plain text; nothing was sent yet. nats-py 2.16 upgrades where it reads that
        # TLS is required, and sends the password in plain text where somebody in between took that word out.
        if initial_connection and self._must_be_encrypted and not self._is_encrypted:
            if not (info.get("tls_required") or info.get("tls_available")):
                raise NotEncryptedError
            info["tls_required"] = True
        await super()._process_info(info, initial_connection)

    async def close(self) -> None:
        """End the connection; within seconds also where the other end is lost, or says nothing any more."""
        closing = asyncio.create_task(super().close())
        try:
            await asyncio.wait({closing}, timeout=FAREWELL)
            if not closing.done():
                self._abort()
                await asyncio.wait({closing}, timeout=FAREWELL)
        finally:
            closing.cancel()
        await asyncio.wait({closing}, timeout=FAREWELL)  # a cancellation can get lost
        if closing.done() and not closing.cancelled():
            with suppress(OSError):  # what was still to be sent met a lost connection
                closing.result()

    async def _process_op_err(self, e: Exception) -> None:
        # Over a connection on which nobody answers TLS is not ended in its own way: that waits for the other end, 30 s.
        if isinstance(e, nats.errors.StaleConnectionError):
            self._abort()
        await super()._process_op_err(e)

    def _abort(self) -> None:
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    @property
    def _is_encrypted(self) -> bool:
        scheme = None if self._current_server is None else self._current_server.uri.scheme
        return scheme == "wss" or bool(self.options.get("tls_handshake_first"))


async def _nothing(_: Any) -> None:
    """Take nothing: what arrives is received before it gets here."""
