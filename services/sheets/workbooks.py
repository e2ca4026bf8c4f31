"""Sheets that are workbooks: .xlsx, .xls and .ods, read by calamine."""

import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from services.sheets.archive import Archive
from services.sheets.bounds import Bounds
from services.sheets.cells import UNKNOWABLE, Cell, is_blank
from services.sheets.columns import SheetColumns
from services.sheets.formats import Format, broken, too_large, with_password
from services.sheets.heads import LOOKED_AT, Head, find_head
from services.sheets.refusals import SheetRefusedError
from services.sheets.unknowable import in_ods, in_xls, in_xlsx


class SheetPage(NamedTuple):
    """The one page of a workbook that has the type's heads."""

    sheet: CalamineSheet
    head: Head
    unknowable: set[tuple[int, int]]

    def rows(self) -> Iterator[Sequence[Cell]]:
        """Give all rows from the sheet's first on, each from its first column on."""
        by_row: dict[int, list[int]] = {}
        for at, column in self.unknowable:
            by_row.setdefault(at, []).append(column)
        for number, row in enumerate(_rows(self.sheet)):
            if number in by_row:
                row = _marked(row, by_row[number])  # noqa: PLW2901 - the same row, told more of it
            yield row


def open_page(sheet: bytes, kind: Format, columns: SheetColumns, bounds: Bounds) -> SheetPage | None:
    """Find the page with the type's heads; None where there is none. Raises SheetRefusedError."""
    archive = Archive(sheet, bounds) if kind in {"xlsx", "ods"} else None
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(sheet))
        pages = [
            (number, page)
            for number, known in enumerate(workbook.sheets_metadata)
            if known.typ == SheetTypeEnum.WorkSheet
            and (page := _page(workbook.get_sheet_by_index(number), columns, bounds)) is not None
        ]
    except PasswordError:
        raise with_password() from None
    except CalamineError:
        raise broken() from None
    filled = [(number, page) for number, page in pages if _has_rows(page)] or pages[:1]
    if len(filled) > 1:
        raise SheetRefusedError(
            "several_pages",
            f"tệp có {len(filled)} trang có dữ liệu của loại này: giữ một trang, gửi từng trang một",
            f"the file has {len(filled)} pages with data of this type: keep one, send them one by one",
        )
    if not filled:
        return None
    number, page = filled[0]
    if archive is None:
        return page._replace(unknowable=in_xls(sheet, number))
    return page._replace(unknowable=in_xlsx(archive, number) if kind == "xlsx" else in_ods(archive, number))


def _page(sheet: CalamineSheet, columns: SheetColumns, bounds: Bounds) -> SheetPage | None:
    first = [list(row) for row in islice(_rows(sheet), LOOKED_AT + 10)]
    head = find_head(first, sheet.merged_cell_ranges or [], columns)
    if head is None:
        return None
    if sheet.end is not None and sheet.end[1] >= bounds.columns:
        raise too_large()
    return SheetPage(sheet, head, set())


def _has_rows(page: SheetPage) -> bool:
    """Tell whether anything is filled in below the head in the columns of the type."""
    return any(
        at < len(row) and not is_blank(row[at])
        for row in islice(_rows(page.sheet), page.head.after, None)
        for at in page.head.columns
    )


def _rows(sheet: CalamineSheet) -> Iterator[Sequence[Cell]]:
    if sheet.start is None:
        return
    left: list[Cell] = [""] * sheet.start[1]
    for row in sheet.iter_rows():
        yield [*left, *row] if left else row


def _marked(row: Sequence[Cell], columns: list[int]) -> list[Cell]:
    marked: list[Cell] = [*row, *[""] * (max(columns) + 1 - len(row))]
    for column in columns:
        marked[column] = UNKNOWABLE
    return marked
