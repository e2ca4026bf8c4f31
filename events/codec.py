"""Events to and from the bytes on the bus (section 1).

Reading never raises: a message is an `Event` or a `Refusal`. The reader here is the fast half, for valid messages in
the usual form: one pass of a decoder prepared for the type that the bus subject names. Whatever it doesn't take,
`events.inspection` reads with every rule; tests hold both to the same answer.
"""

from typing import Final, Literal, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType

from events.catalogue import CATALOGUE, EventType
from events.data import Data
from events.envelope import MAX_BYTES, Event
from events.errors import InvalidEventError, UnreadableError
from events.identifiers import is_event_id, is_timestamp, is_unit_id, moment
from events.inspection import inspect
from events.refusal import Refusal
from events.rules import RULES, Rule
from events.strict_json import Document, same_value
from events.subjects import PREFIX, match_bus_subject, source_of
from events.vocabulary import Reason

__all__ = ["DEFAULT_ROOT", "MAX_BYTES", "Event", "Refusal", "decode", "encode", "same_content"]

DEFAULT_ROOT: Final = "trung-uong"


class _Message(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The attributes of `Envelope` without their patterns: these are checked by hand, which takes half the time."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: str
    data: Data
    datacontenttype: Literal["application/json"] | UnsetType = UNSET


def _reader(row: EventType) -> tuple[msgspec.json.Decoder[_Message], Rule | None]:
    typed = msgspec.defstruct(
        "_Message", [("data", row.data)], bases=(_Message,), frozen=True, forbid_unknown_fields=True, gc=False
    )
    return msgspec.json.Decoder(cast("type[_Message]", typed)), RULES.get(row.data)


_READERS = {row.type: _reader(row) for row in CATALOGUE.values()}
_to_json = msgspec.json.Encoder().encode


def decode(bus_subject: str, body: bytes, *, root: str = DEFAULT_ROOT) -> Event | Refusal:
    """Read a message of the stream; raises nothing, whatever bytes and whatever subject it is given.

    `root` is the unit that alone has no parent. The answer depends on nothing but the arguments.
    """
    return _read(bus_subject, body, root) or inspect(bus_subject, body, root)


def _read(bus_subject: str, body: bytes, root: str) -> Event | None:
    """Read a valid message in its usual form; None is no verdict."""
    named = match_bus_subject(bus_subject)
    if named is None or len(body) > MAX_BYTES:
        return None
    publisher, event_type = named.groups()
    reader = _READERS.get(event_type)
    if reader is None:
        return None
    decoder, rule = reader
    try:
        message = decoder.decode(body)
        subject = message.subject
        if (
            message.type != event_type
            or message.source != f"/units/{publisher}"
            or not is_event_id(message.id)
            or not (subject == publisher or is_unit_id(subject))
            or not is_timestamp(message.time)
        ):
            return None
        anew = _to_json(message)  # without white space, with the fewest escapes: nothing shorter says the same
        if len(anew) != len(body) and _says_a_thing_twice(body, anew):
            return None
        if rule is not None:
            rule(message.data, subject, root)
        return Event(publisher, message.id, event_type, subject, moment(message.time), message.data)
    except (ValueError, RecursionError):
        return None


def _says_a_thing_twice(body: bytes, anew: bytes) -> bool:
    """Whether an object of the body has a key twice, of which a decoder keeps the last; `anew` is what it kept.

    White space and needless escapes make a body longer than `anew`, and so does a key that comes again. Where there are
    no escapes, counting the strings tells which it is. Raises UnreadableError.
    """
    if b"\\" in body:
        return Document(body).ambiguous
    return anew.count(b'"') != body.count(b'"')


def encode(event: Event, *, root: str = DEFAULT_ROOT) -> bytes:
    """Write the body of a message; raises InvalidEventError where `decode` would refuse it."""
    message = _Message(
        specversion="1.0",
        id=event.id,
        source=source_of(event.publisher),
        type=event.type,
        subject=event.subject,
        time=event.time.isoformat(),
        data=event.data,
    )
    try:
        body = _to_json(message)
    except (TypeError, ValueError) as error:
        unwritable = Refusal(Reason.MALFORMED, None, "can't be written as JSON", None, None, None, None)
        raise InvalidEventError(unwritable) from error
    answer = decode(f"{PREFIX}.{event.publisher}.{event.type}", body, root=root)
    if isinstance(answer, Refusal):
        raise InvalidEventError(answer)
    return body


def same_content(a: bytes, b: bytes) -> bool:
    """Whether two bodies say the same: equal bytes, or equal JSON whatever the white space and the order of keys.

    Raises nothing. true is not 1, and 1 is not 1.0; what is malformed is the same as its own bytes alone.
    """
    if a == b:
        return True
    try:
        one, other = Document(a), Document(b)
    except UnreadableError:
        return False
    return not one.ambiguous and not other.ambiguous and same_value(one.attributes, other.attributes)
