"""Files that were written, read back by other libraries: their texts, and the tables in them."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, NamedTuple

import docx
import openpyxl
import pypdf
from openpyxl.utils.escape import unescape


class ReadTable(NamedTuple):
    """A table as it was read: what stands above it, its heads, its rows of cells."""

    above: list[str]
    heads: list[str]
    rows: list[list[Any]]


class ReadFile(NamedTuple):
    """A file as it was read: its tables by what they are called, and all other texts."""

    tables: dict[str, ReadTable]
    texts: list[str]


def workbook(content: bytes) -> ReadFile:
    """Read a workbook: a table a sheet, above and below it texts in the first column."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    tables, texts = {}, []
    for sheet in book.worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        assert sheet.freeze_panes is not None
        head = int("".join(filter(str.isdigit, sheet.freeze_panes))) - 1
        lines = [[_unescaped(cell.value) for cell in row] for row in sheet.iter_rows()]
        end = next(at for at in range(head, len(lines)) if not any(cell is not None for cell in lines[at]))
        tables[sheet.title] = ReadTable([line[0] for line in lines[: head - 2]], lines[head - 1], lines[head:end])
        texts += [line[0] for line in [*lines[: head - 2], *lines[end + 1 :]]]
        assert sheet.print_title_rows == f"${head}:${head}"
        assert (sheet.page_setup.paperSize, sheet.sheet_properties.pageSetUpPr.fitToPage) == (9, True)
        assert "&P" in sheet.oddFooter.center.text
    return ReadFile(tables, texts)


def document(content: bytes) -> ReadFile:
    """Read a document of Word: the tables whose first head is STT, in order, and all paragraphs."""
    opened = docx.Document(io.BytesIO(content))
    tables: dict[str, ReadTable] = {}
    for table in opened.tables:
        rows = [["".join(p.text for p in cell.paragraphs) for cell in row.cells] for row in table.rows]
        if rows[0][0] == "STT":
            tables[str(len(tables))] = ReadTable([], rows[0], rows[1:])
    return ReadFile(tables, [each.text for each in opened.paragraphs])


def pdf(content: bytes) -> str:
    """Read a PDF: all its text in the order in which it was set, without white space and where words may be broken."""
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return bare("".join(page.extract_text() for page in pages))


def _unescaped(value: Any) -> Any:
    """Read a text as Excel does; openpyxl leaves those alone that stand in their cells."""
    return unescape(value) if isinstance(value, str) else value


def bare(text: str) -> str:
    """Leave white space out."""
    return "".join(text.replace("\u200b", "").split())


def as_shown(cell: Any) -> Any:
    """Return a day as a day, whatever the library makes of it."""
    return cell.date() if isinstance(cell, dt.datetime) else cell


def cells(content: bytes) -> list[str]:
    """Return the texts of all cells of a document of Word, those of its frame too."""
    opened = docx.Document(io.BytesIO(content))
    return [
        "\n".join(p.text for p in cell.paragraphs)
        for table in opened.tables
        for row in table.rows
        for cell in row.cells
    ]
