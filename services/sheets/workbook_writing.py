"""Workbooks that are written: in memory, the same bytes for the same content, and no text a formula."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

_TAKEN_FOR_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_MADE: Final = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The time that every workbook bears: it is of no use, and would make two of one content differ."""
_LONGEST: Final = 32_767

DAY: Final = "dd/mm/yyyy"


class WorkbookBytes(io.BytesIO):
    """A workbook's bytes."""


@contextmanager
def workbook(into: WorkbookBytes) -> Iterator[Workbook]:
    """Open a workbook that is written when the block ends."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(into, options) as opened:
        opened.set_properties({"created": _MADE})
        yield opened


def put(sheet: Worksheet, at: tuple[int, int], text: str, plain: Format, quoted: Format | None = None) -> None:
    """Write a text as a text, at (row, column); with `quoted`, where it would be a formula once somebody edits it."""
    as_it_is = quoted is None or not text.startswith(_TAKEN_FOR_A_FORMULA)
    sheet.write_string(*at, text[:_LONGEST], plain if as_it_is else quoted)
