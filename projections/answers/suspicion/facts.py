"""A fact as far as it can be suspicious: of whom, on which day, when it came into the log (contract, section 8)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from msgspec import UNSET

from events.catalogue import CATALOGUE
from events.codec import Event
from events.data import Data
from events.derived import decision_day

Person = tuple[str, str]
"""A unit, and a reference out of its own book."""


class PersonFact(NamedTuple):
    """A fact that is counted, of one person.

    ``came_on``: the day in Vietnam on which it came into the log, today for what is not there yet. ``order`` is its
    position, and a higher number than any of one without. ``joins``: under which reference another unit keeps the
    person from then on.
    """

    type: str
    publisher: str
    id: str
    position: int | None
    order: int
    day: dt.date
    came_on: dt.date
    person: Person
    joins: Person | None
    data: Data

    @property
    def unit(self) -> str:
        """The unit that it is about."""
        return self.person[0]


def fact_of(event: Event, position: int | None, order: int, came_on: dt.date) -> PersonFact | None:
    """Return the fact that an event says of a person, None where it says none."""
    row = CATALOGUE[event.type]
    day = decision_day(event)
    if row.kind != "fact" or row.person is None or day is None:
        return None
    data = event.data
    joins = None
    if row.joins is not None:
        unit, reference = (getattr(data, name) for name in row.joins)
        joins = None if reference is UNSET else (unit, reference)
    person = (event.subject, getattr(data, row.person))
    return PersonFact(event.type, event.publisher, event.id, position, order, day, came_on, person, joins, data)
