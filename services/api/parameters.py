"""Query parameters: each kind says once how its text is read, strictly, and how the OpenAPI document describes it.

A route declares a model of what it takes. What is unknown, twice or of the wrong form is a 422 that names it (contract
§5).
"""

from __future__ import annotations

import base64
import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, TypeVar, get_args

import msgspec
from fastapi import Path, Request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from events.catalogue import MEASURES
from events.identifiers import REFERENCE_PATTERN, UNIT_ID_PATTERN, is_reference, is_unit_id
from events.vocabulary import LEVELS
from projections.answers.report.report_question import Basis
from projections.answers.words.vietnamese_format import VIETNAM
from projections.rules.counting.periods import Days
from services.api.problems import bad_parameter, unknown_unit

CursorKey = TypeVar("CursorKey")

LONGEST_WAIT: Final = 60.0
LARGEST: Final = 2**63 - 1
MOST_TEXT: Final = 200
PAGE, LONGEST_PAGE = 100, 1000
DEFAULT_MEASURES: Final = ("admissions", "confirmations", "badges")
EVERYWHERE: Final = ("min_position", "wait")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


def expected(what: str) -> PydanticCustomError:
    """Make what a reader raises: the words for what the parameter may be."""
    return PydanticCustomError("parameter", what)


@dataclass(frozen=True)
class Parsed:
    """A kind of parameter, for `Annotated`: `read` makes a value of its text or raises `expected`."""

    read: Callable[[str], Any]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic read it; FastAPI gives a list where it takes the value's type for a sequence."""
        return core_schema.no_info_before_validator_function(
            lambda given: self.read(given[0] if isinstance(given, list) else given), core_schema.any_schema()
        )

    def __get_pydantic_json_schema__(self, known: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe it, with what the field adds."""
        return {**self.schema, **handler(known)}


def whole(low: int, high: int = LARGEST) -> Parsed:
    """Take a whole number from low to high."""

    def read(text: str) -> int:
        if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
            raise expected(f"cần một số nguyên từ {low} đến {high}")
        return int(text)

    return Parsed(read, {"type": "integer", "minimum": low} | ({} if high == LARGEST else {"maximum": high}))


def one_of(codes: Collection[str]) -> Parsed:
    """Take one of the codes."""

    def read(text: str) -> str:
        if text not in codes:
            raise expected(f"cần một trong: {', '.join(codes)}")
        return text

    return Parsed(read, {"type": "string", "enum": list(codes)})


def several(codes: Collection[str], called: str = "các mã") -> Parsed:
    """Take different codes with commas between them, in their order."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        if any(code not in codes for code in found) or len(set(found)) < len(found):
            raise expected(f"cần {called} khác nhau, cách nhau bằng dấu phẩy, trong: {', '.join(codes)}")
        return found

    return Parsed(read, {"type": "array", "items": {"type": "string", "enum": list(codes)}})


def cursor_of(key: object) -> str | None:
    """Write where the next page begins, None where there is none."""
    return None if key is None else base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def key_of(cursor: str | None, key: type[CursorKey]) -> CursorKey | None:
    """Read the key that `cursor_of` wrote, None where there is no cursor. Raises a 422 Problem for another text."""
    if cursor is None:
        return None
    try:
        found = msgspec.json.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True), type=key)
    except (ValueError, RecursionError):
        found = None
    parts = found if isinstance(found, tuple) else (found,)
    if found is None or any(isinstance(part, int) and abs(part) > LARGEST for part in parts):
        raise bad_parameter("cursor", "cần đúng giá trị “next” của trang trước")
    return found


def today() -> dt.date:
    """Return the civil date now (contract §1: Asia/Ho_Chi_Minh)."""
    return dt.datetime.now(VIETNAM).date()


def _date(text: str) -> dt.date:
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise expected("cần một ngày có thật, dạng yyyy-mm-dd")


