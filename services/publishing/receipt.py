"""What publishers ask over the bus about their events, and what they are answered (contract, section 7, the bus)."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

SUBJECT: Final = "tonghop.v1.receipts"
"""Who asks is what comes after it: SUBJECT.{unit}; the server's permissions protect that."""
MOST_POSITIONS: Final = 1000
"""Of one question, positions and ids together."""
LONGEST_QUESTION: Final = 16 * 1024
"""Bytes; a unit's credential may send little more."""
LONGEST_WAIT: Final = 30.0
MOST_AT_ONCE: Final = 16
"""Questions of one asker that are under way; a further one is answered with `busy`."""

PAUSED: Final = "paused"
CATCHING_UP: Final = "catching_up"
STOPPED: Final = "stopped"


def subject_of(unit: str) -> str:
    """Build the subject at which a unit asks."""
    return f"{SUBJECT}.{unit}"


class Request(Struct, frozen=True):
    """Ask for positions, each alone or as an inclusive range, or for `ids` of the asker's own events.

    At most MOST_POSITIONS in all. The answer comes when the highest position is decided, or after `wait` seconds
    (LONGEST_WAIT at most); for ids alone nothing is waited for.
    """

    positions: list[int | tuple[int, int]] = []
    ids: list[str] = []
    wait: float = 0.0


class BusReceipt(Struct, frozen=True):
    """What became of the message at a position, as it is now: one that is parked may hold later (contract, section 2).

    `id` is None where the message doesn't say it. `first_position` is where the event that came first under the same
    key is, for a duplicate or an `id_conflict`. `digest` is of the body, as in the header `Nats-Msg-Id`.
    """

    position: int
    publisher: str
    id: str | None
    outcome: str
    reason: str | None
    field: str | None
    detail: str | None
    first_position: int | None
    digest: str


class BusBehind(Struct, frozen=True):
    """Why a position that was asked for isn't decided, and how many events of the log are not.

    `state` is PAUSED (until an operator resumes), CATCHING_UP or STOPPED.
    """

    events: int
    state: str
    detail: str | None = None


class Answer(Struct, frozen=True):
    """The position that the figures have reached, and receipts in the order of their positions.

    Of the positions that were asked, those up to `until` are answered: one without a receipt is not the asker's to
    know, or stands nowhere. What is after `until` isn't decided, or didn't fit: it is asked for again. `error`
    names what was wrong with the question, and `busy` says that too many of the asker's are under way; nothing else
    holds then.
    """

    position: int = 0
    until: int = 0
    receipts: list[BusReceipt] = []
    behind: BusBehind | None = None
    busy: bool = False
    error: str | None = None


def as_ranges(positions: Iterable[int]) -> list[int | tuple[int, int]]:
    """Put ascending positions into as few ranges as they fit."""
    ranges: list[tuple[int, int]] = []
    for position in positions:
        if ranges and ranges[-1][1] == position - 1:
            ranges[-1] = (ranges[-1][0], position)
        else:
            ranges.append((position, position))
    return [low if low == high else (low, high) for low, high in ranges]
