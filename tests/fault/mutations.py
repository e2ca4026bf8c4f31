"""Messages from one seed that were right before something happened to them, and messages that never were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from tests.fault.load import Clerk, Structure
from tests.oracle.telling import Said
from tests.property.strategies import log_of

ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, 10**30, "", " ", "\x00", "\u202e", "\ufeff", "é", "e\u0301", "x" * 70),
    *("2023-02-29", "0000-00-00", "9999-12-31", "2023-01-01T00:00:00Z", "trung-uong", "/units/trung-uong"),
    *([], {}, [[]], {"": ""}, {"a": {"a": {"a": None}}}, "unknown", "30", 35),
)
ODD_BYTES: Final = (
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b'"',
    b"{",
    b"}",
    b"[",
    b",",
    b"1e999",
    b"NaN",
)
TOKENS: Final = ("u1", "U1", "trung-uong", "member", "admitted", "x" * 80, "đảng", "\x7f", '"', "%00", "{}", "party")
LONGEST: Final = 20_000


class Mutations:
    """An endless source of messages; the same seed gives the same ones."""

    def __init__(self, seed: str) -> None:
        self._random = random = Random(seed)
        self._right = [told.said for told in [*Structure(random).tree(), *Structure(random).late()]]
        clerk = Clerk(0, random)
        self._right += [told.said for _ in range(10) for group in clerk.group(20) for told in group]
        self._right += [said for _ in range(20) for said in log_of(random)]

    def take(self, number: int) -> Iterator[Said]:
        """Make this many messages: right ones, and those to which one to three things have happened."""
        ways = (self._bytes, self._bytes, self._value, self._value, self._field, self._subject, self._noise)
        for _ in range(number):
            said = self._random.choice(self._right)
            for _ in range(self._random.choice((0, 1, 1, 1, 2, 3))):
                said = self._random.choice(ways)(said)
            yield said

    def _bytes(self, said: Said) -> Said:
        """Overwrite, insert, cut out or repeat some bytes."""
        body, random = said.body, self._random
        start = random.randrange(len(body) + 1)
        end = min(len(body), start + random.choice((0, 1, 1, 2, 8, 200)))
        new = random.choice((b"", random.choice(ODD_BYTES), random.randbytes(1), body[start:end] * 2))
        return Said(said.bus_subject, body[:start] + new + body[end:])

    def _value(self, said: Said) -> Said:
        """Put something odd in the place of a value, or a value of another message."""
        other = self._random.choice(self._right)

        def change(values: dict[str, Any]) -> None:
            name = self._random.choice([*values, "data"])
            theirs = _object(other.body).get(name)
            values[name] = self._random.choice((*ODD, theirs))

        return self._changed(said, change)

    def _field(self, said: Said) -> Said:
        """Take a field away, or add one."""

        def change(values: dict[str, Any]) -> None:
            if values and self._random.random() < 0.5:
                del values[self._random.choice(list(values))]
            else:
                values[self._random.choice(("note", "facets", "to", "x\x00", "datacontenttype", ""))] = self._odd()

        return self._changed(said, change)

    def _changed(self, said: Said, change: Any) -> Said:
        event = _object(said.body)
        data = event.get("data")
        change(data if isinstance(data, dict) and self._random.random() < 0.6 else event)
        return Said(
            said.bus_subject, json.dumps(event, ensure_ascii=self._random.random() < 0.5).encode(errors="replace")
        )

    def _subject(self, said: Said) -> Said:
        """Say it on another subject of the stream."""
        if self._random.random() < 0.5:
            return Said(self._random.choice(self._right).bus_subject, said.body)
        tokens = [self._random.choice(TOKENS) for _ in range(self._random.randint(1, 5))]
        return Said(".".join(["party.v1", *tokens]), said.body)

    def _noise(self, said: Said) -> Said:
        """Say nothing that has a meaning, now and then at length."""
        random = self._random
        length = random.choice((0, 1, 10, 100)) if random.random() < 0.98 else LONGEST
        body = random.choice((random.randbytes(length), b"[" * length, said.body + b" " * length))
        return Said(said.bus_subject, body)

    def _odd(self) -> Any:
        return self._random.choice(ODD)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
