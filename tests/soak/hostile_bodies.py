"""What a hostile unit puts into its messages: what no decoder can read, and events that are refused."""

from __future__ import annotations

from typing import Any, Final

from services.bus_accounts import LARGEST_PAYLOAD
from services.log.configuration import LARGEST_MESSAGE

JUNK: Final = (
    b"",
    b"\x00",
    b"\xff\xfe" * 40,
    b"{",
    b"null",
    b"[]",
    b'"' + b"x" * 15_000,
    b"[" * 16_000,
    b'{"data":' * 2_000,
    b'{"id": "x"}',
    b'{"id": "x", "id": "y", "source": "/units/trung-uong"}',
    b'{"specversion": "1.0", "id": "a", "data": ' + b"9" * 5_000 + b"}",
    b'{"specversion": "1.0", "id": "\\ud800", "data": {}}',
    b'{"specversion": "1.0", "id": 1e999}',
)
_DAY: Final = {"member": "m", "decided_on": "2023-01-01"}
REFUSED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("member.admitted", {"member": "m", "decided_on": "2023-02-30"}),
    ("member.admitted", {"member": "m", "decided_on": "+10000-01-01"}),
    ("member.admitted", {**_DAY, "colour": "red"}),
    ("member.admitted", {**_DAY, "facets": {"sex": "other"}}),
    ("member.admitted", {**_DAY, "member": "m" * 9_000}),
    ("badge.awarded", {"member": "m", "awarded_on": "2023-01-01", "grade": 10**400}),
    ("member.promoted", _DAY),
    ("unit.established", {"parent": None, "name": "Trung ương", "level": "central", "since": "0001-01-01"}),
    ("access.granted", {"account": "me", "role": "operator"}),
)
TOO_LONG: Final = 16_385
"""Bytes: the stream takes it, the decoder does not."""
OVERSIZE: Final = LARGEST_PAYLOAD
"""Bytes: a thousand fewer and the stream refuses it, one more and the server ends the connection."""
assert TOO_LONG < LARGEST_MESSAGE < OVERSIZE - 1_000
