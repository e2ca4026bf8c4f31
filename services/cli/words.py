"""The users' words for the contract's codes: as their own reports say it; in English the codes are words."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from events import words as contract
from projections.answers.words import vietnamese_format
from services.language import language

MEASURES: Final[Mapping[str, str]] = {name: each.column for name, each in contract.MEASURES.items()}
FIGURES: Final[Mapping[str, str]] = {name: each.column for name, each in contract.STOCKS.items()}
LEVELS, FACETS, DIMENSIONS = contract.LEVELS, contract.CODES, contract.DIMENSIONS
_ENGLISH: Final = {name: each.english for name, each in contract.MEASURES.items()}

STATES: Final[Mapping[str, str]] = {
    "paused": "tạm dừng",
    "catching_up": "đang theo kịp",
    "stopped": "không chạy",
    "leading": "đang làm việc",
    "connected": "đã kết nối",
    "unreachable": "không kết nối được",
}


def say(words: Mapping[str, str], code: str | None) -> str:
    """Give the word for a code with the code beside it: codes are what commands and events take."""
    if code is None:
        return ""
    return f"{words[code]} ({code})" if language() == "vi" and code in words else code


def word(words: Mapping[str, str], code: str) -> str:
    """Give the word for a code alone, for a heading."""
    return words.get(code, code) if language() == "vi" else _ENGLISH.get(code, code.replace("_", " "))


HIDDEN: Final = "…"


def number(value: int | None) -> str:
    """Write a number as reports in the language do, 1.905 or 1,905; a hidden one as HIDDEN."""
    if value is None:
        return HIDDEN
    return vietnamese_format.number(value) if language() == "vi" else f"{value:,}"


def decimal(value: float) -> str:
    """Write a number with at most one place: 84,2 or 84.2, and 128."""
    return vietnamese_format.decimal(value) if language() == "vi" else f"{value:,.1f}".removesuffix(".0")


def day(iso: str) -> str:
    """Write a civil date as Vietnamese reports do, 28/11/2023; in English it stays as it is in data."""
    return "/".join(reversed(iso.split("-"))) if language() == "vi" else iso


def days(of: Mapping[str, Any]) -> str:
    """Write from which day to which something is, both included: 01/01/2023 - 28/11/2023."""
    return f"{day(of['from'])} - {day(of['to'])}"


def moment(iso: str) -> str:
    """Write a moment in Vietnam's time, whatever the machine's: 16:01:02 28/11/2023."""
    there = dt.datetime.fromisoformat(iso).astimezone(vietnamese_format.VIETNAM)
    return f"{there:%H:%M:%S %d/%m/%Y}" if language() == "vi" else f"{there:%Y-%m-%d %H:%M:%S} +07"


def position(at: int) -> str:
    """Write a position of the log, as a line under an answer says it."""
    return f"Vị trí trong nhật ký {at}" if language() == "vi" else f"Log position {at}"
