"""A wire between a client and its server that knows whole messages: it can hold one up, or break instead of it.

What was handed on before reaches the other end; from the message on at which it breaks nothing does, in either
direction. The protocols: PostgreSQL's frontend/backend protocol, version 3, and the NATS client protocol.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote, unquote, urlsplit

from services.embedded.postgres import SOCKET
from tests.servers import short_folder

_ASKS: Final = {"Q", "E", "c"}
"""What makes PostgreSQL do something: a simple query, the execution of a prepared one, the end of what is copied."""
_DONE: Final = "C"
"""What says that it is done."""
COMMIT: Final = "COMMIT;"
_COMMITS: Final = {COMMIT, "COMMIT"}
"""As asyncpg says it, and as PostgreSQL's own programs do."""
_POSITION: Final = re.compile(r"\.(\d{1,6})$")
_LENGTH: Final = 4
_CRLF: Final = b"\r\n"


class Passing(NamedTuple):
    """A message on its way: on which connection, which way, of which kind, and what it is about.

    Of PostgreSQL that is the statement that the connection is at; of NATS a subject without what is chosen at random.
    """

    connection: int
    to_server: bool
    kind: str
    about: str


def statement(passing: Passing) -> bool:
    """Whether this makes PostgreSQL do something, or says that a commit is done.

    That anything else is done makes no difference before the next statement.
    """
    return passing.kind in _ASKS if passing.to_server else passing.kind == _DONE and passing.about.startswith("COMMIT")


Watcher = Callable[[Passing], Awaitable[bool]]
"""Called with each message before it is handed on; tells whether the connection breaks instead."""


class Messages(Protocol):
    """How a connection's messages are told apart."""

    async def read(self, reader: asyncio.StreamReader, *, to_server: bool) -> tuple[bytes, str, str]:
        """Read one message: its bytes, its kind and what it is about. Raises IncompleteReadError at the end."""


class PostgresMessages:
    """The messages of one connection to PostgreSQL; a commit is about the last statement that it commits too."""

    def __init__(self) -> None:
        self._begun = False
        self._statements: dict[bytes, str] = {}
        self._at = ""

    async def read(self, reader: asyncio.StreamReader, *, to_server: bool) -> tuple[bytes, str, str]:
        if to_server and not self._begun:
            self._begun = True
            head = await reader.readexactly(_LENGTH)
            return head + await reader.readexactly(int.from_bytes(head) - _LENGTH), "startup", ""
        head = await reader.readexactly(1 + _LENGTH)
        body = await reader.readexactly(int.from_bytes(head[1:]) - _LENGTH)
        kind = head[:1].decode()
        if to_server:
            self._follow(kind, body)
        return head + body, kind, self._at

    def _follow(self, kind: str, body: bytes) -> None:
        if kind == "Q":
            asked = body[:-1].decode()
            self._at = f"{asked} {self._at}" if asked in _COMMITS else asked
        elif kind == "P":
            name, statement, _ = body.split(b"\0", 2)
            self._at = self._statements[name] = statement.decode()
        elif kind == "B":
            self._at = self._statements[body.split(b"\0", 2)[1]]


class NatsMessages:
    """The messages of one connection to NATS."""

    async def read(self, reader: asyncio.StreamReader, *, to_server: bool) -> tuple[bytes, str, str]:  # noqa: ARG002
        line = await reader.readuntil(_CRLF)
        words = line.split()
        kind = words[0].decode().upper()
        payload = b""
        if kind in {"PUB", "HPUB", "MSG", "HMSG"}:
            payload = await reader.readexactly(int(words[-1]) + len(_CRLF))
        return line + payload, kind, _about(kind, words)


def _about(kind: str, words: list[bytes]) -> str:
    """Tell the subject, of a message of the stream its position."""
    for word in words[1:]:
        if word.startswith(b"$JS.ACK."):
            return f"position {word.split(b'.')[5].decode()}"
    subject = words[1].decode(errors="replace") if kind in {"PUB", "HPUB", "SUB", "MSG", "HMSG"} else ""
    if subject.startswith("_INBOX"):
        asked_for = _POSITION.search(subject)  # by who reads the log by position: the last word of a request is longer
        return f"position {asked_for[1]}" if asked_for else "inbox"
    called, _, consumer = subject.rpartition(".PARTY.")
    return f"{called} of another" if called and consumer != "projector" else subject


@asynccontextmanager
async def postgres_wire(url: str, watch: Watcher) -> AsyncIterator[str]:
    """Put a wire before PostgreSQL's socket, and give the address of the same database over it."""
    address, _, there = url.partition("?host=")
    socket = Path(unquote(there)) / SOCKET
    wire = _Wire(lambda: asyncio.open_unix_connection(socket), PostgresMessages, watch)
    with short_folder() as folder:
        server = await asyncio.start_unix_server(wire.serve, folder / SOCKET)
        try:
            yield f"{address}?host={quote(str(folder), safe='/')}"
        finally:
            server.close()
            wire.close()


@asynccontextmanager
async def nats_wire(url: str, watch: Watcher) -> AsyncIterator[str]:
    """Put a wire before a NATS server, and give its address."""
    there = urlsplit(url)
    wire = _Wire(lambda: asyncio.open_connection(there.hostname, there.port), NatsMessages, watch)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        wire.close()


class _Wire:
    def __init__(
        self,
        connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
        protocol: Callable[[], Messages],
        watch: Watcher,
    ) -> None:
        self._connect = connect
        self._protocol = protocol
        self._watch = watch
        self._connections = 0
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self._connections = self._connections, self._connections + 1
        server_reader, server_writer = await self._connect()
        protocol = self._protocol()
        ways = (
            asyncio.create_task(self._hand_on(number, protocol, reader, server_writer, to_server=True)),
            asyncio.create_task(self._hand_on(number, protocol, server_reader, writer, to_server=False)),
        )
        self._open |= set(ways)
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (writer, server_writer):
                end.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._open -= set(ways)

    def close(self) -> None:
        for way in self._open:
            way.cancel()

    async def _hand_on(
        self,
        number: int,
        protocol: Messages,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        *,
        to_server: bool,
    ) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                data, kind, about = await protocol.read(source, to_server=to_server)
                if await self._watch(Passing(number, to_server, kind, about)):
                    return
                sink.write(data)
                await sink.drain()
