"""What is told of a batch: how long it was fetched, decided, written and committed, and which events it has.

A batch is a trace of its own, with links to the spans that its events were published in. In the trace of each of these
stands, from the bus to the commit, that the event is in the figures. A header is a stranger's word: of a batch that is
told so many are followed at the most, and so few of a publisher that no one is left out for another's flood.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, NamedTuple, Protocol

import structlog

from events.subjects import read_bus_subject
from projections.rules.log.message import Message
from services.tracing import spans
from services.tracing.context import Context, of_message
from services.tracing.spans import WorkPart, WorkSpan

FOLLOWED: Final = 32
"""Events of a batch."""
OF_A_PUBLISHER: Final = 4


class Followed(NamedTuple):
    """An event that was published in a span."""

    position: int
    published_at: int
    publisher: str
    context: Context


class BatchTrace(Protocol):
    """What is told of one batch."""

    def part(self, name: str) -> AbstractContextManager[None]:
        """Time a part of the work; the batch failed where it raises."""

    def written(self) -> None:
        """Say that all is written, and the commit begins."""

    def committed(self) -> None:
        """Say that the batch is in the figures."""


class _UntoldBatch:
    def part(self, _name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def written(self) -> None:
        pass

    def committed(self) -> None:
        pass


UNTOLD: Final[BatchTrace] = _UntoldBatch()


def fetching() -> int:
    """Say since when a batch is fetched."""
    return time.time_ns() if spans.on() else 0


def traced(messages: Sequence[Message], since: int) -> BatchTrace:
    """Begin to tell of a batch that was fetched since then; what is logged from now on has its trace."""
    if not spans.on():
        return UNTOLD
    now = time.time_ns()
    said: spans.Attributes = {
        "messaging.batch.message_count": len(messages),
        "tonghop.position.first": messages[0].position,
        "tonghop.position": messages[-1].position,
    }
    batch = spans.begun("batch", "consumer", said, at=since or now)
    structlog.contextvars.bind_contextvars(trace=batch.trace)
    if not batch.told:
        return UNTOLD
    batch.part(WorkPart("fetch", since or now, now))
    return _ToldBatch(batch, followed(messages))


def followed(messages: Sequence[Message]) -> list[Followed]:
    """Name the events of a batch that are followed: each span once, few of a publisher."""
    found: dict[Context, Followed] = {}
    of_publisher: Counter[str] = Counter()
    for message in messages:
        context = of_message(message.headers)
        if context is None or not context.sampled or context in found:
            continue
        publisher = read_bus_subject(message.bus_subject)[0] or ""
        if of_publisher[publisher] == OF_A_PUBLISHER:
            continue
        of_publisher[publisher] += 1
        at = int(message.published_at.timestamp() * 1e9)
        found[context] = Followed(message.position, at, publisher, context)
        if len(found) == FOLLOWED:
            break
    return list(found.values())


class _ToldBatch:
    def __init__(self, batch: WorkSpan, events: Sequence[Followed]) -> None:
        self._batch = batch
        self._events = events
        self._part: tuple[str, int] = "", 0
        batch.link([event.context for event in events])

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._part = name, time.time_ns()
        try:
            yield
        except BaseException as error:
            self._ends()
            self._batch.failed(error)
            self._batch.end()
            raise
        self._ends()

    def written(self) -> None:
        self._ends()
        self._part = "commit", time.time_ns()

    def committed(self) -> None:
        now = time.time_ns()
        self._batch.end(now)
        if (of_batch := self._batch.context) is None:
            return
        for event in self._events:
            said: spans.Attributes = {"tonghop.position": event.position, "tonghop.publisher": event.publisher}
            began = min(event.published_at, now)  # by the bus's clock, which may be another
            told = spans.begun("in the figures", "consumer", said, parent=event.context, at=began)
            told.link([of_batch])
            told.end(now)

    def _ends(self) -> None:
        name, began = self._part
        self._batch.part(WorkPart(name, began, time.time_ns()))
