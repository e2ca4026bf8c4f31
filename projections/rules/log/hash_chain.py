"""The hash chain over the log: each link covers its message and the link before it, so one hash covers all of the log.

    h(0) = 32 zero bytes
    h(n) = SHA-256(h(n-1) | position | published_at | subject | headers | body), where

    h(n-1)        32 bytes
    position      8 bytes, unsigned: n
    published_at  8 bytes, signed: the bus's own time of the message, in whole microseconds since 1970-01-01T00:00:00Z
                  (its nanoseconds are cut off)
    subject       4 bytes, unsigned: how many bytes follow; then the bus subject, as the bus has it
    headers       4 bytes, unsigned: how many bytes follow, 0 where there are none; then the header block as it is on
                  the wire, from `NATS/1.0` to the empty line, both included
    body          4 bytes, unsigned: how many bytes follow; then the body

Numbers are big-endian. It covers what the bus delivered, not what became of it: outcomes are a function of the log, and
change with a retraction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

from projections.rules.log.message import GapError, Message, microseconds

NOTHING: Final = bytes(32)
"""The hash of an empty log."""

SPACING: Final = 1_000
"""Links are kept at multiples of this, and at the log's end: which ones does not depend on batches."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_numbers = Struct(">32sQqI").pack
_length = Struct(">I").pack


class Link(NamedTuple):
    """The hash of the log up to a position, that one included."""

    position: int
    hash: bytes

    @property
    def lasts(self) -> bool:
        """Tell whether it is kept for good, not only while it is the last."""
        return self.position % SPACING == 0


START: Final = Link(0, NOTHING)


def extend(before: Link, messages: Iterable[Message]) -> list[Link]:
    """Carry the chain over messages that follow a link without a gap.

    Returns the links to keep, in order: those at multiples of SPACING, and that of the last message. None for no
    messages. Raises GapError where a position is missing.
    """
    last, value = before
    links = []
    for position, published_at, bus_subject, headers, body in messages:
        if position != last + 1:
            raise GapError(f"position {last + 1} is missing before {position}")
        subject, block = bus_subject.encode("utf-8", "surrogateescape"), headers or b""
        value = sha256(
            b"".join(
                (
                    *(_numbers(value, position, microseconds(published_at - _EPOCH), len(subject)), subject),
                    *(_length(len(block)), block, _length(len(body)), body),
                )
            )
        ).digest()
        last = position
        if position % SPACING == 0:
            links.append(Link(position, value))
    if last != before.position and last % SPACING:
        links.append(Link(last, value))
    return links
