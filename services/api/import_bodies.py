"""Sheets as they are sent over HTTP: which media types are taken, and what they say of a text (contract, section 8)."""

from __future__ import annotations

from email.message import Message
from typing import Final, NamedTuple

from services.api.long_bodies import require_plain
from services.api.problems import Problem
from services.sheets.bounds import MAX_FILE
from services.sheets.delimited import Encoding
from services.sheets.refusals import SheetRefused

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS: Final = "application/vnd.ms-excel"
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
CSV: Final = "text/csv"
PASTED: Final = "text/tab-separated-values"
ANY: Final = "application/octet-stream"
"""A file of any of the kinds: what it is, is seen by what is in it, whatever it is called."""
TAKEN: Final = (XLSX, XLS, ODS, CSV, PASTED, ANY)
_ENCODINGS: Final[dict[str, Encoding]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "windows-1258": "windows-1258",
    "cp1258": "windows-1258",
}
_TOO_LARGE: Final = frozenset({"too_large", "too_many_rows"})


class SheetType(NamedTuple):
    """What a request says of its sheet: whether it is pasted cells, and as what a text is to be read."""

    pasted: bool
    encoding: Encoding | None


def sheet_type_of(content_type: str, content_encoding: str) -> SheetType:
    """Read the headers. Raises a 415 Problem for what is no sheet."""
    said = Message()
    said["content-type"] = content_type
    media_type = said.get_content_type()
    if not content_type.strip() or media_type not in TAKEN:
        detail = f"Cần một bảng: {', '.join(TAKEN)}. / The body must be a sheet, of one of these types."
        raise Problem(415, "Sai kiểu nội dung", detail, parameter="Content-Type")
    require_plain(content_encoding)
    charset = said.get_content_charset()
    encoding = None if charset is None else _ENCODINGS.get(charset)
    if charset is not None and encoding is None and media_type in {CSV, PASTED}:
        detail = "Bảng mã cần là utf-8 hoặc windows-1258. / The charset must be utf-8 or windows-1258."
        raise Problem(415, "Sai kiểu nội dung", detail, parameter="Content-Type")
    return SheetType(media_type == PASTED, encoding)


def too_long() -> Problem:
    """Say that a file is longer than a sheet may be."""
    detail = f"Tệp dài quá {MAX_FILE} byte: chia thành nhiều tệp. / The file is too long: make several of it."
    return Problem(413, "Quá dài", detail)


def not_taken(refused: SheetRefused) -> Problem:
    """Say why none of a sheet is taken, and name the columns that it is about."""
    status = 413 if refused.reason in _TOO_LARGE else 422
    columns = list(refused.columns)
    return Problem(status, "Không nhận bảng", str(refused.detail), reason=refused.reason, columns=columns)
