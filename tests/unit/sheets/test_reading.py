"""Sheets as they come: what is read of them, what is passed over, and what is refused with what to do."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import openpyxl
import pytest
import xlwt

from services.sheets.bounds import Bounds
from services.sheets.reading import SheetQuestion, read
from services.sheets.refusals import SheetRefused
from services.sheets.results import ReadRow, SheetReading
from services.sheets.units import NamedUnit
from tests.attacks import hostile_sheets

UNITS = (
    NamedUnit("xa", "Đảng ủy xã"),
    NamedUnit("cb-1", "Chi bộ 1"),
    NamedUnit("cb-2", "Chi bộ Đông"),
    NamedUnit("cb-3", "Chi bộ đông"),
)
ADMITTED = SheetQuestion("member.admitted", UNITS, date(2026, 11, 28))
HEAD = ("STT", "Đơn vị", "Mã đảng viên", "Ngày quyết định")


def _text(*rows: Sequence[str]) -> bytes:
    return "\n".join(";".join(row) for row in rows).encode()


def _book(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _rows(sheet: bytes, asked: SheetQuestion = ADMITTED) -> list[ReadRow]:
    answer = read(sheet, asked)
    assert isinstance(answer, SheetReading), answer
    return list(answer.rows())


def _refused(sheet: bytes, asked: SheetQuestion = ADMITTED) -> SheetRefused:
    answer = read(sheet, asked)
    assert isinstance(answer, SheetRefused)
    assert answer.detail.vietnamese
    assert answer.detail.english
    return answer


def _fault(cells: Sequence[Any]) -> tuple[str, str]:
    (row,) = _rows(_book(HEAD, cells))
    assert row.fault is not None
    return row.fault.column, row.fault.reason


def test_a_row_that_comes_twice_names_the_first() -> None:
    rows = _rows(
        _text(
            (*HEAD, "Giới tính"),
            ("1", "cb-1", "014", "5/2/2026", "nữ"),
            ("2", "Chi bộ 1", "014", "05/02/26", "female"),
            ("3", "cb-1", "014", "5/2/2026", "nam"),
            ("4", "cb-1", "015", "5/2/2026", "nam"),
        )
    )
    assert [(row.row, row.twin, row.alike) for row in rows] == [
        (2, None, False),
        (3, 2, True),
        (4, 2, False),
        (5, None, False),
    ]


@pytest.mark.parametrize(
    ("sheet", "encoding"),
    [
        ("\ufeffĐơn vị,Mã đảng viên,Ngày quyết định\r\ncb-1,a,5/2/2026".encode(), "utf-8"),
        ("sep=;\nĐơn vị;Mã đảng viên;Ngày quyết định\ncb-1;a;5/2/2026\n".encode(), "utf-8"),
        (b"Don vi;Ma dang vien;Ngay quyet dinh\ncb-1;a;5/2/2026\n", "utf-8"),
        ("Ðõn v\xf2;M\xe3 ð\xe4ng vi\xean;Ng\xe0y quy\xeat ð\xf2nh\n".encode("cp1258", "replace"), None),
        ("unit\tmember\tdecided_on\ncb-1\ta\t2026-02-05".encode("utf-16"), "utf-16"),
    ],
)
def test_how_a_text_was_read_is_said(sheet: bytes, encoding: str | None) -> None:
    if encoding is None:
        assert _refused(sheet).reason == "no_head"
        return
    answer = read(sheet, ADMITTED)
    assert isinstance(answer, SheetReading)
    assert answer.encoding == encoding
    (row,) = answer.rows()
    assert row.row == (3 if sheet.startswith(b"sep") else 2)
    assert row.draft is not None
    assert row.draft.data == {"member": "a", "decided_on": "2026-02-05"}


def test_pasted_cells_are_parted_by_tabs_alone() -> None:
    pasted = SheetQuestion(ADMITTED.type, UNITS, ADMITTED.today, pasted=True)
    (row,) = _rows('Đơn vị\tMã đảng viên\tNgày quyết định\n"Chi bộ 1"\ta\t5/2/2026'.encode(), pasted)
    assert row.draft is not None
    assert row.draft.unit == "cb-1"


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ((1, "cb-9", "a", "5/2/2026"), ("unit", "unknown_unit")),
        ((1, "chi bo dong", "a", "5/2/2026"), ("unit", "ambiguous_unit")),
        ((1, None, "a", "5/2/2026"), ("unit", "missing")),
        ((1, "cb-1", "Nguyễn Văn A", "5/2/2026"), ("member", "invalid_field")),
        ((1, "cb-1", date(2023, 5, 1), "5/2/2026"), ("member", "invalid_field")),
        ((1, "cb-1", 1234567890123456, "5/2/2026"), ("member", "invalid_field")),
        ((1, "cb-1", 1.5, "5/2/2026"), ("member", "invalid_field")),
        ((1, "cb-1", True, "5/2/2026"), ("member", "invalid_field")),
        ((1, "cb-1", "=A1", "5/2/2026"), ("member", "no_value")),
        ((1, "cb-1", "#N/A", "5/2/2026"), ("member", "no_value")),
        ((1, "cb-1", "a", "13/13/2026"), ("decided_on", "invalid_field")),
        ((1, "cb-1", "a", "29/2/2026"), ("decided_on", "invalid_field")),
        ((1, "cb-1", "a", 45053), ("decided_on", "invalid_field")),
        ((1, "cb-1", "a", date(1900, 2, 1)), ("decided_on", "invalid_field")),
        ((1, "cb-1", "a", "x" * 300), ("decided_on", "invalid_field")),
        ((1, "cb-1", "a", None), ("decided_on", "missing")),
    ],
)
def test_a_cell_is_named_with_what_to_do(cells: Sequence[Any], fault: tuple[str, str]) -> None:
    assert _fault(cells) == fault


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("5/2/2026", date(2026, 2, 5)),
        ("05-02-26", date(2026, 2, 5)),
        ("3.2.98", date(1998, 2, 3)),
        ("1/1/27", date(2027, 1, 1)),
        ("1/1/28", date(1928, 1, 1)),
        ("Ngày 05 tháng 02 năm 2026", date(2026, 2, 5)),
        ("2026-02-05T00:00:00", date(2026, 2, 5)),
        ("1/1/1899", date(1899, 1, 1)),
    ],
)
def test_days_as_people_type_them(typed: str, day: date) -> None:
    (row,) = _rows(_book(HEAD, (1, "cb-1", "a", typed)))
    assert row.draft is not None
    assert row.draft.data["decided_on"] == day.isoformat()


def test_a_formula_that_was_never_calculated_is_no_blank() -> None:
    (row,) = _rows(_book((*HEAD, "Giới tính"), (1, "cb-1", "a", "5/2/2026", '=VLOOKUP("a",B:C,2)')))
    assert row.fault is not None
    assert (row.fault.column, row.fault.reason) == ("sex", "no_value")


def test_an_error_in_an_xls_is_no_blank() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    for at, head in enumerate((*HEAD, "Giới tính")):
        sheet.write(0, at, head)
    for row in (1, 2, 3):
        for at, text in enumerate((row, "cb-1", f"m-{row}", "5/2/2026")):
            sheet.write(row, at, text)
    sheet.row(1).set_cell_error(4, "#REF!")
    written = io.BytesIO()
    book.save(written)
    first, *others = _rows(written.getvalue())
    assert first.fault is not None
    assert (first.fault.column, first.fault.reason) == ("sex", "no_value")
    assert all(read.draft for read in others)


def test_an_error_in_an_ods_is_no_blank() -> None:
    def cells(*texts: str) -> str:
        return "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
        )

    never = '<table:table-cell table:formula="of:=A1"/>'
    error = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
    )
    row = "<table:table-row>{}</table:table-row>".format
    sheet = (
        row(cells(*HEAD[1:], "Giới tính"))
        + '<table:table-row table:number-rows-repeated="2">'
        + '<table:table-cell table:number-columns-repeated="9"/></table:table-row>'
        + row(cells("cb-1", "a", "5/2/2026") + error)
        + row(cells("cb-1", "b", "5/2/2026") + never)
        + row(cells("cb-1", "c", "5/2/2026", "nam"))
    )
    rows = _rows(hostile_sheets.ods(sheet))
    assert [(read.row, read.fault and read.fault.reason) for read in rows] == [
        (4, "no_value"),
        (5, "no_value"),
        (6, None),
    ]


def test_what_may_be_a_name_is_not_kept() -> None:
    name = "Nguyễn Văn A"
    answer = read(
        _text(HEAD, ("1", "cb-1", name, "5/2/2026"), ("", name, "", ""), ("", name, "b", "5/2/2026")), ADMITTED
    )
    assert isinstance(answer, SheetReading)
    first, second, third = answer.rows()
    assert first.cells == {"unit": "cb-1", "decided_on": "5/2/2026"}
    assert second.cells == {}
    assert third.cells["unit"] == name  # it may be a unit's name, and has to be seen to be mended
    assert all(row.fault for row in (first, second, third))


def test_heads_that_come_again_are_passed_over() -> None:
    answer = read(_text(HEAD, ("1", "cb-1", "a", "5/2/2026"), HEAD, ("2", "cb-1", "b", "5/2/2026")), ADMITTED)
    assert isinstance(answer, SheetReading)
    assert [row.row for row in answer.rows() if row.draft] == [2, 4]
    assert [(passed.row, passed.why) for passed in answer.passed_over] == [(3, "head")]


def test_what_is_no_fact_is_passed_over_and_said() -> None:
    answer = read(
        _text(
            ("DANH SÁCH",),
            HEAD,
            ("(1)", "(2)", "(3)", "(4)"),
            ("1", "cb-1", "a", "5/2/2026"),
            (),
            ("Tổng cộng: 1 đồng chí",),
            ("", "", "Người lập biểu"),
            ("", "Nguyễn Văn A"),
        ),
        ADMITTED,
    )
    assert isinstance(answer, SheetReading)
    assert [row.row for row in answer.rows() if row.draft] == [4]
    assert [(passed.row, passed.why) for passed in answer.passed_over] == [(3, "numbers"), (6, "total"), (8, "foot")]
    assert [(row.row, row.fault.column) for row in answer.rows() if row.fault] == [(7, "unit")]


@pytest.mark.parametrize(
    ("rows", "reason", "columns"),
    [
        (((*HEAD, "Họ và tên"),), "unknown_column", ("Họ và tên",)),
        (((*HEAD, "Ghi chú", "Số thẻ"),), "unknown_column", ("Ghi chú", "Số thẻ")),
        (((*HEAD, "Ngày quyết định"),), "column_twice", ("Ngày quyết định",)),
        (((*HEAD, "unit"),), "column_twice", ("Đơn vị",)),
        ((HEAD[:3],), "column_missing", ("Ngày quyết định",)),
        ((HEAD, ("1", "cb-1", "a", "5/2/2026", "Nguyễn Văn A")), "column_without_head", ("E",)),
        ((("Họ tên", "Năm sinh"), ("Nguyễn Văn A", "1980")), "no_head", ()),
    ],
)
def test_a_sheet_is_refused_for_its_columns(
    rows: Sequence[Sequence[str]], reason: str, columns: tuple[str, ...]
) -> None:
    for sheet in (_text(*rows), _book(*rows)):
        refused = _refused(sheet)
        assert (refused.reason, refused.columns) == (reason, columns)
        assert "Nguyễn" not in repr(refused)


def test_a_sheet_is_refused_for_its_size_and_for_having_two_pages() -> None:
    many = _text(HEAD, *[("1", "cb-1", str(number), "5/2/2026") for number in range(11)])
    assert (
        _refused(many, SheetQuestion(ADMITTED.type, UNITS, ADMITTED.today, bounds=Bounds(rows=10))).reason
        == "too_many_rows"
    )
    assert (
        _refused(many, SheetQuestion(ADMITTED.type, UNITS, ADMITTED.today, bounds=Bounds(file=10))).reason
        == "too_large"
    )
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet()):
        sheet.append(HEAD)
        sheet.append((1, "cb-1", "a", "5/2/2026"))
    written = io.BytesIO()
    book.save(written)
    assert _refused(written.getvalue()).reason == "several_pages"
