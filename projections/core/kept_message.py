"""A message as the ledger keeps it, made whole again: the inverse of what the fold leaves out of a row."""

from __future__ import annotations

import datetime as dt

from events.subjects import MESSAGE_ID_HEADER, build_bus_subject
from projections.core.message import Message

_USUAL_HEADERS = b"NATS/1.0\r\n" + MESSAGE_ID_HEADER.encode() + b": %b:%b\r\n\r\n"


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

    Headers that are None are the usual message id alone, and empty ones are none at all.
    """
    subject = bus_subject_of(publisher or "", event_type or "", bus_subject)
    if headers is None:
        headers = usual_headers(publisher or "", event_id or "")
    return Message(position, published_at, subject, headers or None, body)


def bus_subject_of(publisher: str, event_type: str, kept: bytes | None) -> str:
    """Return the subject on the bus of a message in the ledger, which keeps only those that are not the usual ones."""
    if kept is not None:
        return kept.decode("utf-8", "surrogateescape")
    return build_bus_subject(publisher, event_type)


def usual_headers(publisher: str, event_id: str) -> bytes:
    """Return the raw header block that has the message id alone, which the ledger does not keep."""
    return _USUAL_HEADERS % (publisher.encode(), event_id.encode())
