"""A message as the ledger keeps it, made whole again: the inverse of what the fold leaves out of a row."""

from __future__ import annotations

import datetime as dt

from events.subjects import MESSAGE_ID_HEADER, PREFIX
from projections.core.message import Message


def kept_message(
    *,
    position: int,
    published_at: dt.datetime,
    bus_subject: bytes | None,
    headers: bytes | None,
    publisher: str | None,
    event_id: str | None,
    event_type: str | None,
    body: bytes,
) -> Message:
    """Return the message of a row of `ledger`, byte for byte as the bus gave it.

    A subject that is None is `party.v1.{publisher}.{type}`; headers that are None are the usual message id alone, and
    empty ones are none at all.
    """
    subject = f"{PREFIX}.{publisher}.{event_type}"
    if bus_subject is not None:
        subject = bus_subject.decode("utf-8", "surrogateescape")
    if headers is None:
        headers = f"NATS/1.0\r\n{MESSAGE_ID_HEADER}: {publisher}:{event_id}\r\n\r\n".encode()
    return Message(position, published_at, subject, headers or None, body)
