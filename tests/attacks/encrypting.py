"""What stands before a server and encrypts, or takes the encryption away, as somebody on the way might."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_TLS_REQUEST = struct.pack("!ii", 8, 80877103)
_PART = 1 << 16


@asynccontextmanager
async def postgres_behind_tls(socket: Path, context: ssl.SSLContext | None) -> AsyncIterator[tuple[int, bytearray]]:
    """Put TLS before PostgreSQL's socket, by its own protocol, and give the port and what came in plain text.

    The server of the tests is built without TLS. Without a context it answers that it has none, as that one does.
    """
    plain = bytearray()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            asked = await reader.readexactly(len(_TLS_REQUEST))
            if asked == _TLS_REQUEST:
                writer.write(b"N" if context is None else b"S")
                await writer.drain()
                if context is not None:
                    await writer.start_tls(context)
                asked = await reader.read(_PART)
            if context is None:
                plain.extend(asked)
            there = await asyncio.open_unix_connection(str(socket))
            there[1].write(asked)
            await _hand_on((reader, writer), there)
        writer.transport.abort()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], plain
    finally:
        server.close()


@asynccontextmanager
async def saying(hello: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, bytearray]]:
    """Run a server that says something and listens; give its port and what it hears."""
    heard = bytearray()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError):
            if hello:
                writer.write(hello)
                await writer.drain()
            while part := await reader.read(_PART):
                heard.extend(part)
        writer.transport.abort()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


async def _hand_on(
    here: tuple[asyncio.StreamReader, asyncio.StreamWriter], there: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    async def one(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError):
            while part := await source.read(_PART):
                sink.write(part)
                await sink.drain()

    ways = [asyncio.create_task(one(here[0], there[1])), asyncio.create_task(one(there[0], here[1]))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    await asyncio.gather(*ways, return_exceptions=True)
    there[1].transport.abort()
