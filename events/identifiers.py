"""The shapes of ids, references, days, times, numbers and texts, as field types and as tests (section 1).

Every type carries a description: it is what a refusal says is expected, and what the JSON Schema shows.
"""

import re
import unicodedata
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Annotated, Final

from msgspec import Meta

from events.errors import InvalidFieldError

UNIT_ID_PATTERN: Final = "[a-z0-9][a-z0-9_-]{0,62}"
_EVENT_ID = "[A-Za-z0-9._:-]{1,64}"
REFERENCE_PATTERN: Final = "[A-Za-z0-9_-]{1,64}"
_ACCOUNT_ID = "a-[a-z0-9]{16}"
_HOUR_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIMESTAMP = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_HOUR_MINUTE}:[0-5][0-9](?:\\.[0-9]+)?(?:[Zz]|[+-]{_HOUR_MINUTE})"
_DAY = "(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"  # for the JSON Schema: msgspec knows the rest
_NO_CONTROLS = r"[^\x00-\x1f\x7f-\x9f]+"  # exactly the general category Cc

_NO_NUL = r"[^\x00]+"


def _whole(pattern: str) -> str:
    """Anchor a pattern: `$` alone would let a final newline pass in Python; the look-ahead is plain ECMA-262 too."""
    return f"^{pattern}$(?!\\n)"


UnitId = Annotated[
    str, Meta(pattern=_whole(UNIT_ID_PATTERN), description="a unit's id: 1-63 of a-z 0-9 _ -, first a letter or digit")
]
EventId = Annotated[str, Meta(pattern=_whole(_EVENT_ID), description="an event's id: 1-64 of A-Z a-z 0-9 . _ : -")]
Reference = Annotated[
    str, Meta(pattern=_whole(REFERENCE_PATTERN), description="an opaque reference: 1-64 of A-Z a-z 0-9 _ -")
]
AccountId = Annotated[
    str, Meta(pattern=_whole(_ACCOUNT_ID), description="an account of the service: a- and 16 of a-z 0-9")
]
SourcePath = Annotated[str, Meta(pattern=_whole(f"/units/{UNIT_ID_PATTERN}"), description="/units/{a unit's id}")]
Timestamp = Annotated[
    str,
    Meta(
        pattern=_whole(_TIMESTAMP),
        description="an RFC 3339 date and time with offset",
        extra_json_schema={"format": "date-time"},
    ),
]
Text = Annotated[str, Meta(pattern=_whole(_NO_CONTROLS), description="a text in NFC, not empty, no control characters")]
Name = Annotated[
    str,
    Meta(
        pattern=_whole(_NO_NUL),
        description="a name in NFC, not empty, no U+0000; advised: at most 300 characters, all visible",
    ),
]
"""The log takes names that no door does (`events.names`); U+0000 is what PostgreSQL can't keep in a text."""
Day = Annotated[date, Meta(description="a civil date, YYYY-MM-DD", extra_json_schema={"pattern": _whole(_DAY)})]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1, description="a whole number from 0 to 2^53 - 1")]

is_unit_id: Final = re.compile(UNIT_ID_PATTERN).fullmatch
is_event_id: Final = re.compile(_EVENT_ID).fullmatch
is_reference: Final = re.compile(REFERENCE_PATTERN).fullmatch
is_account_id: Final = re.compile(_ACCOUNT_ID).fullmatch
is_timestamp: Final = re.compile(_TIMESTAMP).fullmatch


def moment(timestamp: str) -> datetime:
    """Read a text of the form `Timestamp`; digits of a second beyond the sixth are cut off.

    Raises ValueError where there is no such day, where the second is a leap second, and where the moment lies in no
    year from 1 to 9999 in UTC, so that whoever converts it later can't fail.
    """
    value = datetime.fromisoformat(timestamp.upper() if timestamp[-1] == "z" else timestamp)
    if not MINYEAR < value.year < MAXYEAR:
        try:
            value.astimezone(UTC)
        except OverflowError as overflow:
            raise ValueError(str(overflow)) from overflow
    return value


def require_text(field: str, text: str) -> None:
    """Raise InvalidFieldError where a text isn't in NFC or holds half a surrogate pair: no pattern can say either."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidFieldError(field, "half of a surrogate pair is no character") from None
    if not unicodedata.is_normalized("NFC", text):
        raise InvalidFieldError(field, "not in the normal form NFC")
