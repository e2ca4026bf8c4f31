"""What is told of a suspicious fact: its kind, in words, and the events that it is seen from (contract, section 8)."""

from __future__ import annotations

import datetime as dt

from msgspec import UNSET, Struct, UnsetType

from projections.answers.report.report_answers import Behind


class NamedEvent(Struct, frozen=True):
    """An event that a suspicion is about; ``position`` is null of one that is not in the log (yet).

    Of one that the asker may not read its type alone is told, all else is null.
    """

    publisher: str | None
    id: str | None
    position: int | None
    type: str
    day: dt.date | None


class Suspicion(Struct, frozen=True):
    """Why a fact is suspicious: its kind, in words, and the events that it is seen from, by their days."""

    kind: str
    detail: str
    events: tuple[NamedEvent, ...]


class Finding(Struct, frozen=True):
    """A suspicious fact of the log: the last of the events, of the unit that it is about, on its day."""

    kind: str
    day: dt.date
    unit: str
    events: list[NamedEvent]


class FindingPage(Struct, frozen=True):
    """A page of findings by day, position and kind; one may be short, or empty, and yet have a ``next``."""

    findings: list[Finding]
    next: str | None
    position: int
    behind: Behind | UnsetType = UNSET
