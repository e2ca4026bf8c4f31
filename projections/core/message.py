"""One message of the log as the projector receives it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


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
