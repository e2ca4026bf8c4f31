"""The sheet back, with what became of each row: the type's columns as they were read, and the result beside them."""

from collections.abc import Iterable
from typing import Final

from services.sheets.columns import columns_of
from services.sheets.results import ResultRow
from services.sheets.workbook_writing import WorkbookBytes, put, workbook

_HEADS: Final = ("Hàng", "Kết quả", "Cột", "Giải thích", "Mã sự việc")
_WIDTHS: Final = (8, 18, 22, 60, 40)


def results_sheet(event_type: str, rows: Iterable[ResultRow]) -> bytes:
    """Make the .xlsx; raises SheetRefusedError for a type without sheets.

    It can't be taken for a sheet to be sent: its columns are not all of the type.
    """
    columns = columns_of(event_type)
    rows = list(rows)
    shown = [column for column in columns.all if column.required or any(column.name in row.cells for row in rows)]
    written = WorkbookBytes()
    with workbook(written) as book:
        head = book.add_format({"bold": True, "border": 1, "text_wrap": True, "bg_color": "#FCE4D6"})
        plain = book.add_format({"num_format": "@"})
        quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        bad = book.add_format({"num_format": "@", "bg_color": "#F8CBAD"})
        bad_quoted = book.add_format({"num_format": "@", "bg_color": "#F8CBAD", "quote_prefix": True})
        sheet = book.add_worksheet("Kết quả")
        for at, (text, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True)):
            put(sheet, (0, at), text, head)
            sheet.set_column(at, at, width)
        for at, column in enumerate(shown, start=len(_HEADS)):
            put(sheet, (0, at), column.head, head)
            sheet.set_column(at, at, 18)
        for line, row in enumerate(rows, start=1):
            formats = (plain, quoted) if row.good else (bad, bad_quoted)
            sheet.write_number(line, 0, row.row)
            for at, text in enumerate((row.result, row.column, row.detail, row.event), start=1):
                if text or not row.good:
                    put(sheet, (line, at), text, *formats)
            for at, column in enumerate(shown, start=len(_HEADS)):
                if text := row.cells.get(column.name, ""):
                    put(sheet, (line, at), text, plain, quoted)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(_HEADS) + len(shown) - 1)
    return written.getvalue()
