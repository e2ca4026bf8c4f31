"""A message that this service could not process: what is kept of it, and how it is known again in the ledger."""

from __future__ import annotations

from typing import Final

from events.codec import Event, Refusal
from events.vocabulary import Reason

PREFIX: Final = "the message could not be processed: "
"""What the detail of such a message begins with; the cause follows."""
_LONGEST: Final = 300


class UndecidableError(Exception):
    """Deciding the message at ``position`` raised; what it raised is the cause."""

    def __init__(self, position: int) -> None:
        super().__init__(f"position {position} can't be decided")
        self.position = position


def said_of(error: BaseException) -> str:
    """Say what went wrong without what a server quotes of the row (its DETAIL): the ledger's details are shown."""
    words = str(error).partition("\n")[0].replace("\x00", "")
    return f"{type(error).__name__}: {words}"[:_LONGEST]


def refusal(detail: str, event: Event | Refusal, *, nameless: bool = False) -> Refusal:
    """Refuse a message as `malformed`, under its names; ``nameless``, without them where even they can't be kept."""
    names = (None,) * 4 if nameless else (event.publisher, event.id, event.type, event.subject)
    return Refusal(Reason.MALFORMED, None, PREFIX + detail, *names)
