"""The parked events and what each waits for, so that one that can hold is let go by itself (contract §2)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from events.codec import Event
from projections.rules.deciding.decision import Key, Waits


@dataclass(slots=True)
class Parked:
    """An event that waits.

    ``subject`` is the number of the unit under which it is counted as parked, None where that is not known.
    """

    position: int
    event: Event
    waits: Waits
    subject: int | None = None


class Parking:
    """All parked events by position, and an index from each key to the positions that wait for it."""

    def __init__(self) -> None:
        self.events: dict[int, Parked] = {}
        self.retractions: dict[int, Event] = {}
        self._waiting: dict[Key, set[int]] = {}

    @property
    def awaited(self) -> Container[Key]:
        """The keys that any event waits for."""
        return self._waiting

    def __len__(self) -> int:
        return len(self.events)

    def put(self, parked: Parked) -> None:
        """Let an event wait; one that waited already waits anew."""
        self.take(parked.position)
        self.events[parked.position] = parked
        if parked.event.type == "event.retracted":
            self.retractions[parked.position] = parked.event
        for key in parked.waits.keys:
            self._waiting.setdefault(key, set()).add(parked.position)

    def take(self, position: int) -> Parked | None:
        """Take an event out; None when it does not wait."""
        parked = self.events.pop(position, None)
        if parked is not None:
            self.retractions.pop(position, None)
            for key in parked.waits.keys:
                waiting = self._waiting[key]
                waiting.discard(position)
                if not waiting:
                    del self._waiting[key]
        return parked

    def waiting_for(self, keys: Iterable[Key]) -> set[int]:
        """Return the positions of the events that wait for any of the keys."""
        found: set[int] = set()
        for key in keys:
            found |= self._waiting.get(key, set())
        return found
