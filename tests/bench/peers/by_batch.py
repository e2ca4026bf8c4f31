"""A consumer written by hand, one transaction a batch: keys first, then the counters that the new events add up to."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import asyncpg
import msgspec
from nats.aio.msg import Msg

from tests.bench.peers.by_hand import fetching
from tests.bench.peers.task import Counting, Key, day

FETCHED = 1_000


async def main() -> None:
    """Count for as long as the process lives.

    Each message is acknowledged: one acknowledgement for all up to a message would lose, after a kill, those that were
    under way, for newer ones are delivered before them.
    """
    async for connection, counting, messages in fetching(FETCHED):
        await _count(connection, counting, messages)
        for message in messages:
            await message.ack()


async def _count(connection: asyncpg.Connection, counting: Counting, messages: Sequence[Msg]) -> None:
    events = {}
    for message in messages:
        event = msgspec.json.decode(message.data)
        events[event["source"], event["id"]] = event
    async with connection.transaction():
        new = await connection.fetch(
            "INSERT INTO seen SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING"
            " RETURNING publisher, id",
            [publisher for publisher, _ in events],
            [number for _, number in events],
        )
        added: Counter[Key] = Counter()
        for row in new:
            added.update(counting.keys(events[row["publisher"], row["id"]]))
        if added:
            keys = sorted(added)
            await connection.execute(
                "INSERT INTO counter AS c SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::bigint[])"
                " ON CONFLICT (unit, day, measure) DO UPDATE SET n = c.n + excluded.n",
                [key.unit for key in keys],
                [day(key.day) for key in keys],
                [key.measure for key in keys],
                [added[key] for key in keys],
            )


if __name__ == "__main__":
    asyncio.run(main())
