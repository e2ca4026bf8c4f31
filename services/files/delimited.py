"""CSV of an answer's table: RFC 4180, or as Excel in Vietnamese opens it; in pieces, however long it is (contract §9).

A first line of heads; then a line a row, or one `note` where there are none. Each says what the figures reflect; the
last one also what has to be said beside them, and how many rows there were: a file that broke off is known by it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import AsyncIterator, Iterable
from typing import Final, NamedTuple

import msgspec

from events.names import harmless
from projections.answers.tables.answer_table import AnswerTable, Cell, Kept
from projections.answers.tables.heads import HEADS
from services.files.row_pages import pages_of
from services.files.spreadsheet_texts import text_cell

NOTE: Final = "note"


class CsvDialect(NamedTuple):
    """How CSV is written."""

    delimiter: str = ","
    in_vietnamese: bool = False
    """Vietnamese heads, decimal commas, and a mark that it is UTF-8."""


RFC_4180: Final = CsvDialect()
EXCEL_VI: Final = CsvDialect(";", in_vietnamese=True)
DIALECTS: Final = {"excel-vi": EXCEL_VI}


async def csv_pieces(table: AnswerTable, dialect: CsvDialect = RFC_4180) -> AsyncIterator[bytes]:
    """Yield the file, piece by piece, lines whole; the last line has the notes, and says how many rows there were."""
    of_all = [_written(value, dialect) for _, value in table.stated]
    columns = [*table.columns, *(column for column, _ in table.stated)]
    heads = [column.head if dialect.in_vietnamese else column.name for column in columns]
    heads.append(HEADS["note"] if dialect.in_vietnamese else NOTE)
    yield ("\ufeff" if dialect.in_vietnamese else "").encode() + _lines([heads], dialect)
    rows = 0
    last: list[list[str]] = []
    async for page in pages_of(table.rows):
        lines = [*last, *([*(_written(cell, dialect) for cell in cells), *of_all, ""] for cells in page)]
        rows += len(lines) - len(last)
        last = lines[-1:]
        yield _lines(lines[:-1], dialect)
    notes = _text(" | ".join([*table.notes, f"Hết: {rows} dòng"]))
    line = last[0][:-1] if last else [NOTE, *[""] * (len(table.columns) - 1), *of_all]
    yield _lines([[*line, notes]], dialect)


def _written(cell: Cell, dialect: CsvDialect) -> str:
    """Write a value as the JSON says it: a number never changes, a text is harmless."""
    match cell:
        case None | Kept():
            return ""
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            text = msgspec.json.encode(cell).decode()
            return text.replace(".", ",") if dialect.in_vietnamese else text
        case dt.date() | dt.datetime():
            return str(msgspec.to_builtins(cell))
        case _:
            return _text(cell)


def _text(text: str) -> str:
    return text_cell(harmless(text))


def _lines(lines: Iterable[list[str]], dialect: CsvDialect) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=dialect.delimiter).writerows(lines)
    return written.getvalue().encode()
