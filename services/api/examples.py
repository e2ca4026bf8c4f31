"""One example of every answer, for the OpenAPI document; a test holds them to the schemas."""

from __future__ import annotations

from typing import Any, Final

from events.codec import DEFAULT_ROOT
from projections.answers.privacy.report_suppression import REASON

_GIA_BINH: Final = {"id": "gia-binh", "name": "Huyện ủy Gia Bình", "level": "upper"}
_BAC_NINH: Final = {"id": "bac-ninh", "name": "Tỉnh ủy Bắc Ninh", "level": "province"}
_CENTRAL: Final = {"id": DEFAULT_ROOT, "name": "Ban Chấp hành Trung ương", "level": "central"}
_COMMUNE: Final = {"id": "xa-dai-lai", "name": "Đảng ủy xã Đại Lai", "level": "grassroots"}
_AS_OF: Final = "2023-11-28T09:01:02Z"
_STAY: Final = {"since": "2000-01-01", "until": "2025-07-01"}
_VALIDITY: Final = {"since": "2000-01-01", "until": "2025-07-01", "successor": None}
_FOUNDING: Final = {"position": 12, "publisher": "bac-ninh", "id": "bn-2000-0001", "type": "unit.established"}
_END: Final = {"position": 1212, "publisher": "bac-ninh", "id": "bn-2025-0003", "type": "unit.dissolved"}
_MOVE: Final = {"position": 1211, "publisher": "bac-ninh", "id": "bn-2025-0002", "type": "unit.moved"}
_SAID: Final = {
    "position": 1234,
    "outcome": "parked",
    "reason": "unknown_unit",
    "field": None,
    "detail": None,
    "publisher": "gia-binh",
    "id": "gb-2023-0001",
    "type": "member.admitted",
    "subject": "chi-bo-moi",
    "published_at": _AS_OF,
    "held_at": None,
    "retracted_at": None,
    "retracted_by": None,
    "first_position": None,
    "event": {
        "specversion": "1.0",
        "id": "gb-2023-0001",
        "source": "/units/gia-binh",
        "type": "member.admitted",
        "subject": "chi-bo-moi",
        "time": "2023-11-28T16:00:00+07:00",
        "data": {"member": "m-0001", "decided_on": "2023-11-27"},
    },
    "body": None,
    "taken_back": None,
}
_REJECTS: Final = {
    "publisher": "gia-binh",
    "rejected": 3,
    "reasons": {"invalid_field": 2, "id_conflict": 1},
    "last_position": 1230,
}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Report": {
        "unit": _GIA_BINH,
        "from": "2023-01-01",
        "to": "2023-11-28",
        "basis": "as-was",
        "position": 1234,
        "as_of": _AS_OF,
        "parked": 0,
        "total": {"admissions": 7, "confirmations": 9, "badges": 31},
        "rows": [
            {"unit": _COMMUNE, **_STAY, "values": {"admissions": 7, "confirmations": 9, "badges": 31}},
            {"unit": _GIA_BINH, "own": True, "values": {"admissions": 0, "confirmations": 0, "badges": 0}},
        ],
    },
    "UnitDay": {
        **_GIA_BINH,
        "on": "2023-11-28",
        "active": True,
        "parent": _BAC_NINH,
        "ancestors": [_CENTRAL, _BAC_NINH],
        "children": [_COMMUNE],
        "validity": _VALIDITY,
        "position": 1234,
        "as_of": _AS_OF,
    },
    "UnitPage": {
        "units": [{**_GIA_BINH, "matched": "Huyện ủy Gia Bình", "validity": _VALIDITY}],
        "next": None,
        "position": 1234,
    },
    "UnitHistory": {
        **_GIA_BINH,
        "founded": {"since": "2000-01-01", "said": _FOUNDING},
        "dissolved": {"since": "2025-07-01", "successor": None, "said": _END},
        "names": [{"name": "Huyện ủy Gia Bình", "since": "2000-01-01", "until": None, "said": [_FOUNDING]}],
        "levels": [{"level": "upper", "since": "2000-01-01", "until": None, "said": [_FOUNDING]}],
        "parents": [
            {"parent": _BAC_NINH, "raw": None, "since": "2000-01-01", "until": None, "said": [_FOUNDING]},
        ],
        "predecessors": [],
        "successors": [{"unit": _BAC_NINH, "child": _COMMUNE, "since": "2025-07-01", "said": [_MOVE]}],
        "position": 1234,
        "as_of": _AS_OF,
    },
    "Difference": {
        "unit": _BAC_NINH,
        "from": "2023-01-01",
        "to": "2023-11-28",
        "basis": "as-was",
        "against": "as-now",
        "position": 1234,
        "against_position": 1234,
        "total": {"admissions": 7},
        "against_total": {"admissions": 9},
        "difference": {"admissions": 2},
        "contributions": [
            {
                "change": "moved_in",
                "unit": {"id": "bac-giang", "name": "Tỉnh ủy Bắc Giang", "level": "province"},
                "from": "2023-01-01",
                "to": "2023-11-28",
                "values": {"admissions": 2},
            }
        ],
        "rest": None,
        "reconciled": True,
    },
    "Tree": {
        "on": "2023-11-28",
        "depth": 1,
        "complete": True,
        "tree": {**_GIA_BINH, "children": [{**_COMMUNE, "children": []}]},
        "position": 1234,
        "as_of": _AS_OF,
    },
    "CountedEventPage": {
        "events": [
            {
                "position": 1201,
                "publisher": "gia-binh",
                "id": "gb-2023-0396",
                "type": "badge.awarded",
                "unit": "xa-dai-lai",
                "day": "2023-11-07",
                "measure": "badges",
                "time": "2023-11-08T08:00:00+07:00",
                "facets": {"grade": "30", "sex": "female"},
            }
        ],
        "next": "WyIyMDIzLTExLTA3IiwxMjAxLDNd",
        "position": 1234,
    },
    "Said": _SAID,
    "SaidPage": {"outcomes": [_SAID], "next": None, "position": 1234},
    "RejectsPage": {"publishers": [_REJECTS], "next": None, "position": 1234},
    "ReceiptPage": {
        "receipts": [
            {
                "position": 1234,
                "outcome": "counted",
                "reason": None,
                "field": None,
                "detail": None,
                "publisher": "gia-binh",
                "id": "gb-2023-0001",
                "first_position": None,
            }
        ],
        "position": 1234,
    },
    "Status": {
        "position": 1234,
        "as_of": _AS_OF,
        "stream_last": 1234,
        "lag": 0,
        "parked": 1,
        "rejected": 3,
        "generation": 1,
        "bus": "connected",
        "worker": {
            "name": "projector-1",
            "state": "running",
            "detail": None,
            "seen_at": _AS_OF,
            "fetched_at": _AS_OF,
            "advanced_at": _AS_OF,
        },
        "most_rejected": [_REJECTS],
        "troubles": [],
    },
}

OTHER_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "ReportByTwoFacets": {
        **EXAMPLES["Report"],
        "total": {"trainings": 41},
        "rows": [
            *(
                {"codes": {"sex": sex, "passed": passed}, "values": {"trainings": n}}
                for sex, passed, n in (
                    ("female", "yes", None),
                    ("female", "no", None),
                    ("female", "unknown", 0),
                    ("male", "yes", None),
                    ("male", "no", None),
                    ("male", "unknown", 0),
                    ("unknown", "yes", 0),
                    ("unknown", "no", 0),
                    ("unknown", "unknown", 0),
                )
            ),
            {"suppressed": True, "values": {"trainings": 41}},
        ],
        "suppressed": {"smallest": 3, "cells": {"trainings": 4}, "reason": REASON.format(smallest=3)},
    }
}
"""More examples of an answer: a report in which a small cell is hidden, and three more that would give it away."""
