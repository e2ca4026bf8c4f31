"""The sheet of a type to be filled in: its columns, lists of codes and units, an example, what to write where."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.sheets.columns import SheetColumn, SheetColumns, columns_of
from services.sheets.heads import letter
from services.sheets.rows import EXAMPLE
from services.sheets.units import NamedUnit, choice
from services.sheets.workbook_writing import DAY, WorkbookBytes, put, workbook

MOST_UNITS: Final = 800
"""Units in the list; of more units the others are written by their ids."""
_ROWS: Final = 2_000
"""Rows that are made ready; more may be filled in."""
_TITLE, _HINT, _HEAD, _EXAMPLE_ROW = range(4)
_DATA: Final = "Dữ liệu"
_LISTS: Final = "Danh mục"
_EXPLANATIONS: Final = "Hướng dẫn"
_EXAMPLE_DAY: Final = date(2026, 2, 5)
_WIDTHS: Final = {"subject": 36, "unit": 36, "reference": 18, "day": 18, "code": 18}
_GENERAL: Final = (
    "Mỗi hàng của trang “Dữ liệu” là một sự việc. Hàng ví dụ (mã VI-DU) không bao giờ được nhập; có thể xóa.",
    "Không thêm cột: có cột lạ thì cả bảng bị từ chối. Không ghi họ tên, ngày sinh, số thẻ, số giấy tờ ở bất cứ ô nào.",
    "Cột nền đậm là bắt buộc. Các cột khác để trống nếu không biết.",
    "Ngày ghi theo thứ tự ngày/tháng/năm: 05/02/2026. Ngày gõ thành chữ vẫn đọc được.",
    "Hàng trống và hàng “Tổng cộng” được bỏ qua. Cột STT có cũng được, không có cũng được.",
    "Gửi lại cùng một bảng không bao giờ tính hai lần.",
)


class _Formats(NamedTuple):
    title: Format
    hint: Format
    required: Format
    optional: Format
    text: Format
    day: Format
    example: Format
    example_day: Format
    quoted: Format
    wrapped: Format


def template(event_type: str, units: Sequence[NamedUnit], number: int | None = None) -> bytes:
    """Make the .xlsx of a type, with the units that may be named; raises SheetRefusedError for a type without sheets.

    ``number``: how many may be, where not all are given. The same type and units give the same bytes.
    """
    columns = columns_of(event_type)
    listed = units[:MOST_UNITS]
    written = WorkbookBytes()
    with workbook(written) as book:
        formats = _formats(book)
        data, lists = book.add_worksheet(_DATA), book.add_worksheet(_LISTS)
        ranges = _write_lists(lists, columns, listed, formats)
        lists.hide()
        _write_data(data, columns, listed, ranges, formats)
        _write_explanations(book.add_worksheet(_EXPLANATIONS), columns, number or len(units), formats)
    return written.getvalue()


def _formats(book: Workbook) -> _Formats:
    head = {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
    example = {"italic": True, "font_color": "#7F7F7F", "bg_color": "#F2F2F2"}
    return _Formats(
        book.add_format({"bold": True, "font_size": 14}),
        book.add_format({"italic": True}),
        book.add_format({**head, "bg_color": "#F4B183"}),
        book.add_format({**head, "bg_color": "#FCE4D6"}),
        book.add_format({"num_format": "@"}),
        book.add_format({"num_format": DAY}),
        book.add_format({**example, "num_format": "@"}),
        book.add_format({**example, "num_format": DAY}),
        book.add_format({"num_format": "@", "quote_prefix": True}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )


def _write_lists(
    sheet: Worksheet, columns: SheetColumns, units: Sequence[NamedUnit], formats: _Formats
) -> dict[str, str]:
    """Write a column for the units and one for each field with codes; give the range of each column of the type."""
    texts = {"": [choice(unit) for unit in units]}
    texts |= {column.name: [code.word for code in column.codes] for column in columns.all if column.codes}
    ranges: dict[str, str] = {}
    for at, (name, choices) in enumerate(texts.items()):
        for row, text in enumerate(choices):
            put(sheet, (row, at), text, formats.text, formats.quoted)
        ranges[name] = f"='{_LISTS}'!${letter(at)}$1:${letter(at)}${max(len(choices), 1)}"
    return ranges


def _write_data(
    sheet: Worksheet, columns: SheetColumns, units: Sequence[NamedUnit], ranges: dict[str, str], formats: _Formats
) -> None:
    put(sheet, (_TITLE, 0), columns.title, formats.title)
    hint = f"Điền từ hàng {_EXAMPLE_ROW + 2}. Xem trang “{_EXPLANATIONS}”."
    put(sheet, (_HINT, 0), hint, formats.hint)
    sheet.set_column(0, 0, 8)
    put(sheet, (_HEAD, 0), "STT", formats.optional)
    put(sheet, (_EXAMPLE_ROW, 0), "Ví dụ", formats.example)
    for at, column in enumerate(columns.all, start=1):
        body = formats.day if column.kind == "day" else formats.text
        sheet.set_column(at, at, _WIDTHS[column.kind], body)
        head = formats.required if column.required else formats.optional
        put(sheet, (_HEAD, at), column.head, head)
        sheet.write_comment(_HEAD, at, column.meaning, {"x_scale": 2})
        _write_example(sheet, at, column, units, formats)
        _write_choice(sheet, at, column, ranges)
    sheet.set_row(_HEAD, 32)
    sheet.freeze_panes(_HEAD + 1, 0)


def _write_example(
    sheet: Worksheet, at: int, column: SheetColumn, units: Sequence[NamedUnit], formats: _Formats
) -> None:
    if column.kind == "day":
        sheet.write_datetime(_EXAMPLE_ROW, at, _EXAMPLE_DAY, formats.example_day)
        return
    unit = choice(units[-1]) if units else "ma-don-vi"
    said = {"subject": unit, "unit": "ma-don-vi-den", "reference": EXAMPLE}
    text = column.codes[0].word if column.codes else said[column.kind]
    put(sheet, (_EXAMPLE_ROW, at), text, formats.example)


def _write_choice(sheet: Worksheet, at: int, column: SheetColumn, ranges: dict[str, str]) -> None:
    """Let a cell be chosen from its list; another unit's id may be typed after a warning, another code may not."""
    source = ranges.get(column.name if column.codes else "" if column.kind in {"subject", "unit"} else column.name)
    if source is None:
        return
    options = {
        "validate": "list",
        "source": source,
        "error_type": "stop" if column.codes else "warning",
        "error_title": column.head[:32],
        "error_message": "Chọn trong danh sách." if column.codes else "Không có trong danh sách: hãy ghi mã đơn vị.",
    }
    sheet.data_validation(_EXAMPLE_ROW, at, _EXAMPLE_ROW + _ROWS, at, options)


def _write_explanations(sheet: Worksheet, columns: SheetColumns, units: int, formats: _Formats) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 3, 60, formats.wrapped)
    put(sheet, (0, 0), f"{columns.title} ({columns.type})", formats.title)
    row = 1
    more = f"Danh sách chỉ có {MOST_UNITS} đơn vị đầu trong {units}: với đơn vị khác hãy ghi mã."
    for line in (*_GENERAL, *((more,) if units > MOST_UNITS else ())):
        put(sheet, (row, 0), f"• {line}", formats.hint)
        row += 1
    row += 1
    for at, head in enumerate(("Cột", "Bắt buộc", "Ghi gì", "Giá trị (mã)")):
        put(sheet, (row, at), head, formats.required)
    for column in columns.all:
        row += 1
        values = "; ".join(f"{one.word} ({one.code})" if one.word != one.code else one.code for one in column.codes)
        for at, text in enumerate((column.head, "có" if column.required else "", column.meaning, values)):
            put(sheet, (row, at), text, formats.wrapped, formats.quoted)
