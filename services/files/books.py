"""Workbooks of Excel, and the formats of their cells: no text in any of them is ever a formula, a link or a number."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

FONT: Final = "Times New Roman"
A4: Final = 9
"""The number of the paper."""
FOOTER: Final = "&CTrang &P/&N"
_MADE: Final = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - of no use, and another one would make another file
_TEXTS_ALONE: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def new_book(into: Path, title: str, **options: Any) -> Workbook:
    """Begin a workbook, which is written when it is closed; ``options`` are the library's."""
    book = Workbook(str(into), {**options, **_TEXTS_ALONE})
    book.set_properties({"title": title, "created": _MADE})
    return book


class Formats:
    """The formats of a workbook, each made once; ``every`` are the properties that they begin with."""

    def __init__(self, book: Workbook, **every: Any) -> None:
        self._book = book
        self._every = {"font_name": FONT, "font_size": 11, **every}
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def of(self, **properties: Any) -> Format:
        """Return a format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({**self._every, **properties})
        return self._made[key]
