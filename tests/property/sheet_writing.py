"""One sheet written as different programs do: openpyxl, XlsxWriter, Excel of old, LibreOffice, and as text."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import openpyxl
import xlsxwriter
import xlwt
from odf.namespaces import OFFICENS
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.utils.datetime import CALENDAR_MAC_1904

Value = str | int | float | bool | date | None


@dataclass
class Grid:
    """Cells by rows; `merged` are ranges as (first row, first column, last row, last column), all from 0."""

    rows: list[list[Value]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)


def by_openpyxl(grid: Grid, *, since_1904: bool = False) -> bytes:
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    for row, values in enumerate(grid.rows, start=1):
        for column, value in enumerate(values, start=1):
            if value is not None:
                cell = sheet.cell(row, column, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                elif isinstance(value, date):
                    cell.number_format = "d/m/yyyy"
    for top, left, down, right in grid.merged:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=down + 1, end_column=right + 1)
    for column in grid.hidden:
        sheet.column_dimensions[openpyxl.utils.get_column_letter(column + 1)].hidden = True
    return _saved(book.save)


def by_openpyxl_1904(grid: Grid) -> bytes:
    return by_openpyxl(grid, since_1904=True)


def by_xlsxwriter(grid: Grid, *, since_1904: bool = False) -> bytes:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True, "date_1904": since_1904}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd-mm-yy"})
        for top, left, down, right in grid.merged:
            sheet.merge_range(top, left, down, right, "")
        for column in grid.hidden:
            sheet.set_column(column, column, None, None, {"hidden": True})
        for row, values in enumerate(grid.rows):
            for column, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(row, column, value)
                elif isinstance(value, date):
                    sheet.write_datetime(row, column, value, day)
                elif isinstance(value, bool):
                    sheet.write_boolean(row, column, value)
                elif value is not None:
                    sheet.write_formula(row, column, f"={value}+0", value=value)
    return written.getvalue()


def by_xlsxwriter_1904(grid: Grid) -> bytes:
    return by_xlsxwriter(grid, since_1904=True)


def by_xlwt(grid: Grid, *, since_1904: bool = False) -> bytes:
    book = xlwt.Workbook()
    book.dates_1904 = since_1904
    sheet, day = book.add_sheet("Trang 1"), xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for row, values in enumerate(grid.rows):
        for column, value in enumerate(values):
            if isinstance(value, date):
                sheet.write(row, column, value, day)
            elif value is not None:
                sheet.write(row, column, value)
    sheet.merged_ranges.extend((top, down, left, right) for top, left, down, right in grid.merged)
    for column in grid.hidden:
        sheet.col(column).hidden = True
    return _saved(book.save)


def by_xlwt_1904(grid: Grid) -> bytes:
    return by_xlwt(grid, since_1904=True)


def by_odfpy(grid: Grid) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Trang 1")
    document.spreadsheet.addElement(table)
    for values in grid.rows:
        row = TableRow()
        table.addElement(row)
        for value in values:
            row.addElement(_odf_cell(value))
    return _saved(document.write)


def _odf_cell(value: Value) -> TableCell:
    if value is None:
        return TableCell()
    if isinstance(value, bool):
        cell = TableCell(valuetype="boolean", booleanvalue=str(value).lower())
    elif isinstance(value, date):
        cell = TableCell(valuetype="date")
        cell.setAttrNS(OFFICENS, "date-value", value.isoformat())
    elif isinstance(value, str):
        cell = TableCell(valuetype="string")
    else:
        cell = TableCell(valuetype="float", value=str(value))
    cell.addElement(P(text=str(value)))
    return cell


def by_csv(separator: str, encoding: str, line: str = "\r\n") -> Callable[[Grid], bytes]:
    def write(grid: Grid) -> bytes:
        written = io.StringIO()
        out = csv.writer(written, delimiter=separator, lineterminator=line)
        for values in grid.rows:
            out.writerow([_said(value) for value in values])
        text = written.getvalue()
        return in_1258(text) if encoding == "cp1258" else text.encode(encoding)

    return write


def _said(value: Value) -> str:
    if isinstance(value, date):
        return f"{value.day}/{value.month}/{value.year}"
    if isinstance(value, bool):
        return str(value).upper()
    return "" if value is None else str(value)


def in_1258(text: str) -> bytes:
    """Write Vietnamese as Windows-1258 keeps it: the letter with its own mark, the tone after it."""
    out = bytearray()
    for letter in unicodedata.normalize("NFC", text):
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            base, *marks = unicodedata.normalize("NFD", letter)
            marks.sort(key=lambda mark: mark not in "\u0302\u0306\u031b")
            for mark in marks:
                whole = unicodedata.normalize("NFC", base + mark)
                if len(whole) == 1 and mark in "\u0302\u0306\u031b":
                    base = whole
                else:
                    base += mark
            out += base.encode("cp1258")
    return bytes(out)


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    written = io.BytesIO()
    save(written)
    return written.getvalue()


WRITERS: dict[str, Callable[[Grid], bytes]] = {
    "openpyxl": by_openpyxl,
    "openpyxl 1904": by_openpyxl_1904,
    "XlsxWriter": by_xlsxwriter,
    "XlsxWriter 1904": by_xlsxwriter_1904,
    "xlwt": by_xlwt,
    "xlwt 1904": by_xlwt_1904,
    "odfpy": by_odfpy,
    "csv comma": by_csv(",", "utf-8"),
    "csv semicolon, BOM": by_csv(";", "utf-8-sig"),
    "csv tab": by_csv("\t", "utf-8", "\n"),
    "csv 1258": by_csv(";", "cp1258"),
    "Unicode text": by_csv("\t", "utf-16"),
}
