"""Sheets that are text: comma, semicolon or tab between cells, in UTF-8, Windows-1258 or Excel's "Unicode text"."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from services.sheets.bounds import Bounds
from services.sheets.columns import SheetColumns
from services.sheets.formats import no_sheet, too_large
from services.sheets.heads import LOOKED_AT
from services.sheets.refusals import SheetRefusedError

Encoding = Literal["utf-8", "windows-1258"]
"""What a sender may declare; where nothing is declared, what isn't UTF-8 is taken for Windows-1258."""

SEPARATORS: Final = (";", ",", "\t")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONGEST: Final = 32_767
"""Characters of a cell; more than any spreadsheet holds is a quotation mark that was never closed."""
_ALLOWED: Final = frozenset("\t\n\r\f\v\x85")


class Text(NamedTuple):
    """A sheet that was a text: its cells by rows, and as what it was read."""

    rows: list[list[str]]
    encoding: str
    separator: str


def read_text(
    sheet: bytes,
    columns: SheetColumns,
    bounds: Bounds,
    *,
    encoding: Encoding | None = None,
    separator: str | None = None,
) -> Text:
    """Read it; what isn't declared is found: the separator is the one with which the type's heads appear.

    Raises SheetRefusedError.
    """
    text, read_as = _decoded(sheet, encoding)
    if any(unicodedata.category(letter) == "Cc" and letter not in _ALLOWED for letter in set(text)):
        raise no_sheet()
    told, first = _told_separator(text)
    separators = (separator,) if separator else told or SEPARATORS
    separator = max(separators, key=lambda each: _known(text, each, columns))
    rows = list(_rows(text, separator, bounds.rows * 2 + LOOKED_AT))
    if first:
        rows[0] = []
    if max(map(len, rows), default=0) > bounds.columns:
        raise too_large()
    return Text(rows, read_as, separator)


def _decoded(sheet: bytes, encoding: Encoding | None) -> tuple[str, str]:
    """Decode the bytes, and say as what; marks that Windows-1258 keeps apart are joined with their letters."""
    try:
        if sheet.startswith(_UTF_16):
            return sheet.decode("utf-16"), "utf-16"
        if encoding != "windows-1258":
            return sheet.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        if encoding is not None or sheet.startswith((codecs.BOM_UTF8, *_UTF_16)):
            raise _wrong_encoding() from None
    try:
        return unicodedata.normalize("NFC", sheet.decode("cp1258")), "windows-1258"
    except UnicodeDecodeError:
        raise _wrong_encoding() from None


def _wrong_encoding() -> SheetRefusedError:
    return SheetRefusedError(
        "encoding",
        "không đọc được bảng mã: lưu lại dạng CSV UTF-8 hoặc .xlsx",
        "the letters can't be read: save it as CSV UTF-8 or .xlsx",
    )


def _told_separator(text: str) -> tuple[tuple[str, ...], bool]:
    """Read Excel's first line `sep=;`, where there is one."""
    line = text[:10].partition("\n")[0].rstrip("\r").lower()
    told = line.removeprefix("sep=")
    return ((told,), True) if line.startswith("sep=") and told in SEPARATORS else ((), False)


def _known(text: str, separator: str, columns: SheetColumns) -> int:
    """Count the heads of the type that the first rows show, the most in one row."""
    most = 0
    try:
        for number, row in enumerate(_rows(text, separator, LOOKED_AT + 1)):
            most = max(most, sum(columns.of_head(cell) is not None for cell in row[:300]))
            if number == LOOKED_AT:
                break
    except SheetRefusedError:
        return most
    return most


def _rows(text: str, separator: str, most: int) -> Iterator[list[str]]:
    """Part a text into rows, those of nothing too, so that the n-th is the spreadsheet's n-th row."""
    csv.field_size_limit(_LONGEST)
    number = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
            if number > most:
                raise too_large()
            yield row
    except csv.Error:
        raise SheetRefusedError(
            "broken",
            f"hàng {number + 1}: dấu ngoặc kép không khép đúng: sửa lại, hoặc lưu dạng .xlsx",
            f"row {number + 1}: a quotation mark isn't closed rightly: mend it, or save the sheet as .xlsx",
        ) from None
