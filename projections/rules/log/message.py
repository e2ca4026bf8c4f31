"""One message of the log as the projector receives it, and what is wrong where one is missing."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


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
