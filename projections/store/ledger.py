"""The messages of the log as the ledger has them, byte for byte as they came from the bus (decision 0004)."""

from __future__ import annotations

import asyncpg

from projections.core.message import Message
from projections.store.loading import bus_subject_of

_MESSAGES = """
SELECT position, published_at, publisher, id, type, bus_subject, headers, body
FROM ledger WHERE position BETWEEN $1 AND $2 ORDER BY position
"""


async def ledger_messages(connection: asyncpg.Connection, first: int, last: int) -> list[Message]:
    """Return the messages at positions ``first`` to ``last``, in order, as far as the ledger has them."""
    return [
        Message(
            row["position"],
            row["published_at"],
            bus_subject_of(row["publisher"], row["type"], row["bus_subject"]),
            _headers(row),
            row["body"],
        )
        for row in await connection.fetch(_MESSAGES, first, last)
    ]


def _headers(row: asyncpg.Record) -> bytes | None:
    """Return the raw header block; the ledger keeps only those that are not ``Nats-Msg-Id`` of the key alone."""
    if row["headers"] is None:
        return b"NATS/1.0\r\nNats-Msg-Id: %b:%b\r\n\r\n" % (row["publisher"].encode(), row["id"].encode())
    return bytes(row["headers"]) or None
