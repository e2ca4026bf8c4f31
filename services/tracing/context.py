"""Which trace something belongs to, as others say it: W3C `traceparent`, in a header that anybody may have written.

What is not exactly a `traceparent` is none. It decides nothing but whose trace something is shown in: whether it is
told at all is decided here (`services/tracing/sampling.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

HEADER: Final = "traceparent"
"""Its name over HTTP and on the bus, where it stands beside `Nats-Msg-Id`."""

_SAMPLED: Final = 1
_parts: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})").fullmatch
_in_block: Final = re.compile(rb"\r\n[Tt]raceparent:[ \t]*([0-9a-f-]{55})[ \t]*(?=\r\n)").findall
_NAME: Final = b"raceparent:"
_NO_VERSION: Final = b"ff"


class Context(NamedTuple):
    """A span somewhere else: 32 and 16 hexadecimal digits, and whether that side tells it."""

    trace: str
    span: str
    sampled: bool

    def __str__(self) -> str:
        return f"00-{self.trace}-{self.span}-{self.sampled:02x}"


def read(value: bytes) -> Context | None:
    """Read the value of a header; None where it isn't one of 55 characters with a trace and a span."""
    if (found := _parts(value)) is None:
        return None
    version, trace, span, flags = found.groups()
    if version == _NO_VERSION or not int(trace, 16) or not int(span, 16):
        return None
    return Context(trace.decode(), span.decode(), bool(int(flags, 16) & _SAMPLED))


def of_request(headers: Iterable[tuple[bytes, bytes]]) -> Context | None:
    """Read it from the headers of a request, names in small letters; None where there is none, or more than one."""
    found = [value for name, value in headers if name == b"traceparent"]
    return read(found[0]) if len(found) == 1 else None


def of_message(block: bytes | None) -> Context | None:
    """Read it from the header block of a message; None where there is none, or more than one."""
    if block is None or _NAME not in block:
        return None
    found = _in_block(block)
    return read(found[0]) if len(found) == 1 else None
