"""`eventsourcing`: facts are aggregates in its PostgreSQL store, a projection runner counts them in a tracked view.

The store is filled first. An event's key is its aggregate's id, so that the store takes it once; the view's counters
and the position up to which they count are written in one transaction, as the library's tutorial has it (part 4).
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from nats.js.api import AckPolicy

from tests.bench.peers.task import Counting, Key, Task, day

SAVED = 500
"""Facts that one transaction puts into the store."""


class Fact(Aggregate):
    """A fact, as it was published; nothing happens to it afterwards."""

    @event("Published")
    def __init__(self, source: str, number: str, kind: str, subject: str, data: dict[str, Any]) -> None:
        self.source = source
        self.number = number
        self.kind = kind
        self.subject = subject
        self.data = data

    @staticmethod
    def create_id(source: str, number: str) -> UUID:
        """Make the same id of the same publisher and id."""
        return uuid5(NAMESPACE_URL, f"{source}/{number}")


class Facts(Application[UUID]):
    """The store of facts."""


class Counters(PostgresTrackingRecorder):
    """The view: counters by unit, day and measure, in the table that the bench has made."""

    def add(self, keys: Iterator[Key], tracking: Tracking) -> None:
        """Add one to each counter, and track the position, in one transaction."""
        units, days, measures = zip(*keys, strict=True)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO counter AS c SELECT *, 1 FROM unnest(%s::text[], %s::date[], %s::text[])"
                " ON CONFLICT (unit, day, measure) DO UPDATE SET n = c.n + 1",
                (list(units), [day(text) for text in days], list(measures)),
                prepare=True,
            )


class Consolidation(Projection[Counters]):
    """Count facts in the view."""

    counting: Counting

    @singledispatchmethod
    def process_event(self, _event: Any, tracking: Tracking) -> None:
        """Count nothing of other events, and track them."""
        self.view.insert_tracking(tracking)

    @process_event.register
    def _(self, domain_event: Fact.Published, tracking: Tracking) -> None:
        said = {"type": domain_event.kind, "subject": domain_event.subject, "data": domain_event.data}
        self.view.add(self.counting.keys(said), tracking)


async def fill(task: Task, facts: Facts) -> None:
    """Put the messages into the store, in their order."""
    subscription = await task.consume(AckPolicy.EXPLICIT)
    position = 0
    while position < task.last:
        try:
            messages = await subscription.fetch(SAVED, timeout=1)
        except TimeoutError:
            continue
        said = [msgspec.json.decode(message.data) for message in messages]
        made = [Fact(e["source"], e["id"], e["type"], e["subject"], e["data"]) for e in said]
        try:
            facts.save(*made)
        except IntegrityError:  # some were stored before: delivered again
            for fact in made:
                with suppress(IntegrityError):
                    facts.save(fact)
        for message in messages:
            await message.ack()
        position = messages[-1].metadata.sequence.stream


def main() -> None:
    """Fill the store where it isn't, then count for as long as the process lives."""
    task = Task.read()
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_HOST": task.host,
        "POSTGRES_DBNAME": task.database,
        "POSTGRES_USER": task.user,
        "POSTGRES_PASSWORD": "",
    }
    Consolidation.counting = Counting(task)
    with Facts(env=env) as facts:
        stored = facts.recorder.max_notification_id() or 0
        if stored < task.last - task.first + 1:
            asyncio.run(fill(task, facts))
    with ProjectionRunner(
        application_class=Facts, projection_class=Consolidation, view_class=Counters, env=env
    ) as runner:
        runner.run_forever()


if __name__ == "__main__":
    main()
