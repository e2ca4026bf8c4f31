"""The floors: what the bus and the database alone can do with the same messages, in the same run."""

import asyncio
import time
from typing import Final

import nats
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy

from events.subjects import ALL_SUBJECTS
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.rig import PATIENCE

PUSH: Final = "floor: ordered push consumer that does nothing"
PUSH_COST: Final = "floor: processor time of that consumer"
COPY: Final = "floor: COPY of the same ledger rows into an indexed table"
BATCH: Final = 8_000


async def pushing(bench: Bench) -> None:
    """Floor: nats-py's ordered push consumer over the same messages, with a callback that does nothing."""
    backlog = bench.backlogs["history"]
    done, received, started, busy = asyncio.Event(), 0, 0.0, 0.0

    async def take(_: Msg) -> None:
        nonlocal received, started, busy
        received += 1
        if received == 1:
            started, busy = time.perf_counter(), time.process_time()
        if received == backlog.last - backlog.first + 1:
            done.set()

    client = await nats.connect(bench.rig.nats.url)
    try:
        config = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=backlog.first)
        subscription = await client.jetstream().subscribe(
            ALL_SUBJECTS,
            stream=bench.rig.settings.stream,
            ordered_consumer=True,
            idle_heartbeat=5.0,
            config=config,
            cb=take,
        )
        await asyncio.wait_for(done.wait(), PATIENCE)
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        await subscription.unsubscribe()
    finally:
        await client.close()
    bench.found(
        Figure(PUSH, (received - 1) / seconds, "events/s"),
        Figure(PUSH_COST, busy / (received - 1) * 1e6, "µs/event"),
    )


async def copying(bench: Bench) -> None:
    """Floor: COPY of the same ledger rows into a table with the same indexes, BATCH rows a durable transaction."""
    backlog = bench.backlogs["quiet"]
    connection = await bench.rig.connect_database()
    try:
        rows = await connection.fetch(
            "SELECT * FROM ledger WHERE position BETWEEN $1 AND $2 ORDER BY position", backlog.first, backlog.last
        )
        records = [tuple(row) for row in rows]
        await connection.execute("CREATE TABLE copied (LIKE ledger INCLUDING ALL)")
        started = time.perf_counter()
        for first in range(0, len(records), BATCH):
            await connection.copy_records_to_table("copied", records=records[first : first + BATCH])
        seconds = time.perf_counter() - started
        await connection.execute("DROP TABLE copied")
    finally:
        await connection.close()
    bench.found(Figure(COPY, len(records) / seconds, "rows/s"))
