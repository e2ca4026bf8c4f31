"""A message as the ledger keeps it, made whole again: the inverse of what the fold leaves out of a row."""

from __future__ import annotations

import datetime as dt
from typing import Final

from events.subjects import MESSAGE_ID_HEADER, build_bus_subject, digest
from projections.rules.log.message import Message

WITH_DIGEST: Final = b"2"
"""Stands in a row for the message id of the contract's version 2 alone; a header block is never so short."""
_BEFORE_NAMES: Final = f"NATS/1.0\r\n{MESSAGE_ID_HEADER}: "
_AFTER_NAMES: Final = "\r\n\r\n"
_USUAL_BYTES: Final = len(_BEFORE_NAMES) + len(_AFTER_NAMES)
_DIGEST_BYTES = len(":") + 32


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

    Headers that are None are the message id of version 1 alone, WITH_DIGEST that of version 2, and empty ones are none
    at all.
    """
    subject = bus_subject_of(publisher or "", event_type or "", bus_subject)
    if headers is None:
        headers = usual_headers(publisher or "", event_id or "")
    elif headers == WITH_DIGEST:
        headers = usual_headers(publisher or "", event_id or "", body)
    return Message(position, published_at, subject, headers or None, body)


def bus_subject_of(publisher: str, event_type: str, kept: bytes | None) -> str:
    """Return the subject on the bus of a message in the ledger, which keeps only those that are not the usual ones."""
    if kept is not None:
        return kept.decode("utf-8", "surrogateescape")
    return build_bus_subject(publisher, event_type)


def kept_headers(publisher: str, event_id: str, headers: bytes, body: bytes) -> bytes | None:
    """Return what a row keeps of the raw header block of an event: nothing, or a mark, where it is a usual one."""
    longer = len(headers) - _USUAL_BYTES - len(":") - len(publisher) - len(event_id)  # the names are ASCII
    if not longer:
        return None if headers == usual_headers(publisher, event_id) else headers
    if longer != _DIGEST_BYTES:  # before the digest is made, which takes longer than the rest
        return headers
    usual = f"{_BEFORE_NAMES}{publisher}:{event_id}:{digest(body)}{_AFTER_NAMES}"
    return WITH_DIGEST if headers == usual.encode() else headers


def usual_headers(publisher: str, event_id: str, body: bytes | None = None) -> bytes:
    """Return the raw header block that has the message id alone: of version 1, or with a body that of version 2."""
    named = f"{publisher}:{event_id}" if body is None else f"{publisher}:{event_id}:{digest(body)}"
    return f"{_BEFORE_NAMES}{named}{_AFTER_NAMES}".encode()
