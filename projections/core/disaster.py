"""The limit on disaster: when most of the recent events are rejected, something is wrong with whoever says them.

A pure rule over the outcomes in stream order, looked at after every single event: how the log is cut into batches, when
it is processed and how often the projector is started again never shows in where the limit is exceeded.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from events.vocabulary import Outcome
from projections.core.changes import LedgerRow


class Limit(NamedTuple):
    """At most ``percent`` of the last ``window`` events may be rejected; 100 is no limit."""

    window: int = 1000
    percent: int = 50

    @property
    def least(self) -> int:
        """How many events there must be before anything is concluded: a fifth of the window."""
        return max(1, self.window // 5)


LIMIT = Limit()


class Reject(NamedTuple):
    """An event that was rejected when it came: who sent it (empty where the bus subject names nobody), and why."""

    position: int
    publisher: str
    reason: str


Arrival = Reject | None
"""One event in stream order; None where it was not rejected when it came, whatever became of it later."""


class Culprit(NamedTuple):
    """A publisher with rejects in the window, and the reason that it has most of."""

    publisher: str
    rejected: int
    reason: str


class Excess(NamedTuple):
    """The limit, exceeded by the event at ``position``: all before it may be written, it and what follows may not."""

    position: int
    events: int
    rejected: int
    culprits: tuple[Culprit, ...]
    """Every publisher with rejects in the window, most first."""


def arrivals(rows: Iterable[LedgerRow], passed: int = 0) -> list[Arrival]:
    """Return what the limit counts of a batch's ledger, in its order: nothing up to the position ``passed``.

    A duplicate says nothing new and counts neither way. An id that is used again for something else does: a client that
    numbers wrongly is a broken client.
    """
    duplicate, rejected = str(Outcome.DUPLICATE), str(Outcome.REJECTED)
    return [
        Reject(row.position, row.publisher or "", row.reason or "")
        if row.outcome == rejected and row.rejected_at is None
        else None
        for row in rows
        if row.outcome != duplicate and row.position > passed
    ]


class Window:
    """The recent events, changed by ``take`` alone. Those up to the position ``passed`` are held against nobody."""

    def __init__(self, limit: Limit, recent: Iterable[Arrival] = (), passed: int = 0) -> None:
        """Begin with what is known of recent events, in stream order; whether they exceed the limit is not asked."""
        self._limit = limit
        self._events: deque[Arrival] = deque(recent, limit.window)
        self._rejected = sum(1 for event in self._events if event is not None)
        self.passed = passed

    def take(self, events: Iterable[Arrival]) -> Excess | None:
        """Carry the window forward, event by event, and return the first at which the limit is exceeded.

        A rejected event alone can exceed it. The window is of no use after that.
        """
        recent, (window, percent), least = self._events, self._limit, self._limit.least
        for event in events:
            if len(recent) == window and recent[0] is not None:
                self._rejected -= 1
            recent.append(event)
            if event is not None:
                self._rejected += 1
                if self._rejected * 100 > percent * len(recent) and len(recent) >= least:
                    return self._excess(event.position)
        return None

    def _excess(self, position: int) -> Excess:
        by_reason = Counter((event.publisher, event.reason) for event in self._events if event is not None)
        by_publisher: Counter[str] = Counter()
        most: dict[str, str] = {}
        for (publisher, reason), n in sorted(by_reason.items(), key=lambda item: (-item[1], item[0])):
            by_publisher[publisher] += n
            most.setdefault(publisher, reason)
        culprits = sorted(by_publisher.items(), key=lambda item: (-item[1], item[0]))
        return Excess(
            position,
            len(self._events),
            self._rejected,
            tuple(Culprit(publisher, n, most[publisher]) for publisher, n in culprits),
        )
