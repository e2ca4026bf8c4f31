"""Pathway: read from JetStream, grouped by the event's key so that each counts once, kept as a snapshot in PostgreSQL.

Its state is persisted on disk, without which a restart would count from nothing (its guide on persistence).
"""

import asyncio

import pathway as pw
from nats.js.api import AckPolicy

from tests.bench.peers.task import Counting, Key, Task

BACKLOG = 50_000
"""Entries in processing at most: what the connector's documentation advises for a backlog, at its upper end."""


class Event(pw.Schema):
    source: str
    id: str
    type: str
    subject: str
    data: pw.Json


def main() -> None:
    """Count for as long as the process lives."""
    task = Task.read()
    counting = Counting(task)
    asyncio.run(_make_consumer(task))

    @pw.udf(deterministic=True)
    def keys(type: str, subject: str, data: pw.Json) -> list[tuple[str, str, str]]:
        said = {"type": type, "subject": subject, "data": data.as_dict()}
        return [(key.unit, key.day, key.measure) for key in counting.keys(said)]

    events = pw.io.nats.read(
        task.nats,
        task.subjects,
        schema=Event,
        format="json",
        jetstream_stream_name=task.stream,
        durable_consumer_name=task.name,
        max_backlog_size=BACKLOG,
        name="events",
    )
    once = events.groupby(events.source, events.id).reduce(
        type=pw.reducers.any(events.type),
        subject=pw.reducers.any(events.subject),
        data=pw.reducers.any(events.data),
    )
    counted = once.select(key=keys(once.type, once.subject, once.data)).flatten(pw.this.key)
    flat = counted.select(
        unit=pw.this.key[0],
        day=pw.this.key[1],
        measure=pw.this.key[2],
    )
    counter = flat.groupby(flat.unit, flat.day, flat.measure).reduce(
        flat.unit, flat.day, flat.measure, n=pw.reducers.count()
    )
    pw.io.postgres.write(
        counter,
        {"host": task.host, "dbname": task.database, "user": task.user},
        "counter",
        output_table_type="snapshot",
        primary_key=[counter.unit, counter.day, counter.measure],
        name="counters",
    )
    pw.run(
        monitoring_level=pw.MonitoringLevel.NONE,
        persistence_config=pw.persistence.Config(
            pw.persistence.Backend.filesystem(task.state), snapshot_interval_ms=1_000
        ),
    )


async def _make_consumer(task: Task) -> None:
    """Make the durable consumer that starts at the first message."""
    subscription = await task.consume(AckPolicy.EXPLICIT, wait=10)
    await subscription._nc.close()


if __name__ == "__main__":
    main()
