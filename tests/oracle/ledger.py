"""The log as the oracle remembers it: one entry a message, and what entries say without anything being decided."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Any

from events.codec import Event as Decoded
from events.codec import decode
from tests.oracle.hierarchy import Statement
from tests.oracle.wording import STRUCTURE, Event

LAST_BUT_ONE = dt.date(9999, 12, 30)
"""A change that is said of the last day that there is holds from here on (decision 0010)."""


@dataclass
class Entry:
    """One message of the stream. `event` is None where the codec refuses it; `key` is None where it can't be read."""

    position: int
    body: bytes
    key: tuple[str, str] | None
    event: Event | None
    refused: str | None
    outcome: str = ""
    reason: str | None = None

    @property
    def holds(self) -> bool:
        return self.outcome in ("counted", "applied")

    @property
    def publisher(self) -> str:
        """Who says it; only of an entry that has a key."""
        assert self.key is not None
        return self.key[0]


def read(position: int, bus_subject: str, body: bytes, root: str) -> Entry:
    """Read a message; the rules of a single message (section 1) are the codec's."""
    decoded = decode(bus_subject, body, root=root)
    match = re.match(r"party\.v1\.([a-z0-9][a-z0-9_-]*)(\.|$)", bus_subject)
    publisher = match.group(1) if match else None
    key = (publisher, decoded.id) if publisher is not None and decoded.id is not None else None
    if isinstance(decoded, Decoded):
        return Entry(position, body, key, json.loads(body), None)
    return Entry(position, body, key, None, decoded.reason.value)


def same_content(one: bytes, other: bytes) -> bool:
    """Whether it is the same JSON, however it is laid out; 1 and 1.0 differ."""
    if one == other:
        return True
    try:
        return _plain(json.loads(one)) == _plain(json.loads(other))
    except ValueError:
        return False


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def statement(entry: Entry) -> Statement:
    assert entry.event is not None
    data = entry.event["data"]
    return Statement(
        entry.position,
        entry.event["subject"],
        entry.event["type"],
        min(dt.date.fromisoformat(data["since"]), LAST_BUT_ONE),
        data.get("parent"),
        data.get("name"),
        data.get("level"),
        data.get("successor"),
    )


def statements(entries: list[Entry]) -> list[Statement]:
    """List what the structure events say that hold."""
    return [statement(e) for e in entries if e.holds and e.event is not None and e.event["type"] in STRUCTURE]
