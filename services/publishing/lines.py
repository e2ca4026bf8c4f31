"""Read events from JSON lines, as far as the bus needs to know them: who publishes, which type, which id."""

import codecs
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from events.catalogue import ACCESS_TYPES
from events.envelope import MAX_BYTES
from events.errors import InvalidFieldError, InvalidSubjectError, UnreadableError
from events.identifiers import is_event_id, is_unit_id
from events.names import fault_of
from events.subjects import build_bus_subject, message_id, source_of
from projections.answers.words.vietnamese_format import VIETNAM

_BLOCK: Final = 64 * 1024
_LONGEST: Final = 2 * MAX_BYTES
"""Bytes of a line that are kept until its end is found: white space round an event is not counted."""
_TOO_LONG: Final = f"longer than {MAX_BYTES} bytes, which is what an event may have"
SERVICE_ALONE: Final = "service_alone"
"""Why a line is refused that says who may read and speak (contract, section 1): no unit's credential could send it."""
_SERVICE_ALONE: Final = "published by the service alone: `tonghop grant`, `tonghop revoke`"
_NAMING: Final = frozenset({"unit.established", "unit.renamed"})
_end_of_line = re.compile(rb"\r\n|\n|\r").search
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Line(NamedTuple):
    """An event that can be sent: its number in the file (from 1), what the bus needs, and its bytes unchanged.

    `headers` are given where they are not just the usual id: of a message that another bus has taken before, and which
    need not be an event.
    """

    number: int
    publisher: str
    id: str
    subject: str
    message_id: str
    body: bytes
    headers: Mapping[str, str] | None = None


def said_now(publisher: str, id_: str, type_: str, subject: str | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event that the service itself words, as it is said at this moment (contract, section 1)."""
    return said_at(publisher, id_, type_, subject, data, at=dt.datetime.now(VIETNAM))


def said_at(
    publisher: str, id_: str, type_: str, subject: str | None, data: Mapping[str, Any], *, at: dt.datetime
) -> dict[str, Any]:
    """Return one as it was said at another moment: however often it is made, it is the same."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source_of(publisher),
        "type": type_,
        "subject": subject,
        "time": at.isoformat(timespec="milliseconds"),
        "data": data,
    }


class Unpublishable(NamedTuple):
    """A line that can't be sent at all: `field` is the attribute at fault, None where the whole line is."""

    number: int
    field: str | None
    detail: str
    reason: str = "unpublishable"


class _Head(Struct):
    source: Any = UNSET
    type: Any = UNSET
    id: Any = UNSET


class _Naming(Struct):
    data: Any = UNSET


_decode = msgspec.json.Decoder(_Head).decode
_decode_naming = msgspec.json.Decoder(_Naming).decode


def read_lines(file: BinaryIO) -> Iterator[Line | Unpublishable]:
    r"""Read a file of JSON lines in its order, a block and a line in memory at a time; empty lines are passed over.

    A line ends with `\n`, `\r\n` or `\r`, in any mixture: none of them can stand inside JSON but as white space. Of
    what is returned by one `read` all is given before the next is asked for.
    """
    for number, raw in enumerate(_split(file), 1):
        if raw is None:
            yield Unpublishable(number, None, _TOO_LONG)
            continue
        if number == 1 and raw.startswith(_UTF_16):
            yield Unpublishable(number, None, "UTF-16: save the file as UTF-8")
            return
        body = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).strip()
        if body:
            yield read_line(number, body)


def _split(file: BinaryIO) -> Iterator[bytes | None]:
    """Give each line without its end, None in place of one of more than _LONGEST bytes."""
    rest, overlong, after_return = b"", False, False
    while block := file.read(_BLOCK):
        if after_return:
            block = block.removeprefix(b"\n")  # the other half of one end
        rest += block
        after_return = block.endswith(b"\r")
        start = 0
        while end := _end_of_line(rest, start):
            line = rest[start : end.start()]
            yield None if overlong or len(line) > _LONGEST else line
            start, overlong = end.end(), False
        rest = rest[start:]
        if len(rest) > _LONGEST:
            rest, overlong = b"", True
    if rest or overlong:
        yield None if overlong else rest


def read_line(number: int, body: bytes) -> Line | Unpublishable:
    """Read one event; everything but its size, coding, source, type and id is left for the projector to judge."""
    try:
        return _read(number, body)
    except InvalidFieldError as invalid:
        return Unpublishable(number, invalid.field, invalid.detail)
    except UnreadableError as unreadable:
        return Unpublishable(number, None, str(unreadable))


def _read(number: int, body: bytes) -> Line | Unpublishable:
    if len(body) > MAX_BYTES:
        raise UnreadableError(_TOO_LONG)
    try:
        body.decode()
        head = _decode(body)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8 at byte {error.start}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError(f"not a JSON object: {error}") from error
    publisher = head.source.removeprefix(source_of("")) if isinstance(head.source, str) else ""
    if not is_unit_id(publisher) or head.source != source_of(publisher):
        raise InvalidFieldError("source", "not /units/{a unit's id}")
    if not isinstance(head.id, str) or not is_event_id(head.id):
        raise InvalidFieldError("id", "not 1-64 of A-Z a-z 0-9 . _ : -")
    try:
        subject = build_bus_subject(publisher, head.type if isinstance(head.type, str) else "")
    except InvalidSubjectError:
        raise InvalidFieldError("type", "not a type of event") from None
    if head.type in ACCESS_TYPES:
        return Unpublishable(number, "type", _SERVICE_ALONE, SERVICE_ALONE)
    if head.type in _NAMING and (fault := _fault_of_name(body)):
        raise InvalidFieldError("data.name", fault)
    return Line(number, publisher, head.id, subject, message_id(publisher, head.id, body), body)


def _fault_of_name(body: bytes) -> str | None:
    """Say why no door takes the name that an event gives (contract, section 1); anything else is left to be judged."""
    data = _decode_naming(body).data
    return fault_of(data["name"]) if isinstance(data, dict) and isinstance(data.get("name"), str) else None
