"""Messages as unit systems send them: every type once in full and once with nothing optional."""

import copy
import json
from typing import Any

from events.codec import Event, Refusal, decode

PUBLISHER = "db-01"
FACETS = {
    "sex": "female",
    "ethnicity": "minority",
    "religion": "none",
    "youth_union": "yes",
    "age_band": "18-30",
    "education": "bachelor",
    "occupation": "student",
}
DAY = "2023-11-20"
PERIOD = {"from": "2023-01-01", "to": "2023-12-31"}

FULL: dict[str, dict[str, Any]] = {
    "member.admitted": {
        "member": "m-001",
        "decided_on": DAY,
        "ceremony_on": "2023-11-25",
        "readmission": True,
        "facets": FACETS,
    },
    "member.confirmed": {"member": "m-001", "decided_on": DAY, "effective_on": "2023-11-01", "facets": FACETS},
    "badge.awarded": {
        "member": "m-001",
        "grade": 30,
        "awarded_on": DAY,
        "early": False,
        "posthumous": True,
        "facets": FACETS,
    },
    "member.departed": {"member": "m-001", "reason": "resigned", "on": DAY, "facets": FACETS},
    "member.transferred": {"member": "m-001", "to": "cb-02", "on": DAY, "as": "2023-014", "facets": FACETS},
    "candidate.introduced": {"candidate": "C_9", "on": DAY, "facets": FACETS},
    "candidate.trained": {"candidate": "C_9", "on": DAY, "passed": True, "facets": FACETS},
    "member.restored": {"member": "m-001", "on": DAY, "facets": FACETS},
    "unit.established": {"parent": "tinh-01", "name": "Chi bộ thôn Đông", "level": "cell", "since": DAY},
    "unit.renamed": {"name": 'Đảng bộ xã "Gia Bình"', "since": DAY},
    "unit.releveled": {"level": "grassroots", "since": DAY},
    "unit.moved": {"parent": "tinh-02", "since": DAY},
    "unit.dissolved": {"since": DAY, "successor": "xa-03"},
    "target.assigned": {
        "measure": "admissions",
        **PERIOD,
        "at_least": 700,
        "at_most": 800,
        "resolution": "227-NQ/ĐB",
    },
    "figure.declared": {"figure": "members", "on": DAY, "value": 16, "note": "không phát sinh"},
    "access.granted": {"account": "a-0123456789abcdef", "role": "officer", "until": DAY},
    "access.revoked": {"account": "a-0123456789abcdef", "role": "officer"},
    "event.retracted": {"source": "/units/cb-02", "id": "e:1.A_b-2", "reason": "nhập nhầm"},
}
OPTIONAL = (
    "facets",
    "as",
    "ceremony_on",
    "readmission",
    "effective_on",
    "early",
    "posthumous",
    "successor",
    "at_most",
    "note",
    "until",
)
BARE = {name: {field: value for field, value in data.items() if field not in OPTIONAL} for name, data in FULL.items()}


def message(event_type: str, data: Any = None, /, **attributes: Any) -> dict[str, Any]:
    """Make a whole message; `attributes` replace those of the envelope, and `...` leaves one out."""
    whole = {
        "specversion": "1.0",
        "id": "e-1",
        "source": f"/units/{PUBLISHER}",
        "type": event_type,
        "subject": "cb-01",
        "time": "2023-11-28T09:01:02+07:00",
        "data": copy.deepcopy(FULL[event_type] if data is None else data),
    }
    return {name: value for name, value in (whole | attributes).items() if value is not ...}


def as_body(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def read(document: Any, *, bus_type: str | None = None, publisher: str = PUBLISHER, **options: Any) -> Event | Refusal:
    """Read a document as it is published by the publisher of the examples, under its own type."""
    body = document if isinstance(document, bytes) else as_body(document)
    return decode(f"party.v1.{publisher}.{bus_type or document['type']}", body, **options)


def accepted(document: Any, **options: Any) -> Event:
    answer = read(document, **options)
    assert isinstance(answer, Event), answer
    return answer


def refused(document: Any, **options: Any) -> Refusal:
    answer = read(document, **options)
    assert isinstance(answer, Refusal), answer
    return answer


def changed(event_type: str, **fields: Any) -> dict[str, Any]:
    """Make a full message with other fields of data; `...` leaves one out."""
    data = {name: value for name, value in (FULL[event_type] | fields).items() if value is not ...}
    return message(event_type, data)