def _seconds(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise expected("cần một số giây, ví dụ 10 hay 0.5")
    return min(float(text), LONGEST_WAIT)


def _unit(text: str) -> str:
    if not is_unit_id(text):
        raise expected("cần một mã đơn vị")
    return text


def _reference(text: str) -> str:
    if not is_reference(text):
        raise expected("cần một mã người trong sổ của đơn vị: 1-64 ký tự A-Z a-z 0-9 _ -")
    return text


def _free(text: str) -> str:
    if len(text) > MOST_TEXT or any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        raise expected(f"cần tối đa {MOST_TEXT} ký tự, không có ký tự điều khiển")
    return text


def _known_form(unit: str) -> str:
    if not is_unit_id(unit):
        raise unknown_unit(unit)
    return unit


AnyUnit = Annotated[str, Path(description="A unit's id", examples=["gia-binh"])]
UnitPath = Annotated[AnyUnit, AfterValidator(_known_form)]
"""The unit in a path; one that can't be an id is a 404 Problem."""

Date = Annotated[dt.date, Parsed(_date, {"type": "string", "format": "date"})]
AnyDate = Annotated[dt.date | None, Parsed(_date, {"type": "string", "format": "date"})]
AnyLevel = Annotated[str | None, one_of(LEVELS)]
Measures = Annotated[tuple[str, ...], several(MEASURES, "các nội dung thống kê")]
Reference = Annotated[str | None, Parsed(_reference, {"type": "string", "pattern": f"^{REFERENCE_PATTERN}$"})]
UnitId = Annotated[str | None, Parsed(_unit, {"type": "string", "pattern": f"^{UNIT_ID_PATTERN}$"})]
FreeText = Annotated[str, Parsed(_free, {"type": "string", "maxLength": MOST_TEXT})]
Seconds = Annotated[float, Parsed(_seconds, {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT})]
Position = Annotated[int | None, whole(0)]
AsKnownAt = Annotated[
    Position,
    Field(description="The report exactly as it was when the log ended at this position"),
]
OnBasis = Annotated[
    Basis,
    one_of(get_args(Basis)),
    Field(description="The hierarchy that facts are counted by", examples=["as-was"]),
]
Reported = Annotated[
    Measures, Field(description="Measures, with commas between them", examples=[list(DEFAULT_MEASURES)])
]
Limit = Annotated[int, whole(1, LONGEST_PAGE), Field(description="Length of a page", examples=[PAGE])]
Cursor = Annotated[str | None, Parsed(str, {"type": "string"}), Field(description="`next` of the page before")]


async def only_once(request: Request) -> None:
    """Raise a 422 Problem for a parameter that stands twice; of others FastAPI would take the last one."""
    seen = set()
    for name, _ in request.query_params.multi_items():
        if name in seen:
            raise bad_parameter(name, "chỉ được nêu một lần")
        seen.add(name)


class Strict(BaseModel):
    """What a request takes, whatever it is about. What can't be used is a 422 Problem, what is unknown first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(given)
        except ValidationError as error:
            found = error.errors(include_url=False)
            first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
        name, what = str(first["loc"][0]), first["msg"]
        if first["type"] == "extra_forbidden":
            names = [field.alias or name for name, field in cls.model_fields.items()]
            known = sorted(names, key=lambda name: name in EVERYWHERE)
            what = f"không có tham số này; có: {', '.join(known)}" if known else "không nhận tham số nào"
        raise bad_parameter(name, what)


class Parameters(Strict):
    """What every question about figures takes."""

    min_position: Position = Field(None, description="Answer only what reflects this stream position")
    wait: Seconds = Field(0.0, description="Seconds to wait for min_position before 503")


class OnDay(Parameters):
    """A question about a day."""

    on: Date = Field(default_factory=today, description="The day; today unless given", examples=["2023-11-28"])


class OverDays(Parameters):
    """A question about the days from one to another."""

    first: Date = Field(
        default_factory=lambda: today().replace(month=1, day=1),
        alias="from",
        description="First day, inclusive; 1 January of this year unless given",
        examples=["2023-01-01"],
    )
    last: Date = Field(
        default_factory=today,
        alias="to",
        description="Last day, inclusive; today unless given",
        examples=["2023-11-28"],
    )

    def days(self) -> Days:
        """Return the days. Raises a 422 Problem where the first is after the last."""
        if self.first > self.last:
            raise bad_parameter("from", f"phải không sau “to” ({self.last.isoformat()})")
        return Days(self.first, self.last)


def require_passed(reached: int, position: int, name: str = "position") -> None:
    """Raise a 422 Problem for a position that the log has not reached."""
    if position > reached:
        raise bad_parameter(name, f"nhật ký mới đến vị trí {reached}")
