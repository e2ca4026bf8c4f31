"""The stream as the bus has it, read from its beginning."""

from __future__ import annotations

import nats

from projections.rules.log.message import Message
from services.log.gaps import read_range


async def log_of(url: str, last: int) -> list[Message]:
    """Read the stream as the bus has it, headers and times too: the hash chain is of them."""
    client = await nats.connect(url)
    try:
        log = await read_range(client, "PARTY", 1, last)
    finally:
        await client.close()
    assert [message.position for message in log] == list(range(1, last + 1))
    return log


async def last_of(url: str) -> int:
    """Ask how far the stream goes."""
    client = await nats.connect(url)
    try:
        return int((await client.jetstream().stream_info("PARTY")).state.last_seq)
    finally:
        await client.close()
