"""Pathway: read from JetStream, grouped by the event's key so that each counts once, kept as a snapshot in PostgreSQL.

Its state is persisted on disk, without which a restart would count from nothing (its guide on persistence).
"""

import asyncio

import pathway as pw
from nats.js.api import AckPolicy

from tests.bench.peers.task import Counting, Task

BACKLOG = 5_000
"""Entries in processing at most: the connector's documentation advises a few thousand or more for a backlog."""


class Event(pw.Schema):
    source: str
    number: str
    type: str
    subject: str
    data: pw.Json


def main() -> None:
    """Count for as long as the process lives."""
    task = Task.read()
    counting = Counting(task)
    asyncio.run(task.consume(AckPolicy.EXPLICIT, wait=10))  # makes the durable consumer, from the first message on

    @pw.udf(deterministic=True)
    def keys(kind: str, subject: str, data: pw.Json) -> list[tuple[str, str, str]]:
        said = {"type": kind, "subject": subject, "data": data.as_dict()}
        return [(key.unit, key.day, key.measure) for key in counting.keys(said)]

    events = pw.io.nats.read(
        task.nats,
        task.subjects,
        schema=Event,
        format="json",
        json_field_paths={"number": "/id"},  # `id` is the row's own in every table of Pathway
        jetstream_stream_name=task.stream,
        durable_consumer_name=task.name,
        max_backlog_size=BACKLOG,
        name="events",
    )
    once = events.groupby(events.source, events.number).reduce(
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


if __name__ == "__main__":
    main()
