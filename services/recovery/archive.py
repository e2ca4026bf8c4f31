"""The archive of a stream that NATS takes for a restore: NATSARC1 (NATS architecture decision "Backup and Restore V2").

A message is an entry of its subject, its position, the bus's time, its header block and its body, as they are: nothing
of it is looked at, so a duplicate is no duplicate here, a part of an atomic batch no batch, and an expectation about
the sequence is not asked again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from projections.rules.log.message import Message, microseconds

MAGIC: Final = b"NATSARC1"
SERVER: Final = (2, 15)
"""The version of the server that reads it first."""

PIECE: Final = 1 << 17
"""Bytes that are made at once: a server that hears nothing for five seconds gives a restore up."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def head(last: int, size: int, consumer: dict[str, Any] | None = None) -> bytes:
    """Begin the archive of the messages 1 to `last`, of about `size` bytes, with the state of one consumer or none."""
    state = {
        "messages": last,
        "bytes": size,
        "first_seq": 1 if last else 0,
        "last_seq": last,
        "num_subjects": 0,
        "consumer_count": 0 if consumer is None else 1,
    }
    entries = [_entry(b"state.json", 0, 0, b"", _json(state))]
    if consumer is not None:
        name = f"consumers/{consumer['config']['durable_name']}".encode()
        entries.append(_entry(name, 0, 0, b"", _json(consumer)))
    return MAGIC + b"".join(entries)


def body(messages: Iterable[Message]) -> Iterator[bytes]:
    """Write messages, in the order of their positions, in pieces of about PIECE bytes.

    Their times are exact to the microsecond, as they are kept.
    """
    piece: list[bytes] = []
    size = 0
    for message in messages:
        piece.append(
            _entry(
                message.bus_subject.encode("utf-8", "surrogateescape"),
                microseconds(message.published_at - _EPOCH) * 1000,
                message.position,
                message.headers or b"",
                message.body,
            )
        )
        size += len(piece[-1])
        if size >= PIECE:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


def tail() -> bytes:
    """End the archive: without this the server knows that something is missing."""
    return _entry(b"", 0, 0, b"", b"")


def _entry(name: bytes, nanoseconds: int, position: int, headers: bytes, payload: bytes) -> bytes:
    numbers = (len(name), _zigzag(nanoseconds), position, len(headers), len(payload))
    return b"".join((*map(_varint, numbers), name, headers, payload))


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
