"""Query parameters, read strictly: what is unknown, twice or of the wrong form is a 422 that names it (contract §5)."""

from __future__ import annotations

import base64
import datetime as dt
import re
import unicodedata
from collections.abc import Collection
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request

from events.catalogue import DIMENSIONS, MEASURES
from events.identifiers import is_unit_id
from events.vocabulary import LEVELS
from projections.answers.sentence.claims import Claim, claim_of
from projections.rules.counting.periods import Days
from services.api.problems import bad_parameter, not_found

Key = TypeVar("Key")

CIVIL_TIME: Final = ZoneInfo("Asia/Ho_Chi_Minh")
LONGEST_WAIT: Final = 60.0
LARGEST: Final = 2**63 - 1
MOST_TEXT: Final = 200
MOST_ROWS: Final = 2400
"""Rows by period that one answer may have: 200 years of months."""

MOST_DIMENSIONS: Final = 2
"""Dimensions that one report breaks down by together."""

DEFAULT_MEASURES: Final = ("admissions", "confirmations", "badges")
EVERYWHERE: Final = ("min_position", "wait")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


class Query:
    """The parameters of one request. Every reading raises a 422 Problem that names its parameter."""

    def __init__(self, request: Request, *known: str) -> None:
        self._given: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in known and name not in EVERYWHERE:
                raise bad_parameter(name, f"không có tham số này; có: {', '.join((*known, *EVERYWHERE))}")
            if name in self._given:
                raise bad_parameter(name, "chỉ được nêu một lần")
            self._given[name] = value
        self.min_position = self.integer("min_position", low=0) if "min_position" in self._given else None
        self.wait = self._seconds("wait")

    def date(self, name: str, default: dt.date) -> dt.date:
        """Read a civil date, `yyyy-mm-dd`."""
        text = self._given.get(name)
        if text is None:
            return default
        try:
            if _DATE.fullmatch(text):
                return dt.date.fromisoformat(text)
        except ValueError:
            pass
        raise bad_parameter(name, "cần một ngày có thật, dạng yyyy-mm-dd")

    def days(self) -> Days:
        """Read `from` and `to`, by default from the first day of this year to today."""
        now = today()
        last = self.date("to", now)
        first = self.date("from", now.replace(month=1, day=1))
        if first > last:
            raise bad_parameter("from", f"phải không sau “to” ({last.isoformat()})")
        return Days(first, last)

    def integer(self, name: str, default: int = 0, *, low: int, high: int = LARGEST) -> int:
        """Read a whole number from low to high."""
        text = self._given.get(name)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text) or not text.isascii() or not low <= int(text) <= high:
            raise bad_parameter(name, f"cần một số nguyên từ {low} đến {high}")
        return int(text)

    def position(self, name: str = "position") -> int | None:
        """Read a stream position, None where it isn't given."""
        return self.integer(name, low=0) if name in self._given else None

    def choice(self, name: str, codes: Collection[str], default: str | None = None) -> str | None:
        """Read one of the codes."""
        text = self._given.get(name)
        if text is None:
            return default
        if text not in codes:
            raise bad_parameter(name, f"cần một trong: {', '.join(codes)}")
        return text

    def measures(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Read a list of measures with commas between them, in its order."""
        return self.several(name, MEASURES, default, "các chỉ tiêu")

    def several(
        self, name: str, codes: Collection[str], default: tuple[str, ...], called: str = "các mã"
    ) -> tuple[str, ...]:
        """Read a list of different codes with commas between them, in its order."""
        text = self._given.get(name)
        if text is None:
            return default
        found = tuple(text.split(","))
        if any(code not in codes for code in found) or len(set(found)) < len(found):
            raise bad_parameter(name, f"cần {called} khác nhau, cách nhau bằng dấu phẩy, trong: {', '.join(codes)}")
        return found

    def claim(self, rates: Collection[str]) -> Claim | None:
        """Read a percentage that somebody printed of one of the rates, None where it isn't given."""
        text = self._given.get("claim")
        if text is None:
            return None
        claim = claim_of(text)
        if claim is None or claim.rate not in rates:
            raise bad_parameter("claim", f"cần RATE:PERCENT, ví dụ members_of_staff:84,2; RATE: {', '.join(rates)}")
        return claim

    def by(self) -> tuple[str, str]:
        """Read the kind of rows and its detail (empty where it takes none); `child` unless it is given.

        The detail of `facet` is a dimension, or two with a comma between them.
        """
        by, colon, detail = self._given.get("by", "child").partition(":")
        if by == "level":
            if detail not in LEVELS:
                raise bad_parameter("by", f"“level:” cần một trong: {', '.join(LEVELS)}")
        elif by == "facet":
            asked = detail.split(",")
            if len(asked) > MOST_DIMENSIONS or len(set(asked)) < len(asked) or not set(asked) <= DIMENSIONS.keys():
                raise bad_parameter(
                    "by", f"“facet:” cần một hay hai chiều khác nhau, cách nhau bằng dấu phẩy: {', '.join(DIMENSIONS)}"
                )
        elif colon or by not in {"child", "month", "year", "none"}:
            raise bad_parameter(
                "by", "cần một trong: child, month, year, level:LEVEL, facet:DIMENSION, facet:DIMENSION,DIMENSION, none"
            )
        return by, detail

    def unit(self, name: str = "unit") -> str | None:
        """Read a unit's id, None where it isn't given."""
        text = self._given.get(name)
        if text is not None and not is_unit_id(text):
            raise bad_parameter(name, "cần một mã đơn vị")
        return text

    def text(self, name: str) -> str:
        """Read free text, empty where it isn't given."""
        text = self._given.get(name, "")
        if len(text) > MOST_TEXT or any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
            raise bad_parameter(name, f"cần tối đa {MOST_TEXT} ký tự, không có ký tự điều khiển")
        return text

    def cursor(self, key: type[Key]) -> Key | None:
        """Read where a page begins, None for the first one."""
        text = self._given.get("cursor")
        if text is None:
            return None
        try:
            found = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), type=key)
        except (ValueError, RecursionError):
            found = None
        if found is None or any(isinstance(part, int) and abs(part) > LARGEST for part in _parts(found)):
            raise bad_parameter("cursor", "cần đúng giá trị “next” của trang trước")
        return found

    def _seconds(self, name: str) -> float:
        text = self._given.get(name, "0")
        if not _DECIMAL.fullmatch(text):
            raise bad_parameter(name, "cần một số giây, ví dụ 10 hay 0.5")
        return min(float(text), LONGEST_WAIT)


def require_passed(reached: int, position: int, name: str = "position") -> None:
    """Raise a 422 Problem for a position that the log has not reached."""
    if position > reached:
        raise bad_parameter(name, f"nhật ký mới đến vị trí {reached}")


def require_unit(unit: str) -> None:
    """Raise a 404 Problem for a path whose unit can't be one."""
    if not is_unit_id(unit):
        raise not_found(f"Không có đơn vị “{unit}”.", unit=unit)


def cursor_of(key: object) -> str | None:
    """Write where the next page begins, None where there is none."""
    return None if key is None else base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def today() -> dt.date:
    """Return the civil date now (contract §1: Asia/Ho_Chi_Minh)."""
    return dt.datetime.now(CIVIL_TIME).date()


def _parts(key: object) -> tuple[object, ...]:
    return key if isinstance(key, tuple) else (key,)
