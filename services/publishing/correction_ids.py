"""The ids of events that take another back and say it anew: made of its key, so that there is one of each (§8)."""

from __future__ import annotations

from events.subjects import digest
from services.sheets.event_ids import parted

RETRACTED = "event.retracted"


def retraction_id(publisher: str, event_id: str) -> str:
    """Return the id of the retraction of an event: there is one, however often it is asked for."""
    return f"r-{_digest(publisher, event_id)}"


def replacement_stem(publisher: str, event_id: str) -> tuple[str, int]:
    """Return what the ids begin with under which an event is said anew, and its own number; 0 where it has none.

    An id that is not of the sheets' form is stood for by its digest.
    """
    return parted(event_id) or (f"s-{_digest(publisher, event_id)}", 0)


def _digest(publisher: str, event_id: str) -> str:
    return digest(
        f"{publisher}:{event_id}".encode()
    )  # neither has a colon where the other begins: no unit's id has one
