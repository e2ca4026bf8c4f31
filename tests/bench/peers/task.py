"""What a peer in Python is told to do, and what an event counts: read by processes that know nothing of this project.

These modules run under the peers' own interpreter too, so they import nothing of the project and little else.
"""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec
import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy


class Key(NamedTuple):
    """One counter: of a unit, on a day (ISO), of a measure."""

    unit: str
    day: str
    measure: str


class Rule(msgspec.Struct, frozen=True):
    """A type of event: the field with its day, and each measure with the field that names its unit (None: subject)."""

    day: str
    counts: list[tuple[str, str | None]]


class Task(msgspec.Struct, frozen=True):
    """Which events to count, from where to where; `parents` is the whole hierarchy, None above the root.

    The messages from position `first` to `last` are the stream's end. `state` is a folder for what isn't kept in
    PostgreSQL.
    """

    name: str
    nats: str
    stream: str
    subjects: str
    first: int
    last: int
    host: str
    user: str
    database: str
    state: str
    parents: str
    rules: dict[str, Rule]

    @classmethod
    def read(cls) -> Self:
        """Read the task from the file that the process was started with."""
        return msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=cls)

    @property
    def url(self) -> str:
        """The database's address, as asyncpg takes it."""
        return f"postgresql://{self.user}@/{self.database}?host={self.host}"

    async def consume(self, ack: AckPolicy, wait: float = 5.0) -> JetStreamContext.PullSubscription:
        """Subscribe to the messages by the durable consumer of this peer, which is made where there is none yet.

        What isn't acknowledged within `wait` seconds is delivered again.
        """
        client = await nats.connect(self.nats, connect_timeout=30)
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.first,
            ack_policy=ack,
            ack_wait=wait,
            max_ack_pending=100_000,
        )
        return await client.jetstream(timeout=30).pull_subscribe(
            self.subjects, durable=self.name, stream=self.stream, config=config
        )


class Counting:
    """What events count, at every level."""

    def __init__(self, task: Task) -> None:
        self._rules = task.rules
        self._parents = msgspec.json.decode(Path(task.parents).read_bytes(), type=dict[str, str | None])

    def keys(self, event: dict[str, Any]) -> Iterator[Key]:
        """Name the counters to which an event adds one: of the unit that it is about, and of all above it."""
        rule, data = self._rules[event["type"]], event["data"]
        for measure, field in rule.counts:
            unit = data[field] if field else event["subject"]
            while unit is not None:
                yield Key(unit, data[rule.day], measure)
                unit = self._parents[unit]


def day(text: str) -> dt.date:
    """Read a day for a driver that wants more than its text."""
    return dt.date.fromisoformat(text)
