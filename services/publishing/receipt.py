"""What publishers ask over the bus about their events, and what they are answered."""

import json
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from typing import Final

from msgspec import Struct

SUBJECT: Final = "tonghop.v1.receipts"
MOST_POSITIONS: Final = 1000
LONGEST_WAIT: Final = 30.0


class Request(Struct, frozen=True):
    """Ask for positions, each alone or as an inclusive range, at most MOST_POSITIONS in all.

    The answer comes when the highest of them is decided, or after `wait` seconds (LONGEST_WAIT at most). With
    `digests`, each receipt tells by which content it can be known again.
    """

    positions: list[int | tuple[int, int]]
    wait: float = 0.0
    digests: bool = False


class Receipt(Struct, frozen=True):
    """What became of the message at a position, as it is now: one that is parked may hold later (contract, section 2).

    `publisher` and `id` are None where the message doesn't say them. `first_position` is where the event that came
    first under the same key is, for a duplicate or an `id_conflict`.
    """

    position: int
    publisher: str | None
    id: str | None
    outcome: str
    reason: str | None
    field: str | None
    detail: str | None
    first_position: int | None
    digest: str | None = None


class Answer(Struct, frozen=True):
    """The position that the figures have reached, and the receipts up to there in order.

    `error` says what was wrong with the request, and nothing else holds then.
    """

    position: int
    receipts: list[Receipt]
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


def digest(body: bytes) -> str:
    """Give a digest of an event's content, the same for equal JSON whatever its white space and order of keys."""
    with suppress(ValueError, RecursionError):  # what is no JSON is the same as its own bytes alone
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    return blake2b(body, digest_size=16).hexdigest()
