"""The ids of events out of sheets: they follow from what a row says, so the same row twice is the same event."""

import re
from datetime import date
from hashlib import sha256
from typing import Final

_DIGITS: Final = 32
_FORM: Final = re.compile("(s-[0-9a-f]{32})[.]([1-9][0-9]{0,8})")


def stem_of(event_type: str, subject: str, reference: str, day: date, grade: int | None = None) -> str:
    """Make the part of the id that doesn't change: `s-` and 32 hexadecimal digits (section 8).

    They are of the SHA-256 of the type, subject, reference, ISO day and grade (empty where there is none) in UTF-8,
    with a new line between each two: none of the five can hold one.
    """
    said = "\n".join((event_type, subject, reference, day.isoformat(), "" if grade is None else str(grade)))
    return f"s-{sha256(said.encode()).hexdigest()[:_DIGITS]}"


def numbered(stem: str, number: int) -> str:
    """Make the id of a stem's n-th saying; the first is 1."""
    return f"{stem}.{number}"


def parted(event_id: str) -> tuple[str, int] | None:
    """Part an id of this form into its stem and its number; None for an id of another form."""
    found = _FORM.fullmatch(event_id)
    return None if found is None else (found[1], int(found[2]))
