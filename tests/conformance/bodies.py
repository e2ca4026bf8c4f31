"""Bodies of single events: subject and header of each on the bus, or why the door refuses it (contract §1, §8)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from events.envelope import MAX_BYTES
from events.subjects import digest
from services.api.event_bodies import entry_of
from tests.oracle.telling import ROOT, event_of

UNIT = "xa-dai-bai"
_MISSING = object()
_DATA: dict[str, dict[str, Any]] = {
    "member.admitted": {"member": "2023-014", "decided_on": "2023-12-01"},
    "member.confirmed": {"member": "2023-014", "decided_on": "2023-12-01", "effective_on": "2023-12-02"},
    "badge.awarded": {
        "member": "2023-014", "grade": 30, "awarded_on": "2023-12-01", "early": True, "posthumous": False,
    },
    "member.departed": {"member": "2023-014", "reason": "not_confirmed", "on": "2023-12-01"},
    "member.restored": {"member": "2023-014", "on": "2023-12-01"},
    "member.transferred": {"member": "2023-014", "to": "xa-khac", "on": "2023-12-01", "as": "77"},
    "candidate.introduced": {"candidate": "qc-1", "on": "2023-12-01"},
    "candidate.trained": {"candidate": "qc-1", "on": "2023-12-01", "passed": True},
    "unit.established": {"parent": ROOT, "name": "Đảng bộ xã", "level": "grassroots", "since": "2023-12-01"},
    "unit.renamed": {"name": "Đảng bộ xã", "since": "2023-12-01"},
    "unit.releveled": {"level": "upper", "since": "2023-12-01"},
    "unit.moved": {"parent": ROOT, "since": "2023-12-01"},
    "unit.dissolved": {"since": "2023-12-01", "successor": "xa-khac"},
    "target.assigned": {
        "measure": "admissions", "from": "2023-01-01", "to": "2023-12-31", "at_least": 3, "at_most": 9,
        "resolution": "NQ 1",
    },
    "figure.declared": {"figure": "members", "on": "2023-12-01", "value": 40, "note": "theo sổ"},
    "event.retracted": {"source": f"/units/{UNIT}", "id": "2023-12-001", "reason": "ghi nhầm"},
}  # fmt: skip
_FACETS = {
    "sex": "female", "ethnicity": "kinh", "religion": "none", "youth_union": "yes", "age_band": "18-30",
    "education": "bachelor", "occupation": "farmer",
}  # fmt: skip


def vectors() -> list[dict[str, Any]]:
    """Give each body with what becomes of it at the door, whatever the log has."""
    return [_vector(name, body) for name, body in _bodies()]


def body_of(vector: dict[str, Any]) -> bytes:
    """Give the bytes that a vector is about."""
    return base64.b64decode(vector["base64"]) if "base64" in vector else vector["body"].encode()


def _vector(name: str, body: bytes) -> dict[str, Any]:
    entry = entry_of(body, ROOT)
    try:
        written = {"body": body.decode()}
    except UnicodeDecodeError:
        written = {"base64": base64.b64encode(body).decode()}
    found: dict[str, Any] = {"name": name, **written}
    if entry.fault is not None:
        return found | {"refused": {"reason": str(entry.fault.reason), "field": entry.fault.field}}
    assert entry.line is not None
    sent = {"subject": entry.line.subject, "Nats-Msg-Id": entry.line.message_id, "digest": digest(body)}
    return found | {"refused": None, "bus": sent}


def _bodies() -> Iterator[tuple[str, bytes]]:
    for kind, data in _DATA.items():
        yield f"{kind}, as it should be", _said(kind, data)
        yield f"{kind}, with a field that it does not have", _said(kind, data | {"full_name": "x"})
        for field in data:
            yield (
                f"{kind}, without {field}",
                _said(kind, {name: value for name, value in data.items() if name != field}),
            )
            yield f"{kind}, with {field} null", _said(kind, data | {field: None})
            yield f"{kind}, with {field} a list", _said(kind, data | {field: []})
    yield from _facets()
    yield from _fields()
    yield from _envelopes()
    yield from _texts()


def _facets() -> Iterator[tuple[str, bytes]]:
    admitted = _DATA["member.admitted"]
    yield "all facets", _said("member.admitted", admitted | {"facets": _FACETS})
    yield "no facets", _said("member.admitted", admitted | {"facets": {}})
    for facet in _FACETS:
        yield f"a code that {facet} does not have", _said("member.admitted", admitted | {"facets": {facet: "unknown"}})
    yield "a facet that there is not", _said("member.admitted", admitted | {"facets": {"born": "1990"}})


def _fields() -> Iterator[tuple[str, bytes]]:
    for what, data in {
        "a grade that is none": {"grade": 35},
        "a grade as a text": {"grade": "30"},
        "a grade as 30.0": {"grade": 30.0},
        "early as 1": {"early": 1},
        "a name as a reference": {"member": "Nguyễn Thị Lan"},
        "a reference of 64": {"member": "x" * 64},
        "a reference of 65": {"member": "x" * 65},
        "an empty reference": {"member": ""},
        "a day that there is not": {"awarded_on": "2023-02-30"},
        "a day as people write it": {"awarded_on": "01/12/2023"},
        "a day with a time": {"awarded_on": "2023-12-01T00:00:00Z"},
    }.items():
        yield what, _said("badge.awarded", _DATA["badge.awarded"] | data)
    target, declared = _DATA["target.assigned"], _DATA["figure.declared"]
    yield "a target for no measure", _said("target.assigned", target | {"measure": "members"})
    yield "a target that ends before it begins", _said("target.assigned", target | {"to": "2022-12-31"})
    yield "a target with its ends crossed", _said("target.assigned", target | {"at_most": 2})
    yield "a number below nothing", _said("target.assigned", target | {"at_least": -1})
    yield "a number beyond 2^53 - 1", _said("target.assigned", target | {"at_least": 2**53, "at_most": 2**53})
    yield (
        "a stock over a period",
        _said("figure.declared", {"figure": "members", "from": "2023-01-01", "to": "2023-12-31", "value": 1}),
    )
    yield "a measure on a day", _said("figure.declared", declared | {"figure": "admissions"})
    yield (
        "a measure of a period",
        _said("figure.declared", {"figure": "admissions", "from": "2023-01-01", "to": "2023-12-31", "value": 1}),
    )
    yield "a text with a line break", _said("event.retracted", _DATA["event.retracted"] | {"reason": "một\nhai"})
    yield (
        "the root, founded by itself",
        _said("unit.established", _DATA["unit.established"] | {"parent": None}, source=f"/units/{ROOT}", subject=ROOT),
    )
    yield (
        "another than the root without a parent",
        _said("unit.established", _DATA["unit.established"] | {"parent": None}),
    )
    for what, name in {
        "an empty name": "",
        "a name not in NFC": "Đảng bộ xã Mỹ",
        "a name of 300": "x" * 300,
        "a name of 301": "x" * 301,
        "a name of nothing visible": "\u2003",
        "a name with a direction": "\u202eabc",
        "a name with zero width": "a\u200bb",
        "a name with a control": "a\x07b",
    }.items():
        yield what, _said("unit.renamed", _DATA["unit.renamed"] | {"name": name})


def _envelopes() -> Iterator[tuple[str, bytes]]:
    for attribute, others in {
        "specversion": ["0.3", 1.0, None],
        "id": ["", "x" * 64, "x" * 65, "a b", "á", 1, None],
        "source": [UNIT, "/units/", "/units/Xa", f"/units/{UNIT}/", "https://x", None],
        "type": ["member.born", "member", "MEMBER.ADMITTED", "", None],
        "subject": ["Xa", "", "x" * 63, "x" * 64, f"/units/{UNIT}", None],
        "time": [
            "2023-12-04T09:30:00Z", "2023-12-04T09:30:00", "2023-12-04", "2023-12-04T24:00:00Z", "2023-12-04T09:30:60Z",
            "2023-12-04 09:30:00Z", "2023-12-04T09:30:00.123456789+07:00", "0000-12-04T09:30:00Z", 1701682200, None,
        ],
        "data": [[], "x", None],
        "datacontenttype": ["application/json", "text/plain"],
    }.items():  # fmt: skip
        if attribute != "datacontenttype":
            yield f"without {attribute}", _said("member.admitted", _DATA["member.admitted"], **{attribute: _MISSING})
        for value in others:
            yield (
                f"{attribute} {json.dumps(value, ensure_ascii=False)[:40]}",
                _said("member.admitted", _DATA["member.admitted"], **{attribute: value}),
            )
    yield "with an attribute of one's own", _said("member.admitted", _DATA["member.admitted"], dataschema="x")
    access = {"account": "a-0123456789abcdef", "role": "reader"}
    yield "access, which the service alone says", _said("access.granted", access)
    yield "access taken, which the service alone says", _said("access.revoked", access)


def _texts() -> Iterator[tuple[str, bytes]]:
    plain = _said("member.admitted", _DATA["member.admitted"])
    yield "with white space", b" " + json.dumps(json.loads(plain), indent=1).replace("\n", " ").encode() + b" "
    yield "with escapes", plain.replace(b"2023-014", b"\\u0032023-014")
    yield "a key twice", plain.replace(b'"data":', b'"id": "2023-12-001", "data":')
    yield "a key of data twice", plain.replace(b'"member":', b'"member": "1", "member":')
    yield (
        "half of a surrogate pair",
        _said("unit.renamed", _DATA["unit.renamed"]).replace("Đảng bộ xã".encode(), b"\\ud800"),
    )
    yield "not UTF-8", plain.replace(b"2023-014", b"\xff\xfe")
    yield "cut off", plain[:-2]
    yield "two in one", plain + b" " + plain
    yield "a list", b"[]"
    yield "a text", b'"x"'
    yield "null", b"null"
    yield "NaN", plain.replace(b'"2023-014"', b"NaN")
    yield "deep", plain.replace(b'"2023-014"', b"[" * 2000 + b"]" * 2000)
    retraction = _DATA["event.retracted"]
    room = MAX_BYTES - len(_said("event.retracted", retraction | {"reason": ""}))
    yield f"{MAX_BYTES} bytes", _said("event.retracted", retraction | {"reason": "x" * room})
    yield f"{MAX_BYTES + 1} bytes", _said("event.retracted", retraction | {"reason": "x" * (room + 1)})


def _said(kind: str, data: object, /, **attributes: Any) -> bytes:
    envelope = event_of(UNIT, "2023-12-001", kind, UNIT, {}) | {"data": data} | attributes
    return json.dumps(
        {name: value for name, value in envelope.items() if value is not _MISSING}, ensure_ascii=False
    ).encode()
