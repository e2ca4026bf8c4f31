"""What every kind of event has: it is decided, it is applied, and most can be taken back.

A kind is a module of this room. Deciding changes nothing and looks at no clock; applying asks nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from events.codec import Event
from events.vocabulary import Outcome
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.state import Recorded
from projections.rules.deciding.decision import Key, Refused, Waits

Retracted = tuple[Recorded, tuple[str, str | None], int]
"""A retracted event, its outcome and reason until then, and the position of the retraction."""


@dataclass(slots=True)
class Ruling:
    """What became of an event. ``news`` are the keys that others may wait for, ``retracts`` what it took back."""

    outcome: str
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    news: tuple[Key, ...] = ()
    retracts: tuple[Retracted, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether the event holds from now on."""
        return self.outcome in {Outcome.COUNTED, Outcome.APPLIED}

    @property
    def waits(self) -> bool:
        """Tell whether the event is parked."""
        return self.outcome == Outcome.PARKED


COUNTED: Final = Ruling(Outcome.COUNTED)
APPLIED: Final = Ruling(Outcome.APPLIED)


class KindRules(Protocol):
    """How the events of a kind are told apart from what can't hold, and what follows from one that holds."""

    def decide(self, position: int, event: Event, work: BatchWork, /) -> Refused | Waits | None:
        """Say why the event is refused or what it waits for, given what holds; None where it holds."""

    def apply(self, position: int, event: Event, work: BatchWork, /) -> Ruling:
        """Do what follows from an event that was decided to hold."""


class Retractable(KindRules, Protocol):
    """A kind of event that a retraction takes back; its position is that of the event, not of the retraction."""

    def decide_taking_back(self, position: int, event: Event, work: BatchWork, /) -> Refused | None:
        """Say why an event that holds can't be taken back; None where it can."""

    def take_back(self, position: int, event: Event, work: BatchWork, /) -> tuple[Key, ...]:
        """Undo what followed from an event that holds; return what others may wait for."""
