"""Ids that follow from what a row says: others compute them too, so they may never change."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from events.identifiers import is_event_id
from services.sheets.event_ids import numbered, parted, stem_of


def test_the_id_is_of_type_subject_reference_day_and_grade() -> None:
    stem = stem_of("badge.awarded", "xa-dai-bai", "2023-014", date(2023, 11, 7), 30)
    said = b"badge.awarded\nxa-dai-bai\n2023-014\n2023-11-07\n30"
    assert stem == f"s-{sha256(said).hexdigest()[:32]}"
    assert stem_of("member.admitted", "xa", "1", date(2023, 1, 2)) == (
        "s-" + sha256(b"member.admitted\nxa\n1\n2023-01-02\n").hexdigest()[:32]
    )
    assert is_event_id(numbered(stem, 999_999_999))
    assert parted(numbered(stem, 12)) == (stem, 12)


@pytest.mark.parametrize(
    "other", ["", "s-1.1", f"s-{'a' * 32}", f"s-{'a' * 32}.0", f"r-{'a' * 32}.1", f"s-{'A' * 32}.1"]
)
def test_other_ids_are_not_of_this_form(other: str) -> None:
    assert parted(other) is None
