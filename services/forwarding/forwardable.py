"""What of a message of a leaf is sent on, and which can't be: what a hostile unit has sent must not stop the others.

Pure. The hub tells what it denies by its subject, in small letters; it ends the connection over a subject that is too
long. No event has such subjects.
"""

from __future__ import annotations

import re
from typing import Final

from events.catalogue import ACCESS_TYPES
from events.identifiers import UNIT_ID_PATTERN
from events.subjects import MESSAGE_ID_HEADER, PREFIX, read_bus_subject
from projections.rules.log.message import Message
from services.publishing.lines import Line, read_line

NO_SUBJECT: Final = "no_subject_of_an_event"
_LONGEST_SUBJECT: Final = 256
_LONGEST_BLOCK: Final = 4_096
_of_an_event: Final = re.compile(rf"{re.escape(PREFIX)}\.{UNIT_ID_PATTERN}(\.[a-z0-9_-]+)+").fullmatch
_name: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_-]{0,63}").fullmatch
_value: Final = re.compile(r"[^\x00-\x1f\x7f]{1,1024}").fullmatch
_STEERING: Final = b"nats-"
"""Headers with this beginning steer the bus that takes a message: batches, expectations, lifetimes, roll-ups."""


def forwardable(message: Message) -> Line | None:
    """Give a message as it is sent on, under its position; None where it can't be: its subject is no event's."""
    subject = message.bus_subject
    publisher, type_ = read_bus_subject(subject)
    if len(subject) > _LONGEST_SUBJECT or not _of_an_event(subject) or publisher is None or type_ in ACCESS_TYPES:
        return None
    headers = carried(message.headers)
    read = read_line(message.position, message.body)
    id_ = read.id if isinstance(read, Line) else ""
    return Line(
        message.position, publisher, id_, subject, headers.get(MESSAGE_ID_HEADER, ""), message.body, headers=headers
    )


def publisher_of(message: Message) -> str:
    """Name the unit whose message it is; nothing where its subject names none."""
    return read_bus_subject(message.bus_subject)[0] or ""


def carried(block: bytes | None) -> dict[str, str]:
    """Give the headers that are sent on: all but those that steer a bus, and what is no header."""
    found: dict[str, str] = {}
    for line in (block or b"")[:_LONGEST_BLOCK].split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        text = value.strip().decode("utf-8", "replace")
        if not colon or not _name(name) or not _value(text):
            continue
        key = name.decode("ascii")
        if key == MESSAGE_ID_HEADER or not name.lower().startswith(_STEERING):
            found.setdefault(key, text)
    return found
