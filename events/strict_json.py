"""JSON read strictly and slowly, for messages that are refused, suspicious or to be compared.

Stricter than the grammar where the contract wants it (no key twice, 16 KiB, UTF-8), and independent of the machine: the
depth that is read is fixed, not what the stack has left, and no number is too long to be read.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from events.envelope import MAX_BYTES
from events.errors import UnreadableError

MAX_DEPTH: Final = 32
_MAX_DIGITS = 18
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number that is no whole number of up to 18 digits, as it is written: no field of the contract can hold it."""

    text: str


class Ambiguous:
    """Stands for the value of a key that an object has twice."""


class Document:
    """A body that is a JSON object: its `attributes`, and whether any object in it has a key twice (`ambiguous`)."""

    __slots__ = ("ambiguous", "attributes")

    def __init__(self, body: bytes) -> None:
        """Read a body; raises UnreadableError."""
        self.ambiguous = False
        if len(body) > MAX_BYTES:
            raise UnreadableError(f"larger than {MAX_BYTES} bytes")
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise UnreadableError(f"not UTF-8 at byte {error.start}") from None
        if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(text):
            raise UnreadableError(f"nested deeper than {MAX_DEPTH}")
        try:
            value = json.loads(
                text,
                object_pairs_hook=self._object,
                parse_int=_whole_number,
                parse_float=Numeral,
                parse_constant=_refuse_constant,
            )
        except (ValueError, RecursionError) as error:
            position = getattr(error, "pos", None)
            raise UnreadableError("not JSON" if position is None else f"not JSON at character {position}") from None
        if not isinstance(value, dict):
            raise UnreadableError("not a JSON object")
        self.attributes: dict[str, Any] = value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.ambiguous = True
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    found[key] = Ambiguous()
                seen.add(key)
        return found


def same_value(a: Any, b: Any) -> bool:
    """Whether two values are the same JSON: true is not 1, 1 is not 1.0, the order of keys doesn't matter."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_value(value, b[key]) for key, value in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same_value, a, b))
    return bool(a == b)


def _whole_number(digits: str) -> int | Numeral:
    return int(digits) if len(digits) <= _MAX_DIGITS else Numeral(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _is_deep(text: str) -> bool:
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False
