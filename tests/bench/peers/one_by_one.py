"""A consumer written by hand, one transaction an event: its key and all its counters, acknowledged after the commit."""

import asyncio

import asyncpg
import msgspec

from tests.bench.peers.by_hand import fetching
from tests.bench.peers.task import Counting, day

FETCHED = 100


async def main() -> None:
    """Count for as long as the process lives."""
    async for connection, counting, messages in fetching(FETCHED):
        for message in messages:
            await _count(connection, counting, message.data)
            await message.ack()


async def _count(connection: asyncpg.Connection, counting: Counting, body: bytes) -> None:
    event = msgspec.json.decode(body)
    async with connection.transaction():
        new = await connection.fetchval(
            "INSERT INTO seen VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true", event["source"], event["id"]
        )
        if new:
            units, days, measures = zip(*counting.keys(event), strict=True)
            await connection.execute(
                "INSERT INTO counter AS c SELECT *, 1 FROM unnest($1::text[], $2::date[], $3::text[])"
                " ON CONFLICT (unit, day, measure) DO UPDATE SET n = c.n + 1",
                units,
                [day(text) for text in days],
                measures,
            )


if __name__ == "__main__":
    asyncio.run(main())
