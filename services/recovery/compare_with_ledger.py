"""Hold a stream against the ledger from the first position on, both read in order, a part at a time."""

from __future__ import annotations

import asyncpg

from projections.rules.log.message import Message
from projections.store.log.kept_log import read_kept
from services.language import either
from services.recovery.log import Log
from services.recovery.overlap import Overlap, first_difference
from services.recovery.telling import Telling


async def compare(connection: asyncpg.Connection, log: Log, last: int, telling: Telling) -> Overlap:
    """Compare the positions 1 to `last` of the ledger with the stream's; ends at the first difference."""
    state = await log.state()
    if state is None or not state.messages or state.first_seq > last:
        return Overlap(last, None)
    end = min(last, state.last_seq)
    missing = last - end
    found: dict[int, Message] = {}
    stream = log.read(state.first_seq, end)
    try:
        with telling.step(either("So luồng với sổ cái", "Comparing the stream with the ledger"), end) as advance:
            async for kept in read_kept(connection, end):
                wanted = kept[-1].position
                while wanted >= state.first_seq and (not found or max(found) < wanted):
                    messages = await anext(stream, None)
                    if messages is None:
                        break
                    found |= {message.position: message for message in messages}
                part = first_difference(kept, found)
                missing += part.missing
                if part.differs_at is not None:
                    return Overlap(missing, part.differs_at)
                found = {position: message for position, message in found.items() if position > wanted}
                advance(len(kept))
    finally:
        await stream.aclose()
    return Overlap(missing, None)
