"""Read events from JSON lines, as far as the bus needs to know them: who publishes, which type, which id."""

import codecs
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from events.errors import InvalidSubjectError
from events.identifiers import is_event_id, is_unit_id
from events.subjects import build_bus_subject, message_id, source_of

LONGEST: Final = 256 * 1024
"""Bytes of a line that can still be sent; the contract's own limit is far below and is the projector's to judge."""


class Line(NamedTuple):
    """An event that can be sent: its number in the file (from 1), what the bus needs, and its bytes unchanged."""

    number: int
    publisher: str
    id: str
    subject: str
    message_id: str
    body: bytes


class Unpublishable(NamedTuple):
    """A line that can't be sent at all: `field` is the attribute at fault, None where the whole line is."""

    number: int
    field: str | None
    detail: str


class _Head(Struct):
    source: Any = UNSET
    type: Any = UNSET
    id: Any = UNSET


_decode = msgspec.json.Decoder(_Head).decode


def read_lines(file: BinaryIO) -> Iterator[Line | Unpublishable]:
    """Read a file of JSON lines in its order, one line in memory at a time; empty lines are passed over."""
    number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        if len(raw) > LONGEST and not raw.endswith(b"\n"):
            while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield Unpublishable(number, None, f"longer than {LONGEST} bytes")
            continue
        body = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).strip()
        if body:
            yield read_line(number, body)


def read_line(number: int, body: bytes) -> Line | Unpublishable:
    """Read one event; everything but its source, type and id is left for the projector to judge."""
    try:
        head = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unpublishable(number, None, f"not a JSON object: {error}")
    publisher = head.source.removeprefix(source_of("")) if isinstance(head.source, str) else ""
    if not is_unit_id(publisher) or head.source != source_of(publisher):
        return Unpublishable(number, "source", "not /units/{a unit's id}")
    if not isinstance(head.id, str) or not is_event_id(head.id):
        return Unpublishable(number, "id", "not 1-64 of A-Z a-z 0-9 . _ : -")
    try:
        subject = build_bus_subject(publisher, head.type if isinstance(head.type, str) else "")
    except InvalidSubjectError:
        return Unpublishable(number, "type", "not a type of event")
    return Line(number, publisher, head.id, subject, message_id(publisher, head.id), body)
