"""An answer as a workbook of Excel: numbers are numbers, days are days, texts are texts and never a formula.

A sheet a part of the answer, each with what is said of it above and the notes below; rows are written as they come, so
that a long list takes no memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from projections.answers.tables.answer_table import AnswerTable, Cell, Cells, TableColumn
from projections.answers.tables.showing import is_number, is_percentage, plain, said, shown
from services.files.books import A4, FOOTER, Formats, new_book
from services.files.bounds import EXCEL_COLUMNS, EXCEL_ROWS, EXCEL_TEXT, HEAD_ROWS, TooLongError
from services.files.layout import NOTHING, SheetPlace, place_of, places
from services.files.official_workbooks import write_official
from services.files.spreadsheet_texts import like_a_formula

WHOLE, DECIMAL, DAY = "#,##0", "#,##0.0##", "dd/mm/yyyy"
"""How numbers and days are shown; Excel writes the signs between digits as the reader's machine has them."""
_CELLS: Final[dict[str, dict[str, Any]]] = {
    "nothing": {},
    "whole": {"num_format": WHOLE},
    "decimal": {"num_format": DECIMAL},
    "whole percentage": {"num_format": f'{WHOLE}"%"'},
    "decimal percentage": {"num_format": f'{DECIMAL}"%"'},
    "day": {"num_format": DAY, "align": "left"},
    "text": {"align": "left", "text_wrap": True},
    "quoted": {"align": "left", "text_wrap": True, "quote_prefix": True},
    "hidden": {"align": "right"},
}
"""The formats of cells; `quoted` ones stay texts when somebody edits them."""
SHEET: Final = "Số liệu"
WIDE: Final = 95
"""Characters beside each other from which on a sheet is printed on paper that is turned round."""
NARROWEST, WIDEST = 6, 48
LINE: Final = 15.5
"""Points of a line of a head."""
ON_A_PAGE: Final = 190
"""Characters that a printed page is narrowed down to at the most, so that they can be read."""
_EXACT: Final = 10**15
"""Numbers from which on Excel keeps only some of the digits."""
_FIRST_DAY: Final = dt.date(1900, 3, 1)
"""Before it days are other ones in Excel, which has a 29 February 1900."""
_FORBIDDEN_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_LONGEST_NAME: Final = 31


def write_workbook(table: AnswerTable, rows: Iterable[Cells], into: Path, scratch: Path) -> None:
    """Write an answer with its rows. Raises TooLongError for what a sheet doesn't hold."""
    if table.official is not None:
        write_official(table, rows, into)
        return
    found = places(table)
    columns = max(len(place.columns) for place in found.values())
    if columns > EXCEL_COLUMNS:
        raise TooLongError("cột", columns, EXCEL_COLUMNS)
    with new_book(into, table.title, constant_memory=True, tmpdir=str(scratch), nan_inf_to_errors=False) as book:
        formats = _CellFormats(book)
        sheets: dict[int, _Sheet] = {}
        for row in rows:
            place = place_of(found, row)
            sheet = sheets.get(id(place))
            if sheet is None:
                sheet = sheets[id(place)] = _Sheet(book, formats, table, place)
            sheet.add(place.of(row), strong=place.stands_out(row))
        if not sheets:
            sheets[0] = _Sheet(book, formats, table, next(iter(found.values())))
        for sheet in sheets.values():
            sheet.end()


class _CellFormats(Formats):
    """The formats of a workbook, those of cells found by what is in them."""

    def __init__(self, book: Workbook) -> None:
        super().__init__(book, valign="top")
        self._of_cells: dict[tuple[str, bool], Format] = {}

    def of_cell(self, kind: str, *, strong: bool) -> Format:
        """Return the format of a cell of a kind, of a row that stands out or doesn't."""
        key = (kind, strong)
        if key not in self._of_cells:
            bold = {"bold": True} if strong else {}
            self._of_cells[key] = self.of(border=1, **_CELLS[kind], **bold)
        return self._of_cells[key]


