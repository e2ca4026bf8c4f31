"""Where events are published, and under which key the bus recognises one that is sent again (section 1)."""

import re
from hashlib import sha256
from typing import Final, NamedTuple

from events.errors import InvalidSubjectError
from events.identifiers import UNIT_ID_PATTERN, is_event_id, is_unit_id

STREAM: Final = "PARTY"
PREFIX: Final = "party.v1"
ALL_SUBJECTS: Final = f"{PREFIX}.>"
MESSAGE_ID_HEADER: Final = "Nats-Msg-Id"

_PREFIX = re.escape(PREFIX)
match_bus_subject: Final = re.compile(rf"{_PREFIX}\.({UNIT_ID_PATTERN})\.(.+)").fullmatch
_match_parts = re.compile(rf"{_PREFIX}\.([^.]*)(?:\.(.*))?", re.DOTALL).fullmatch
_match_type = re.compile(r"[a-z_]+\.[a-z_]+").fullmatch


class BusSubject(NamedTuple):
    """The two things that a subject of the stream says."""

    publisher: str
    type: str


def build_bus_subject(publisher: str, event_type: str) -> str:
    """Build `party.v1.{publisher}.{type}`; raises InvalidSubjectError where a part can't stand in it."""
    if not is_unit_id(publisher):
        raise InvalidSubjectError(f"{publisher!r} is not a unit's id")
    if not _match_type(event_type):
        raise InvalidSubjectError(f"{event_type!r} is not a type of event")
    return f"{PREFIX}.{publisher}.{event_type}"


def parse_bus_subject(subject: str) -> BusSubject:
    """Read `party.v1.{publisher}.{type}`; raises InvalidSubjectError for other forms. The type may be unknown."""
    match = match_bus_subject(subject)
    if match is None or not _match_type(match[2]):
        raise InvalidSubjectError(f"{subject!r} is not {PREFIX}.{{publisher}}.{{type}}")
    return BusSubject(match[1], match[2])


def read_bus_subject(subject: str) -> tuple[str | None, str | None]:
    """Read what can be read of any subject: its publisher where that is a unit's id, and what stands for the type."""
    match = _match_parts(subject)
    if match is None:
        return None, None
    return match[1] if is_unit_id(match[1]) else None, match[2]


def source_of(publisher: str) -> str:
    """Build the `source` of a publisher's events."""
    return f"/units/{publisher}"


def digest(body: bytes) -> str:
    """Give what a body is known again by: the first 32 hexadecimal digits of its SHA-256."""
    return sha256(body).hexdigest()[:32]


def message_id(publisher: str, event_id: str, body: bytes) -> str:
    """Build the `Nats-Msg-Id` of an event; raises InvalidSubjectError where a part can't stand in it.

    Whoever can't know the body can't claim the id before it (docs/decisions/0022-message-ids.md).
    """
    if not is_unit_id(publisher) or not is_event_id(event_id):
        raise InvalidSubjectError(f"{publisher!r} and {event_id!r} don't name an event")
    return f"{publisher}:{event_id}:{digest(body)}"
