"""Ids that follow from what is said: of corrections, and of rows of sheets (contract §8)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.publishing.correction_ids import replacement_stem, retraction_id
from services.sheets.event_ids import numbered, stem_of

_EVENTS = (
    ("xa-dai-bai", "2023-12-001"),
    ("a", "1"),
    ("xa-dai-bai", "s-0123456789abcdef0123456789abcdef.1"),
    ("xa-dai-bai", "s-0123456789abcdef0123456789abcdef.41"),
    ("xa-dai-bai", "s-0123456789abcdef0123456789abcdef.0"),
    ("xa_1", "018c7e3a-7b5d-7000-8000-000000000000"),
)
_ROWS: tuple[tuple[str, str, str, str, int | None], ...] = (
    ("member.admitted", "xa-dai-bai", "2023-014", "2023-12-01", None),
    ("badge.awarded", "xa-dai-bai", "2023-014", "2023-12-01", 30),
    ("badge.awarded", "xa-dai-bai", "2023-014", "2023-12-01", 90),
    ("candidate.trained", "chi-bo-1", "A_1", "1999-01-31", None),
)


def vectors() -> list[dict[str, Any]]:
    """Give the id of the retraction of an event, and of what is said in its place first; and those of rows."""
    corrections: list[dict[str, Any]] = []
    for publisher, event_id in _EVENTS:
        stem, number = replacement_stem(publisher, event_id)
        corrections.append(
            {
                "of": {"publisher": publisher, "id": event_id},
                "retraction": retraction_id(publisher, event_id),
                "replacement": numbered(stem, number + 1),
            }
        )
    rows = [
        {
            "row": {"type": kind, "subject": subject, "reference": reference, "day": day, "grade": grade},
            "id": numbered(stem_of(kind, subject, reference, dt.date.fromisoformat(day), grade), 1),
        }
        for kind, subject, reference, day, grade in _ROWS
    ]
    return corrections + rows
