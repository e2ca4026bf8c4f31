"""A message read thoroughly: every rule of section 1, one after the other, and the first that is broken named.

This is the whole of the rules. `events.codec` answers the same faster for valid messages, and sends all others here.
The order in which faults are reported: malformed, unknown_type, the envelope, publisher_mismatch, data.
"""

import unicodedata
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Struct, structs

from events.catalogue import CATALOGUE
from events.data import Data
from events.envelope import Envelope, Event
from events.errors import InvalidFieldError, UnreadableError
from events.identifiers import is_event_id, is_unit_id, moment
from events.refusal import Refusal
from events.rules import RULES
from events.strict_json import Document
from events.subjects import read_bus_subject, source_of
from events.vocabulary import Reason

_LONGEST_NAME: Final = 64
S = TypeVar("S", bound=Struct)


def inspect(bus_subject: str, body: bytes, root: str) -> Event | Refusal:
    """Read a message with every rule; raises nothing, whatever it is given."""
    publisher, bus_type = read_bus_subject(bus_subject)
    try:
        document = Document(body)
    except UnreadableError as unreadable:
        return _refusal(Reason.MALFORMED, None, str(unreadable), publisher, {})
    attributes = document.attributes
    if document.ambiguous:
        return _refusal(Reason.MALFORMED, None, "an object has a key twice", publisher, attributes)
    named_type = attributes.get("type")
    if isinstance(named_type, str) and named_type not in CATALOGUE:
        return _refusal(Reason.UNKNOWN_TYPE, "type", "not a type of the contract", publisher, attributes)
    try:
        envelope, time = _read_envelope(attributes, bus_type)
        if publisher is None or envelope.source != source_of(publisher):
            detail = "not the publisher that the bus subject names"
            return _refusal(Reason.PUBLISHER_MISMATCH, "source", detail, publisher, attributes)
        data = _read_data(envelope, root)
    except InvalidFieldError as invalid:
        return _refusal(Reason.INVALID_FIELD, invalid.field, invalid.detail, publisher, attributes)
    return Event(publisher, envelope.id, envelope.type, envelope.subject, time, data)


def _refusal(
    reason: Reason, field: str | None, detail: str, publisher: str | None, attributes: dict[str, Any]
) -> Refusal:
    """Refuse, with all of the message that is well formed: what is stored and shown must be printable."""
    event_id, event_type, subject = (attributes.get(name) for name in ("id", "type", "subject"))
    return Refusal(
        reason=reason,
        field=field,
        detail=detail,
        publisher=publisher,
        id=event_id if isinstance(event_id, str) and is_event_id(event_id) else None,
        type=event_type if isinstance(event_type, str) and is_event_id(event_type) else None,
        subject=subject if isinstance(subject, str) and is_unit_id(subject) else None,
    )


def _read_envelope(attributes: dict[str, Any], bus_type: str | None) -> tuple[Envelope, datetime]:
    envelope = _read_struct(Envelope, attributes, "")
    if envelope.type != bus_type:
        raise InvalidFieldError("type", "not the type that the bus subject names")
    try:
        return envelope, moment(envelope.time)
    except ValueError:
        raise InvalidFieldError("time", "no such moment") from None


def _read_data(envelope: Envelope, root: str) -> Data:
    struct = CATALOGUE[envelope.type].data
    data = _read_struct(struct, envelope.data, "data.")
    if rule := RULES.get(struct):
        try:
            rule(data, envelope.subject, root)
        except InvalidFieldError as invalid:
            raise InvalidFieldError(f"data.{invalid.field}", invalid.detail) from None
    return data


def _read_struct(struct: type[S], values: dict[str, Any], path: str) -> S:
    """Read a struct at once or, where that fails, field by field; raises InvalidFieldError with its path."""
    try:
        return msgspec.convert(values, struct)
    except ValueError:  # msgspec's own, or that of half a surrogate pair where a code is expected
        fields = {field.attribute: field.read(values, path) for field in _fields_of(struct)}
    for name in values:
        if name not in struct.__struct_encode_fields__:
            raise InvalidFieldError(path + _printable(name), "not a field of the contract")
    try:
        return struct(**fields)
    except InvalidFieldError as invalid:
        raise InvalidFieldError(path + invalid.field, invalid.detail) from None


class _Field:
    """A field of a struct, prepared to be read by itself."""

    def __init__(self, declared: structs.FieldInfo) -> None:
        parts = (declared.type, *get_args(declared.type))
        self.attribute, self.name = declared.name, declared.encode_name
        self.required = declared.default is NODEFAULT
        self.nested = next((part for part in parts if isinstance(part, type) and issubclass(part, Data)), None)
        self.expected = "an object" if self.nested else _expected(declared.type)
        self.alone = msgspec.defstruct("_Alone", [("value", declared.type)])

    def read(self, values: dict[str, Any], path: str) -> Any:
        """Read the field out of its object, UNSET where it may be absent and is; raises InvalidFieldError."""
        if self.name not in values:
            if self.required:
                raise InvalidFieldError(path + self.name, "missing")
            return UNSET
        value = values[self.name]
        if self.nested and isinstance(value, dict):
            return _read_struct(self.nested, value, f"{path}{self.name}.")
        try:
            (read,) = structs.astuple(msgspec.convert({"value": value}, self.alone))
        except ValueError:
            raise InvalidFieldError(path + self.name, f"expected {self.expected}") from None
        return read


@cache
def _fields_of(struct: type[Struct]) -> tuple[_Field, ...]:
    return tuple(map(_Field, structs.fields(struct)))


def _expected(declared: Any) -> str:
    """Say what a field may hold, from its declaration: a refusal quotes no value of the message."""
    if get_origin(declared) is Literal:
        return f"one of {', '.join(map(str, get_args(declared)))}"
    for meta in getattr(declared, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    plain = {bool: "true or false", str: "a text", dict: "an object", type(None): "null"}
    if isinstance(declared, type) or get_origin(declared) is dict:
        return plain[get_origin(declared) or declared]
    return " or ".join(_expected(part) for part in get_args(declared) if part is not msgspec.UnsetType)


def _printable(name: str) -> str:
    """Make a name that a stranger chose fit to be stored and shown."""
    shown = "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character).startswith("C") else character
        for character in name[:_LONGEST_NAME]
    )
    return shown if len(name) <= _LONGEST_NAME else f"{shown}…"
