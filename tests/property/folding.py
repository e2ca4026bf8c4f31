"""The fold alone, in memory, message by message: for rules that need many logs and no figures."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from events.catalogue import CATALOGUE
from events.codec import Event, decode
from projections.rules.counting.state import Recorded, Sizes, State
from projections.rules.folding.fold import EventKey, Fold
from projections.rules.log.message import Message
from tests.oracle.telling import ROOT, Said

_NOON = dt.datetime(2024, 1, 2, 12, tzinfo=dt.UTC)
_HOLDS = ("counted", "applied")


class Folded:
    """A log as the fold decides it; nothing is written anywhere."""

    def __init__(self, sizes: Sizes) -> None:
        self.state = State(ROOT, sizes, counts=False)
        self.outcomes: dict[int, tuple[str, str | None]] = {}
        self.fields: dict[int, str | None] = {}
        self.recorded: dict[EventKey, Recorded] = {}
        self._events: dict[int, Event] = {}

    def take(self, log: Sequence[Said]) -> list[tuple[int, str, str | None]]:
        """Decide the next messages; return what has become of all of them."""
        for position, said in enumerate(log, start=self.state.position + 1):
            event = decode(said.bus_subject, said.body, root=ROOT)
            if isinstance(event, Event):
                self._events[position] = event
            message = Message(position, _NOON, said.bus_subject, None, said.body)
            fold = Fold(self.state, position, self.recorded, self.references())
            fold.take([message], [event])
            changes = fold.changes(message.published_at)
            for row in changes.ledger:
                self.outcomes[row.position] = row.outcome, row.reason
                self.fields[row.position] = row.field
            for verdict in changes.verdicts:
                self.outcomes[verdict.position] = verdict.outcome, verdict.reason
        return [(position, *outcome) for position, outcome in self.outcomes.items()]

    def references(self) -> Counter[str]:
        """Count the plans and events of access that refer to each unit; a state that does not count has the facts."""
        return Counter(
            event.subject
            for position, event in self._events.items()
            if self.outcomes.get(position, ("", None))[0] in _HOLDS and CATALOGUE[event.type].kind in {"plan", "access"}
        )
