"""What pages take from the answers about what is sent: why a sheet is refused, where an event has its page."""

from __future__ import annotations

import msgspec

from services.send_answers import SentItem


class SheetRefusal(msgspec.Struct, frozen=True):
    """What a refused sheet is told beside the problem: a code, and the columns that it is about."""

    reason: str = ""
    columns: list[str] = []


def path_of_event(item: SentItem) -> str:
    """Return where the event of an item has its page."""
    return f"/su-kien/{item.publisher}/{item.id}"
