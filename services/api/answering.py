"""From a question to its answer: wait for the position, open a snapshot, compare ETags, write JSON (contract §5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from fastapi import Request, Response

from projections.store.reading.snapshot import Snapshot, snapshot
from services.api.bus import Bus
from services.api.parameters import Query
from services.api.problems import not_ready
from services.api.waiting import Positions

if TYPE_CHECKING:
    from asyncpg import Pool, Record

JSON: Final = "application/json"
TEXT: Final = "text/plain"
# Answers hold sensitive figures and change with the log: nobody else keeps them, and a kept one is asked for again.
CACHING: Final = "private, no-cache"

Answer = TypeVar("Answer", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode


class Reader:
    """What the routes share: the pool, the position waited for, the bus, from how many people on a cell is shown."""

    def __init__(self, pool: Pool[Record], positions: Positions, bus: Bus, smallest_cell: int) -> None:
        self.pool = pool
        self.positions = positions
        self.bus = bus
        self.smallest_cell = smallest_cell
        self.slow = asyncio.Semaphore(1)
        """Held by questions that take seconds, before they take a connection: others are answered meanwhile."""

    async def answer(
        self,
        request: Request,
        query: Query,
        question: tuple[object, ...],
        compute: Callable[[Snapshot], Awaitable[Answer]],
        as_text: Callable[[Answer], str] | None = None,
    ) -> Response:
        """Answer a question from one snapshot; `question` is all that the answer depends on beside the position.

        It is written as JSON, or as plain text by `as_text`. 304 where the asker has this very answer. Raises a 503
        Problem where `min_position` isn't reached in time.
        """
        await self.wait(query)
        async with snapshot(self.pool) as opened:
            self.require(query, opened)
            tag = etag(question, opened)
            headers = {"etag": tag, "cache-control": CACHING}
            known = request.headers.get("if-none-match")
            if known is not None and matches(known, tag):
                return Response(None, 304, headers)
            answer = await compute(opened)
        if known is not None and known.strip() == "*":  # any answer will do, but there must be one
            return Response(None, 304, headers)
        if as_text is not None:
            return Response(as_text(answer), 200, headers, TEXT)
        return Response(_encode(answer), 200, headers, JSON)

    async def wait(self, query: Query) -> None:
        """Wait as long as the query allows for the position that it asks for."""
        if query.min_position is not None:
            await self.positions.reach(query.min_position, query.wait)

    def require(self, query: Query, opened: Snapshot) -> None:
        """Raise a 503 Problem with the position reached where the snapshot is short of what the query asks for."""
        if query.min_position is not None and opened.position < query.min_position:
            detail = f"Số liệu mới đến vị trí {opened.position}, chưa tới {query.min_position}."
            raise not_ready(detail, position=opened.position)


def reader_of(request: Request) -> Reader:
    """Return the reader of the app that serves the request."""
    reader: Reader = request.app.state.reader
    return reader


def etag(question: tuple[object, ...], opened: Snapshot) -> str:
    """Return a strong ETag of a question and the position that answers it."""
    asked = repr((question, opened.generation, opened.repairs, opened.position)).encode()
    return f'"{blake2b(asked, digest_size=12).hexdigest()}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Tell whether the header names the tag; compared weakly, as RFC 9110 §13.1.2 has it."""
    return any(known.strip().removeprefix("W/") == tag for known in if_none_match.split(","))
