"""What is told of a suspicious fact: its kind, in words, and the events that it is seen from (contract, section 8)."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


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
    """Why a fact is suspicious; of several ``events`` the suspicious one is the last."""

    kind: str
    detail: str
    events: tuple[NamedEvent, ...]
