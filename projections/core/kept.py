"""A message as the ledger keeps it, made whole again: the usual subject and headers are left out (decision 0004)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from events.subjects import PREFIX
from projections.core.message import Message


class Kept(NamedTuple):
    """The columns of ``ledger`` that a message is made of; none of them ever changes."""

    position: int
    published_at: dt.datetime
    bus_subject: bytes | None
    headers: bytes | None
    publisher: str | None
    id: str | None
    type: str | None
    body: bytes


def message_of(kept: Kept) -> Message:
    """Give the message that the bus delivered; raises nothing, whatever was made of the row."""
    subject, headers = kept.bus_subject, kept.headers
    if subject is None:
        subject = f"{PREFIX}.{kept.publisher}.{kept.type}".encode()
    if headers is None:
        headers = f"NATS/1.0\r\nNats-Msg-Id: {kept.publisher}:{kept.id}\r\n\r\n".encode()
    return Message(
        kept.position, kept.published_at, subject.decode("utf-8", "surrogateescape"), headers or None, kept.body
    )
