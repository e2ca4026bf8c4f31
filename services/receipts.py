"""Answer publishers over the bus what became of their events: `tonghop.v1.receipts`, read from the ledger."""

import asyncio
import time
from typing import Final

import asyncpg
import msgspec
from faststream.nats import NatsBroker, NatsMessage

from services.publishing.receipt import LONGEST_WAIT, MOST_POSITIONS, SUBJECT, Answer, Receipt, Request, digest

QUEUE: Final = "receipts"
_AT_ONCE: Final = 64
_LOOK_EVERY: Final = 0.03

_REACHED: Final = "SELECT position FROM checkpoint"
_RECEIPTS: Final = """
SELECT l.position, l.publisher, l.id, l.outcome, l.reason, l.field, l.detail, l.first_position,
    CASE WHEN $4 THEN l.body END AS body
FROM unnest($1::bigint[], $2::bigint[]) AS asked (low, high)
JOIN ledger AS l ON l.position BETWEEN asked.low AND asked.high
ORDER BY l.position
LIMIT $3
"""

_decode = msgspec.json.Decoder(Request).decode
_encode = msgspec.json.Encoder().encode


def mount(broker: NatsBroker, pool: asyncpg.Pool) -> None:
    """Subscribe to the requests on a broker that isn't started yet; several processes share them as one queue group.

    The pool is only read from, each statement a transaction of its own. What is wrong with a request is answered in
    `Answer.error`; while the database is away a request gets no answer, and its sender asks again.
    """
    checkpoint = _Checkpoint(pool)

    @broker.subscriber(SUBJECT, queue=QUEUE, max_workers=_AT_ONCE, title="receipts", include_in_schema=False)
    async def receipts(message: NatsMessage) -> bytes:
        return _encode(await _answer(message.body, pool, checkpoint))


class _Checkpoint:
    """The position of the figures; however many wait for it, the database is asked by one at a time."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._asking = asyncio.Lock()
        self._looked_at = 0.0
        self._position = -1

    async def reach(self, position: int, wait: float) -> int:
        """Return the position reached: `position` or more, or less after `wait` seconds."""
        until = time.monotonic() + wait
        while (reached := await self._look()) < position and time.monotonic() < until:  # noqa: ASYNC110 another process
            await asyncio.sleep(_LOOK_EVERY)
        return reached

    async def _look(self) -> int:
        async with self._asking:
            if time.monotonic() - self._looked_at >= _LOOK_EVERY:
                self._position = await self._pool.fetchval(_REACHED)
                self._looked_at = time.monotonic()
            return self._position


async def _answer(body: bytes, pool: asyncpg.Pool, checkpoint: _Checkpoint) -> Answer:
    try:
        request = _decode(body)
        ranges = [(asked, asked) if isinstance(asked, int) else asked for asked in request.positions]
        _require_few(ranges)
    except ValueError as error:
        return Answer(0, [], str(error))
    reached = await checkpoint.reach(max(high for _, high in ranges), min(max(request.wait, 0.0), LONGEST_WAIT))
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    rows = await pool.fetch(_RECEIPTS, lows, highs, MOST_POSITIONS, request.digests)
    return Answer(reached, [_receipt(row) for row in rows])


def _receipt(row: asyncpg.Record) -> Receipt:
    known = dict(row)
    body = known.pop("body")
    return Receipt(**known, digest=None if body is None else digest(body))


def _require_few(ranges: list[tuple[int, int]]) -> None:
    """Raise ValueError unless the ranges are of positions, at most MOST_POSITIONS."""
    if not ranges or any(not 0 < low <= high < 2**63 for low, high in ranges):
        raise ValueError("positions: expected positions, or ranges [from, to]")
    if sum(high - low + 1 for low, high in ranges) > MOST_POSITIONS:
        raise ValueError(f"positions: at most {MOST_POSITIONS} at once")
