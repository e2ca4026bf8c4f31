"""The limit on rejects: when most of what many publishers said lately is rejected, a rule or a deployment is wrong.

A pure rule over the outcomes in stream order, looked at after every single event: how the log is cut into batches, when
it is processed and how often the projector is started again never shows in where the limit is exceeded. Nobody weighs
more than a small share, whatever he sends: who says wrong things alone, or with a few others, stops nobody.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from events.vocabulary import Outcome
from projections.rules.counting.batch_changes import LedgerRow

HANDFUL: Final = 5
"""So many publishers together exceed no limit, if all that they send is rejected."""
REACH: Final = 100
"""Windows of the log that are looked back over at most: in a flood of one, what others say goes on counting."""


class RejectLimit(NamedTuple):
    """At most ``percent`` of the events in a window may be rejected; 100 is no limit.

    The window holds the last ``window`` events; of each publisher's rejected ones only the last, at most ``share`` per
    cent of it. Those of before are as if they had not been said.
    """

    window: int = 1000
    percent: int = 50
    share: int = 5

    @property
    def most(self) -> int:
        """How many rejected events of one publisher weigh: so few that a handful of publishers exceeds no limit."""
        return max(1, min(self.window * self.share, self.window * self.percent // HANDFUL) // 100)

    @property
    def least(self) -> int:
        """How many events there must be before anything is concluded: a fifth of the window, and enough for that."""
        enough = -(-HANDFUL * self.most * 100 // max(self.percent, 1))
        return min(self.window, max(1, self.window // 5, enough))

    @property
    def reach(self) -> int:
        """How many positions of the log the window may go back."""
        return self.window * REACH


LIMIT = RejectLimit()


class Reject(NamedTuple):
    """An event that was rejected when it came: who sent it (empty where the bus subject names nobody), and why."""

    position: int
    publisher: str
    reason: str


Arrival = Reject | int
"""One event in stream order: its position alone where it was not rejected when it came, whatever became of it later."""


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
        else row.position
        for row in rows
        if row.outcome != duplicate and row.position > passed
    ]


class Window:
    """The recent events, changed by ``take`` alone. Those up to the position ``passed`` are held against nobody.

    What it holds is a function of the log alone: an event leaves it when there are ``window`` newer ones in it, when it
    is rejected and there are ``most`` newer rejected ones of its publisher, or when it is out of reach. None comes
    back, so to go on from event to event and to look back from the last one (`Lookback`) give the same.
    """

    def __init__(self, limit: RejectLimit, recent: Iterable[Arrival] = (), passed: int = 0) -> None:
        """Begin with what is known of recent events, in stream order; whether they exceed the limit is not asked."""
        self._limit = limit
        self._positions: deque[int] = deque()
        self._displaced: set[int] = set()
        self._rejects: dict[int, Reject] = {}
        self._own: dict[str, deque[int]] = {}
        self.passed = passed
        self._take(recent, concluding=False)

    def take(self, events: Iterable[Arrival]) -> Excess | None:
        """Carry the window forward, event by event, and return the first at which the limit is exceeded.

        A rejected event alone can exceed it. The window is of no use after that.
        """
        return self._take(events, concluding=True)

    @property
    def heaviest(self) -> dict[str, int]:
        """The publishers of which as many rejected events weigh as may, with the number: they are few, and named."""
        most = self._limit.most
        return {publisher: len(own) for publisher, own in self._own.items() if len(own) >= most > 1}

    def _take(self, events: Iterable[Arrival], *, concluding: bool) -> Excess | None:
        percent, least, positions = self._limit.percent, self._limit.least, self._positions
        for event in events:
            if not isinstance(event, Reject):
                positions.append(event)
                continue
            positions.append(event.position)
            self._weigh(event)
            if concluding:
                self._let_go()
                n = len(positions) - len(self._displaced)
                if len(self._rejects) * 100 > percent * n and n >= least:
                    return self._excess(event.position, n)
        self._let_go()
        return None

    def _weigh(self, reject: Reject) -> None:
        self._rejects[reject.position] = reject
        own = self._own.setdefault(reject.publisher, deque())
        own.append(reject.position)
        if len(own) > self._limit.most:
            oldest = own.popleft()
            del self._rejects[oldest]
            self._displaced.add(oldest)

    def _let_go(self) -> None:
        """Let go what is no longer in the window: what concludes nothing is not asked for one by one."""
        positions, displaced, rejects = self._positions, self._displaced, self._rejects
        if not positions:
            return
        out_of_reach, over = positions[-1] - self._limit.reach, len(positions) - len(displaced) - self._limit.window
        while over > 0 or positions[0] <= out_of_reach:
            position = positions.popleft()
            if position in displaced:
                displaced.remove(position)
                continue
            over -= 1
            if position in rejects:
                publisher = rejects.pop(position).publisher
                self._own[publisher].popleft()
                if not self._own[publisher]:
                    del self._own[publisher]

    def _excess(self, position: int, events: int) -> Excess:
        by_reason = Counter((reject.publisher, reject.reason) for reject in self._rejects.values())
        by_publisher: Counter[str] = Counter()
        most: dict[str, str] = {}
        for (publisher, reason), n in sorted(by_reason.items(), key=lambda item: (-item[1], item[0])):
            by_publisher[publisher] += n
            most.setdefault(publisher, reason)
        culprits = sorted(by_publisher.items(), key=lambda item: (-item[1], item[0]))
        return Excess(
            position,
            events,
            len(self._rejects),
            tuple(Culprit(publisher, n, most[publisher]) for publisher, n in culprits),
        )


class Lookback:
    """What the window holds at the end of a log, found from the last event back: as much is asked for as it needs."""

    def __init__(self, limit: RejectLimit) -> None:
        self._limit = limit
        self._found: list[Arrival] = []
        self._own: Counter[str] = Counter()
        self._last: int | None = None

    def take(self, event: Arrival) -> bool:
        """Take the event before; tell whether the one before that may be in the window."""
        position = event.position if isinstance(event, Reject) else event
        if self._last is None:
            self._last = position
        if position <= self._last - self._limit.reach:
            return False
        if isinstance(event, Reject):
            self._own[event.publisher] += 1
            if self._own[event.publisher] > self._limit.most:
                return True
        self._found.append(event)
        return len(self._found) < self._limit.window

    def window(self, passed: int) -> Window:
        """Return the window; up to the position ``passed`` nothing is held against anybody."""
        return Window(self._limit, reversed(self._found), passed)
