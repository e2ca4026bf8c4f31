"""One keep-alive HTTP connection, with as little of its own as can be: what is measured is the server."""

import asyncio
import re
import time
from types import TracebackType
from typing import NamedTuple, Self

from services.settings import Address

_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search


class Answer(NamedTuple):
    """A whole answer, and the seconds from the first byte of the question to the last of the answer."""

    status: int
    body: bytes
    seconds: float


class Client:
    """A connection to one address; one question at a time."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        self._streams = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._streams is not None:
            self._streams[1].close()

    async def get(self, target: str, token: str | None = None) -> Answer:
        """Ask for a target (path and query), which must be in ASCII; raises OSError where the connection is lost."""
        assert self._streams is not None, "used inside of its block"
        reader, writer = self._streams
        known = "" if token is None else f"Authorization: Bearer {token}\r\n"
        started = time.perf_counter()
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {self._address}\r\n{known}\r\n".encode("ascii"))
        head = await reader.readuntil(b"\r\n\r\n")
        found = _length(head)
        body = await reader.readexactly(int(found[1])) if found else b""
        return Answer(int(head[9:12]), body, time.perf_counter() - started)
