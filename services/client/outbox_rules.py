"""What an outbox makes of what it is told of its events, and when it asks again: no file and no network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from events.vocabulary import Outcome
from projections.bilingual import Bilingual
from services.client.errors import (
    AnsweredError,
    AwayError,
    BadRequestError,
    ClientError,
    StrangeAnswerError,
    UnsendableEventError,
)
from services.client.outbox_file import DECIDED, REFUSED, SENT, WAITING, OutboxEntry
from services.client.told import REFUSED as REFUSED_NOW
from services.client.told import UNSENT, EventTold
from services.connecting.patience import Backoff

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 300.0
"""Seconds between two tries, and between two questions for outcomes."""
_ASKS_FIRST_AFTER: Final = 0.5
_SERVERS_FAULT: Final = 500
FORBIDDEN: Final = "forbidden"
_MENDABLE_AT: Final = "source"


class Asking:
    """When outcomes are asked for next: soon after something was sent or decided, else ever more seldom."""

    def __init__(self) -> None:
        self._backoff = Backoff(first=_ASKS_FIRST_AFTER, longest=LONGEST_PAUSE)
        self._at = 0.0

    def soon(self) -> None:
        """Ask again soon."""
        self._backoff.reset()
        self._at = time.monotonic() + self._backoff.next()

    def left(self) -> float:
        """Say in how many seconds it is time."""
        return max(0.0, self._at - time.monotonic())

    def is_due(self) -> bool:
        """Whether it is time; if so, the next time is later."""
        if time.monotonic() < self._at:
            return False
        self._at = time.monotonic() + self._backoff.next()
        return True


def sent_now(entry: OutboxEntry, told: EventTold) -> OutboxEntry:
    """Say what is known of an event that was on its way."""
    if told.in_the_log:
        return _with_outcome(entry._replace(position=told.position), told)
    # Who may not speak as this unit may be allowed to tomorrow; all else is the event's own fault, for ever.
    mendable = told.reason == FORBIDDEN and told.field == _MENDABLE_AT
    state = REFUSED if told.status == REFUSED_NOW and not mendable else WAITING
    return entry._replace(state=state, reason=told.reason, field=told.field, detail=told.detail)


def decided_now(page: Sequence[OutboxEntry], told: Sequence[EventTold | None]) -> list[OutboxEntry]:
    """Say what is known now of events that are in the log."""
    known = []
    for entry, item in zip(page, told, strict=True):
        if item is None:
            continue
        if item.status == REFUSED_NOW:  # another event came first under its key
            known.append(_with_outcome(entry, structs.replace(item, outcome=Outcome.REJECTED)))
        elif item.outcome is not None:
            known.append(_with_outcome(entry, item))
    return known


def _with_outcome(entry: OutboxEntry, told: EventTold) -> OutboxEntry:
    # Nothing but a retraction changes what is decided; what is told to be a duplicate is asked for under its key.
    final = told.outcome is not None and told.outcome not in {Outcome.PARKED, Outcome.DUPLICATE}
    outcome = told.outcome if final or told.outcome == Outcome.PARKED else None
    state = DECIDED if final else SENT
    return entry._replace(state=state, outcome=outcome, reason=told.reason, field=told.field, detail=told.detail)


def is_about_the_batch(error: ClientError) -> bool:
    """Whether fewer events at a time might be taken: not where it is about who asks."""
    return isinstance(error, BadRequestError | StrangeAnswerError | UnsendableEventError) or (
        isinstance(error, AnsweredError) and error.status >= _SERVERS_FAULT
    )


def not_all(told: Sequence[EventTold]) -> AwayError:
    """Say that some of these could not be sent yet, and why."""
    reasons = sorted({item.reason or "away" for item in told if item.status == UNSENT})
    return AwayError(Bilingual("chưa gửi hết", "not all could be sent").with_detail(", ".join(reasons)), reasons[0])
