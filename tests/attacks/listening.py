"""A stream of server-sent events as it stands on the wire, and a log that moves on without a projector."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import asyncpg

from services.settings import Address
from tests.attacks.http_serving import GUARD, Reply, Wire

_FACT = """
WITH moved AS (UPDATE checkpoint SET position = position + 1, as_of = now() RETURNING position)
INSERT INTO fact (unit, day, measure, position, facets) SELECT no, $2, 1, position, 0 FROM moved, unit WHERE id = $1
RETURNING position
"""


class Message(NamedTuple):
    """One event of a stream; ``id`` is empty where it has none."""

    event: str
    id: str
    data: Any


class Listening:
    """An open stream."""

    def __init__(self, wire: Wire, reply: Reply) -> None:
        self.wire = wire
        self.reply = reply

    @classmethod
    async def to(cls, address: Address, target: str, source: str = "127.0.0.1", **headers: str) -> Listening:
        """Open a stream, or be refused: `reply` says which."""
        wire = await Wire.to(address, source)
        return cls(wire, await wire.get(target, **headers))

    async def chunk(self) -> bytes:
        """Read the next piece; nothing where the stream has come to its end, as it should or by a cut."""
        async with asyncio.timeout(GUARD):
            try:
                length = int(await self.wire.reader.readuntil(b"\r\n"), 16)
                return (await self.wire.reader.readexactly(length + 2))[:-2]
            except (asyncio.IncompleteReadError, ConnectionError):
                return b""

    async def message(self) -> Message | None:
        """Read up to the next event, None where the stream ends before; what comes in one piece is one event here."""
        while piece := await self.chunk():
            fields = dict(line.split(": ", 1) for line in piece.decode().splitlines() if ": " in line)
            if "event" in fields:
                return Message(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
        return None

    def hang_up(self) -> None:
        self.wire.hang_up()


async def let_be_new(connection: asyncpg.Connection, unit: str, day: Any) -> int:
    """Let one more admission of a unit be counted, and tell whoever listens; return its position."""
    position: int = await connection.fetchval(_FACT, unit, day)
    await connection.execute("SELECT pg_notify('tonghop_position', $1)", str(position))
    return position
