"""The log as the ledger keeps it: every message, in order, a part at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import asyncpg

from projections.rules.log.kept_message import kept_message
from projections.rules.log.message import GapError, Message

_PART: Final = 4_000

_COLUMNS = """
SELECT position, published_at, bus_subject, headers, publisher, id AS event_id, type AS event_type, body FROM ledger
"""
_ROWS = f"{_COLUMNS} WHERE position BETWEEN $1 AND $2 ORDER BY position"
_AT = f"{_COLUMNS} WHERE position = ANY($1::bigint[])"

_SIZE = "SELECT coalesce(pg_table_size('ledger'), 0)"


async def kept_count(connection: asyncpg.Connection, last: int) -> int:
    """Count the messages up to a position: as many as it says, unless the ledger was tampered with."""
    return int(await connection.fetchval("SELECT count(*) FROM ledger WHERE position <= $1", last))


async def kept_size(connection: asyncpg.Connection) -> int:
    """Return about how many bytes the ledger has; never less than its messages."""
    return int(await connection.fetchval(_SIZE))


async def kept_messages(connection: asyncpg.Connection, first: int, last: int) -> list[Message]:
    """Return the messages from one position to another, in order, as far as the ledger has them."""
    return [kept_message(**row) for row in await connection.fetch(_ROWS, first, last)]


async def messages_at(connection: asyncpg.Connection, positions: Sequence[int]) -> dict[int, Message]:
    """Return the messages at some positions, as far as the ledger has them."""
    found = [kept_message(**row) for row in await connection.fetch(_AT, positions)]
    return {message.position: message for message in found}


async def read_kept(
    connection: asyncpg.Connection, last: int, after: int = 0, *, part: int = _PART
) -> AsyncIterator[list[Message]]:
    """Give the messages after a position up to `last`, some thousands at a time.

    Raises GapError where one is missing: the ledger has been tampered with.
    """
    while after < last:
        messages = await kept_messages(connection, after + 1, min(last, after + part))
        for expected, message in enumerate(messages, start=after + 1):
            if message.position != expected:
                raise GapError(f"the ledger has no message at {expected}")
        if not messages:
            raise GapError(f"the ledger has no message at {after + 1}")
        after = messages[-1].position
        yield messages
