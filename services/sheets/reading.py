"""A whole file to what it says, in this process and without bounds of memory and time: `apart` sets these."""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct

from services.sheets.bounds import Bounds
from services.sheets.cells import Cell
from services.sheets.columns import columns_of
from services.sheets.delimited import Encoding, read_text
from services.sheets.fields import Converter
from services.sheets.formats import format_of, too_large
from services.sheets.heads import find_head, letter
from services.sheets.refusals import SheetRefused, SheetRefusedError
from services.sheets.results import PassedOver, ReadColumn, SheetReading, packed
from services.sheets.rows import read_rows
from services.sheets.units import NamedUnit, UnitFinder
from services.sheets.workbooks import open_page


class SheetQuestion(Struct, frozen=True):
    """How a file is to be read: as a sheet of which type, with which units to be named, and on which day.

    `encoding` is what the sender declares of a text; `pasted` says that it is cells out of a spreadsheet, parted by
    tabs.
    """

    type: str
    units: tuple[NamedUnit, ...]
    today: date
    encoding: Encoding | None = None
    pasted: bool = False
    bounds: Bounds = Bounds()


def read(sheet: bytes, asked: SheetQuestion) -> SheetReading | SheetRefused:
    """Read a file, or say why none of it is taken; raises only what a broken library raises."""
    try:
        return _read(sheet, asked)
    except SheetRefusedError as error:
        return error.refused


def _read(sheet: bytes, asked: SheetQuestion) -> SheetReading:
    columns = columns_of(asked.type)
    if len(sheet) > asked.bounds.file:
        raise too_large()
    kind = "text" if asked.pasted else format_of(sheet)
    encoding = separator = None
    if kind == "text":
        separator = "\t" if asked.pasted else None
        text = read_text(sheet, columns, asked.bounds, encoding=asked.encoding, separator=separator)
        encoding, separator = text.encoding, text.separator
        head = find_head(text.rows, [], columns)
        rows: Iterator[Sequence[Cell]] = iter(text.rows)
    else:
        page = open_page(sheet, kind, columns, asked.bounds)
        head = None if page is None else page.head
        rows = iter(()) if page is None else page.rows()
    if head is None:
        raise SheetRefusedError(
            "no_head",
            f"không tìm thấy hàng tên cột của loại “{columns.title}”: cần các cột "
            + ", ".join(f"“{column.head}”" for column in columns.all if column.required),
            f"no row with the heads of {asked.type} was found: needed are "
            + ", ".join(column.name for column in columns.all if column.required),
        )
    convert, passed_over = Converter(UnitFinder(asked.units), asked.today), list[PassedOver]()
    count, pages = packed(
        read_rows(rows, head, columns, convert, most=asked.bounds.rows, passed_over=passed_over),
    )
    known = tuple(ReadColumn(column.name, column.head, letter(at)) for at, column in sorted(head.columns.items()))
    return SheetReading(asked.type, known, count, pages, passed_over, encoding, separator)
