"""One message of the log as the projector receives it, and what is wrong where one is missing."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

_DAY: Final = 86_400
"""Seconds."""


class GapError(Exception):
    """The messages do not follow what came before: some of the log is missing in between."""


class Message(NamedTuple):
    """A message of the stream, whole.

    ``position`` is its sequence in the stream, ``published_at`` the bus's own time for it, ``headers`` the raw NATS
    header block or None.
    """

    position: int
    published_at: dt.datetime
    bus_subject: str
    headers: bytes | None
    body: bytes


def microseconds(span: dt.timedelta) -> int:
    """Return how many there are in a span; to divide it by one of them takes three times as long."""
    return (span.days * _DAY + span.seconds) * 1_000_000 + span.microseconds
