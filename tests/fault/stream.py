"""The stream as the bus has it, read from its beginning."""

from __future__ import annotations

import nats

from projections.core.message import Message


async def log_of(url: str, last: int) -> list[Message]:
    """Read the stream as the bus has it."""
    client = await nats.connect(url)
    try:
        subscription = await client.jetstream().subscribe("party.v1.>", ordered_consumer=True)
        found = [await subscription.next_msg(timeout=10) for _ in range(last)]
    finally:
        await client.close()
    meta = [message.metadata for message in found]
    assert [one.sequence.stream for one in meta] == list(range(1, last + 1))
    return [
        Message(one.sequence.stream, one.timestamp, message.subject, None, message.data)
        for one, message in zip(meta, found, strict=True)
    ]
