"""Events as a unit's system words them: typed by the catalogue, and frozen into the bytes that are sent (§1)."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from events.catalogue import CATALOGUE
from events.codec import Event, Refusal, decode, encode
from events.data import Data
from events.envelope import MAX_BYTES
from events.errors import InvalidEventError
from events.identifiers import is_unit_id
from events.vocabulary import Reason
from projections.answers.words.vietnamese_format import VIETNAM
from projections.bilingual import Bilingual
from services.client.errors import MisuseError, UnsendableEventError
from services.publishing.lines import SERVICE_ALONE, Line, Unpublishable, read_line

Sayable = Event | bytes | Line
"""An event, the body of one as it is to be sent, byte for byte, or what `line_of` has made of one."""

_TYPES: Final = {row.data: row.type for row in CATALOGUE.values()}


def event(
    publisher: str,
    data: Data,
    *,
    id: str | None = None,  # noqa: A002 - the contract's name for it
    subject: str | None = None,
    time: dt.datetime | None = None,  # noqa: A002, RUF100 - the contract's name for it
) -> Event:
    """Word an event: ``publisher`` says ``data`` (`MemberAdmitted(member=…, decided_on=…)`) about ``subject``.

    The type follows from the data. Without an ``id`` it gets a UUIDv7: keep the event, for one that is worded again
    is another event. An id of the unit's own (a decision's number) is the same event however often it is worded, as
    long as ``time`` is the same too. ``subject`` is the publisher where none is given; ``time`` is now.
    """
    if type(data) not in _TYPES:
        raise MisuseError(
            Bilingual(
                "không có loại sự kiện này, hãy dùng một lớp của services.client",
                "there is no event of this: use one of the classes of services.client",
                before=f"{type(data).__name__}: ",
            )
        )
    at = dt.datetime.now(VIETNAM) if time is None else time
    if at.tzinfo is None:
        raise UnsendableEventError(Reason.INVALID_FIELD, "time", "a time without an offset")
    return Event(publisher, id or str(uuid7()), _TYPES[type(data)], subject or publisher, at, data)


def uuid7() -> UUID:
    """Make a UUIDv7 (RFC 9562): 48 bits of milliseconds, the rest is chance."""
    milliseconds = time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF
    chance = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (chance >> 62) << 64 | 2 << 62 | chance & (1 << 62) - 1)


def line_of(said: Sayable, number: int = 0) -> Line:
    """Freeze an event into the bytes that are sent. Raises UnsendableEventError where no service would take it.

    What is decided is what needs neither the log nor the service's settings: any unit may be the root.
    """
    if isinstance(said, Line):  # it was looked at when it was made
        return said._replace(number=number)
    body = said if isinstance(said, bytes) else _written(said)
    line = read_line(number, body)
    if isinstance(line, Unpublishable):
        raise UnsendableEventError(_reason_of(line), line.field, line.detail)
    read = decode(line.subject, line.body, root="")
    if isinstance(read, Refusal):
        read = decode(line.subject, line.body, root=line.publisher)  # it may be the root
    if isinstance(read, Refusal):
        raise UnsendableEventError(read.reason, read.field, read.detail)
    return line


def kept_line(body: bytes) -> Line | bytes:
    """Read the body of an event that was looked at before: what it says is for the service to judge now."""
    line = read_line(0, body)
    return body if isinstance(line, Unpublishable) else line


def lines_of(said: Iterable[Sayable]) -> Sequence[Line]:
    """Freeze several, each numbered by its place. Raises UnsendableEventError: none of them is sent then."""
    return [line_of(each, place) for place, each in enumerate(said)]


def require_unit(unit: str) -> None:
    """Raise MisuseError where this is no unit's id."""
    if not is_unit_id(unit):
        raise MisuseError(Bilingual("không phải mã đơn vị", "is not a unit's id", before=f"{unit!r}: "))


def _reason_of(bad: Unpublishable) -> str:
    if bad.reason == SERVICE_ALONE:
        return "forbidden"
    if bad.field is None:
        return Reason.MALFORMED
    return Reason.UNKNOWN_TYPE if bad.field == "type" else Reason.INVALID_FIELD


def _written(said: Event) -> bytes:
    try:
        try:
            body = encode(said, root="")
        except InvalidEventError:
            body = encode(said, root=said.subject)
    except InvalidEventError as invalid:
        raise UnsendableEventError(invalid.refusal.reason, invalid.refusal.field, invalid.refusal.detail) from invalid
    if len(body) > MAX_BYTES:
        raise UnsendableEventError(Reason.MALFORMED, None, f"longer than {MAX_BYTES} bytes")
    return body
