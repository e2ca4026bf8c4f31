"""Events as they are sent over HTTP: one, a batch, or lines; each is taken with its own bytes (contract, section 8)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from events.codec import Event, decode
from events.envelope import MAX_BYTES
from events.identifiers import is_event_id, is_unit_id
from events.subjects import source_of
from events.vocabulary import Reason
from services.api.long_bodies import require_plain
from services.api.problems import Problem
from services.publishing.lines import SERVICE_ALONE, Line, Unpublishable, read_line

MOST: Final = 1_000
"""Events of a request."""
MOST_BYTES: Final = MOST * MAX_BYTES + (1 << 20)
"""Bytes of its body: what stands between events is not counted against them."""
ONE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
LINES: Final = "application/x-ndjson"
FORBIDDEN: Final = "forbidden"

# As an array with a place for each: of one with more than these the rest is passed over, and nothing is made of it.
_BATCH: Final = msgspec.defstruct(
    "_Batch",
    [(f"at_{n}", msgspec.Raw, msgspec.field(default=msgspec.Raw(b""))) for n in range(MOST + 1)],
    array_like=True,
)
_batch: Final = msgspec.json.Decoder(_BATCH).decode
_lines: Final = re.compile(rb"[^\s][^\r\n]*").finditer


class WhyRefused(NamedTuple):
    """Why an event is refused before it is sent: a reason, the field at fault, and words."""

    reason: str
    field: str | None
    detail: str


class GivenEvent(NamedTuple):
    """One of the events that were sent: how it goes to the bus and what is read of it, or why it is refused.

    ``publisher`` and ``id`` as far as the event says them.
    """

    publisher: str | None
    id: str | None
    line: Line | None = None
    event: Event | None = None
    fault: WhyRefused | None = None


class _Head(msgspec.Struct):
    source: Any = None
    id: Any = None


_head: Final = msgspec.json.Decoder(_Head).decode


def media_type_of(content_type: str, content_encoding: str) -> str:
    """Return which of the three it is. Raises a 415 Problem for another."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in {ONE, BATCH, LINES}:
        detail = f"Cần nội dung {ONE}, {BATCH} hoặc {LINES}. / The body must be one of these."
        raise Problem(415, "Sai kiểu nội dung", detail, parameter="Content-Type")
    require_plain(content_encoding)
    return media_type


def read_entries(media_type: str, body: bytes, root: str) -> list[GivenEvent]:
    """Read a body, an entry for each event in its order.

    Raises a Problem where the envelope can't be read: 400 for what is no JSON, 413 for too many events.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if media_type == ONE:
        _require_object(body)
        return [entry_of(body.strip(), root)]
    return [entry_of(each, root) for each in _several(media_type, body)]


def entry_of(body: bytes, root: str) -> GivenEvent:
    """Read one event, by the same rules as `tonghop publish` and then by the decoder's, as the log would."""
    line = read_line(1, body)
    if isinstance(line, Unpublishable):
        return GivenEvent(*_said_by(body), fault=_fault(line))
    read = decode(line.subject, line.body, root=root)
    if isinstance(read, Event):
        return GivenEvent(line.publisher, line.id, line, read)
    return GivenEvent(line.publisher, line.id, fault=WhyRefused(read.reason, read.field, read.detail))


def _several(media_type: str, body: bytes) -> Iterable[bytes]:
    if media_type == LINES:
        found: list[bytes] = []
        for line in _lines(body):
            if len(found) == MOST:
                raise _too_many()
            found.append(line[0].rstrip())
        return found
    try:
        events = [event for each in msgspec.structs.astuple(_batch(body)) if (event := bytes(each))]
    except (ValueError, RecursionError) as error:
        raise _unreadable("một mảng JSON", "a JSON array") from error
    if len(events) > MOST:
        raise _too_many()
    return events


def _require_object(body: bytes) -> None:
    try:
        if isinstance(msgspec.json.decode(body, type=dict[str, msgspec.Raw]), dict):
            return
    except (ValueError, RecursionError) as error:
        raise _unreadable("một đối tượng JSON", "a JSON object") from error


def _said_by(body: bytes) -> tuple[str | None, str | None]:
    if len(body) > MAX_BYTES:
        return None, None
    try:
        head = _head(body)
    except (ValueError, RecursionError):
        return None, None
    publisher = head.source.removeprefix(source_of("")) if isinstance(head.source, str) else ""
    known = is_unit_id(publisher) and head.source == source_of(publisher)
    id_ = head.id if isinstance(head.id, str) and is_event_id(head.id) else None
    return publisher if known else None, id_


def _fault(bad: Unpublishable) -> WhyRefused:
    if bad.reason == SERVICE_ALONE:
        return WhyRefused(FORBIDDEN, bad.field, bad.detail)
    if bad.field is None:
        return WhyRefused(Reason.MALFORMED, None, bad.detail)
    return WhyRefused(Reason.UNKNOWN_TYPE if bad.field == "type" else Reason.INVALID_FIELD, bad.field, bad.detail)


def _too_many() -> Problem:
    return Problem(413, "Quá nhiều", f"Tối đa {MOST} sự kiện một lần. / At most {MOST} events at once.")


def too_long() -> Problem:
    """Say that the body of a request is longer than so many events can be."""
    return Problem(413, "Quá dài", f"Nội dung gửi lên dài quá {MOST_BYTES} byte. / The body is too long.")


def _unreadable(vietnamese: str, english: str) -> Problem:
    return Problem(400, "Không đọc được", f"Nội dung không phải {vietnamese}. / The body is not {english}.")