class _Sheet:
    """A sheet that is being written."""

    def __init__(self, book: Workbook, formats: _CellFormats, table: AnswerTable, place: SheetPlace) -> None:
        self._formats = formats
        self._table = table
        self._columns = place.columns
        name = (place.head or SHEET).translate(_FORBIDDEN_IN_NAMES)[:_LONGEST_NAME]
        self._sheet: Worksheet = book.add_worksheet(name)
        self._row = 0
        self._rows = 0
        self._widths = [_width(column.head) for column in place.columns]
        self._begin(place)

    def _begin(self, place: SheetPlace) -> None:
        title = self._table.title if place.head is None else f"{self._table.title}: {place.head}"
        self._line(title, bold=True, font_size=14)
        for name, text in _few(said(self._table)):
            self._line(f"{name}: {text}" if name else text)
        self._row += 1
        self._head = self._row
        lines = max(len(wrap(each.head, _width(each.head))) for each in self._columns)
        self._sheet.set_row(self._row, LINE * lines)
        head = self._formats.of(
            bold=True, text_wrap=True, border=1, align="center", valign="vcenter", bg_color="#E7E6E6"
        )
        for at, column in enumerate(self._columns):
            self._sheet.write_string(self._row, at, column.head, head)
        self._row += 1
        label = 0 if place.label is None else place.label + 1
        self._sheet.freeze_panes(self._row, label)

    def add(self, cells: list[Cell], *, strong: bool) -> None:
        """Add a row."""
        if self._row >= EXCEL_ROWS - HEAD_ROWS:
            raise TooLongError("dòng", self._rows + 1, EXCEL_ROWS - HEAD_ROWS)
        for at, (column, cell) in enumerate(zip(self._columns, cells, strict=True)):
            self._put(at, column, cell, strong=strong)
        self._row += 1
        self._rows += 1

    def _put(self, at: int, column: TableColumn, cell: Cell, *, strong: bool) -> None:
        sheet, row, of = self._sheet, self._row, self._formats.of_cell
        if cell is None:
            sheet.write_blank(row, at, None, of("nothing", strong=strong))
            return
        if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) < _EXACT:
            whole = "whole" if int(cell) == cell else "decimal"
            kind = f"{whole} percentage" if is_percentage(column.name) else whole
            sheet.write_number(row, at, cell, of(kind, strong=strong))
            self._widths[at] = max(self._widths[at], len(str(cell)) * 4 // 3 + 1)
            return
        text = shown(column.name, cell)
        self._widths[at] = max(self._widths[at], len(text) + 1)
        if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime) and cell >= _FIRST_DAY:
            sheet.write_datetime(row, at, cell, of("day", strong=strong))
        else:
            kind = "hidden" if is_number(cell) else "quoted" if like_a_formula(text) else "text"
            self._text(row, at, text, of(kind, strong=strong))

    def _line(self, text: str, **properties: Any) -> None:
        """Write a text that runs on over the cells beside it."""
        quoted = {"quote_prefix": True} if like_a_formula(text) else {}
        self._text(self._row, 0, text, self._formats.of(**properties, **quoted))
        self._row += 1

    def _text(self, row: int, column: int, text: str, by: Format) -> None:
        if len(text) > EXCEL_TEXT:
            raise TooLongError("ký tự trong một ô", len(text), EXCEL_TEXT)
        self._sheet.write_string(row, column, text, by)

    def end(self) -> None:
        """Write what stands below, and how it is printed."""
        if not self._rows:
            self._line(NOTHING, italic=True)
        self._row += 1
        for note in self._table.notes:
            self._line(plain(note), italic=True)
        self._line(f"Hết: {self._rows} dòng", italic=True)
        sheet = self._sheet
        for at, width in enumerate(self._widths):
            sheet.set_column(at, at, min(max(width, NARROWEST), WIDEST))
        whole = sum(min(max(width, NARROWEST), WIDEST) for width in self._widths)
        sheet.set_paper(A4)
        if whole > WIDE:
            sheet.set_landscape()
        sheet.fit_to_pages(max(1, -(-whole // ON_A_PAGE)), 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.7)
        sheet.repeat_rows(self._head)
        sheet.set_footer(FOOTER)


def _few(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put what is said in few lines, as they stay on the screen while the rows are moved: four, then all the others."""
    unit, *others = lines
    pairs = [f"{name}: {text}" for name, text in others]
    return [unit, *(("", " · ".join(pairs[at : at + 2])) for at in range(0, len(pairs), 2))]


def _width(head: str) -> int:
    """Return how wide a column has to be for its head, in two or three lines."""
    return max(max((len(word) for word in head.split()), default=0), len(head) // 3) + 1
