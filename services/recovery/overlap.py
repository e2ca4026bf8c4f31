"""What a stream has of a ledger: compared byte for byte, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from projections.rules.log.message import Message


class Remedy(Enum):
    """What is to be done with a stream."""

    NOTHING = "nothing"
    MAKE_ANEW = "make anew"
    NOT_THIS = "not this"


class Overlap(NamedTuple):
    """What was found: `missing` messages of the ledger are not in the stream, `differs_at` is the first other one."""

    missing: int
    differs_at: int | None


def same(kept: Message, found: Message) -> bool:
    """Tell whether two messages are the same to the byte. The bus's time is not asked: a message may be said again."""
    return kept.bus_subject == found.bus_subject and kept.headers == found.headers and kept.body == found.body


def first_difference(kept: Iterable[Message], found: Mapping[int, Message]) -> Overlap:
    """Compare messages of the ledger with what the stream has at their positions."""
    missing = 0
    for message in kept:
        other = found.get(message.position)
        if other is None:
            missing += 1
        elif not same(message, other):
            return Overlap(missing, message.position)
    return Overlap(missing, None)


def remedy(compared: Overlap, kept: int, stream_last: int) -> Remedy:
    """Decide: all of the first `kept` positions are there, or they can come back, or it is not the ledger's stream.

    A stream with something after the ledger's end and something missing before it can't be made anew from the ledger
    without losing what came after.
    """
    if compared.differs_at is not None:
        return Remedy.NOT_THIS
    if not compared.missing:
        return Remedy.NOTHING
    return Remedy.NOT_THIS if stream_last > kept else Remedy.MAKE_ANEW
