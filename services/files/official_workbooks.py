"""An official form as a workbook of Excel: one sheet in the form's frame, numbers as numbers, printed on A4."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from projections.answers.tables.answer_table import AnswerTable, Cells
from services.files.books import A4, FOOTER, Formats, new_book
from services.files.official import (
    NUMBERS,
    OfficialLine,
    numbers_of,
    official_frame,
    official_lines,
    official_notes,
)
from services.files.spreadsheet_texts import like_a_formula

SHEET: Final = "Biểu"
WHOLE, PERCENTAGE = "#,##0", '#,##0.0##"%"'
COLUMNS: Final = (6, 52, 13, 15, 14)
"""Of the mark, the text and the numbers, in characters."""
LAST: Final = len(COLUMNS) - 1


def write_official(table: AnswerTable, rows: Iterable[Cells], into: Path) -> None:
    """Write a form with its lines."""
    with new_book(into, table.title) as book:
        _Form(book, table).write(rows)


class _Form:
    """The sheet of a form that is being written."""

    def __init__(self, book: Workbook, table: AnswerTable) -> None:
        self._formats = Formats(book)
        self._table = table
        self._frame = official_frame(table)
        self._sheet = book.add_worksheet(SHEET)
        self._row = 0

    def write(self, rows: Iterable[Cells]) -> None:
        for at, width in enumerate(COLUMNS):
            self._sheet.set_column(at, at, width)
        self._head()
        for line in official_lines(self._table, rows):
            self._line(line)
        self._foot()
        self._sheet.set_paper(A4)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_margins(left=0.8, right=0.6, top=0.7, bottom=0.7)
        self._sheet.set_footer(FOOTER)

    def _head(self) -> None:
        frame = self._frame
        for at in range(max(len(frame.left), len(frame.right))):
            if at < len(frame.left):
                self._merged(0, 1, frame.left[at], align="center", bold=at + 1 == len(frame.left))
            if at < len(frame.right):
                self._merged(2, LAST, frame.right[at], align="right", bold=at == 0)
            self._row += 1
        self._row += 1
        for text, properties in ((frame.title, {"bold": True, "font_size": 14}), (frame.period, {})):
            self._merged(0, LAST, text, align="center", **properties)
            self._row += 1
        self._merged(0, LAST, frame.measured_in, align="right", italic=True)
        self._row += 1
        first = self._row
        self._sheet.set_row(self._row, 32)
        self._row_of(frame.columns, bold=True)
        self._row_of(numbers_of(frame), font_size=9)
        self._sheet.freeze_panes(self._row, 2)
        self._sheet.repeat_rows(first, self._row - 1)

    def _row_of(self, texts: Iterable[str], **properties: Any) -> None:
        """Write a row of heads: the first goes over the mark and the text."""
        of = {"border": 1, "align": "center", "valign": "vcenter", "text_wrap": True, **properties}
        first, *others = texts
        self._merged(0, 1, first, **of)
        for at, text in enumerate(others, start=2):
            self._text(at, text, **of)
        self._row += 1

    def _line(self, line: OfficialLine) -> None:
        of: dict[str, Any] = {"border": 1, "bold": line.strong, "valign": "top"}
        self._text(0, line.mark, align="center", **of)
        self._text(1, line.text, indent=line.indent, text_wrap=True, **of)
        for at, (name, cell, text) in enumerate(zip(NUMBERS, line.cells, line.texts, strict=True), start=2):
            if isinstance(cell, (int, float)) and not isinstance(cell, bool):
                by = PERCENTAGE if name == "percent" else WHOLE
                self._sheet.write_number(self._row, at, cell, self._of(num_format=by, **of))
            else:
                self._text(at, text, align="right", **of)
        self._row += 1

    def _foot(self) -> None:
        frame = self._frame
        self._row += 1
        self._merged(2, LAST, frame.place_and_date, align="center", italic=True)
        self._row += 1
        self._merged(0, 1, frame.by_whom, align="center", bold=True)
        self._merged(2, LAST, frame.left[-1], align="center", bold=True)
        self._row += 5
        for note in official_notes(self._table):
            self._text(0, note, italic=True, font_size=9)
            self._row += 1

    def _merged(self, first: int, last: int, text: str, **properties: Any) -> None:
        self._sheet.merge_range(self._row, first, self._row, last, "", self._of(text, **properties))
        self._text(first, text, **properties)

    def _text(self, column: int, text: str, **properties: Any) -> None:
        self._sheet.write_string(self._row, column, text, self._of(text, **properties))

    def _of(self, text: str = "", **properties: Any) -> Format:
        quoted = {"quote_prefix": True} if like_a_formula(text) else {}
        return self._formats.of(**properties, **quoted)
