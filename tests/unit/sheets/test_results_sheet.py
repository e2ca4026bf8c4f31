"""The sheet back: every text a text, whatever a spreadsheet would make of it."""

from __future__ import annotations

import io

import openpyxl

from services.sheets.results import ResultRow
from services.sheets.results_sheet import results_sheet


def test_each_row_has_its_result_and_no_cell_is_a_formula() -> None:
    bad = '=cmd|"/c calc"!A1'
    rows = [
        ResultRow(2, {"unit": "Chi bộ 1", "member": "014"}, "sẵn sàng", event="cb-1/s-0.1"),
        ResultRow(3, {"unit": bad, "member": "-1", "sex": "@x"}, "từ chối", "Đơn vị", "+84", good=False),
    ]
    book = openpyxl.load_workbook(io.BytesIO(results_sheet("member.admitted", rows)))
    said = [[cell.value for cell in row] for row in book.active]
    assert said[0][:5] == ["Hàng", "Kết quả", "Cột", "Giải thích", "Mã sự việc"]
    assert said[0][5:] == ["Đơn vị", "Mã đảng viên", "Ngày quyết định", "Giới tính"]
    assert said[1] == [2, "sẵn sàng", None, None, "cb-1/s-0.1", "Chi bộ 1", "014", None, None]
    assert said[2] == [3, "từ chối", "Đơn vị", "+84", "", bad, "-1", None, "@x"]
    cells = [cell for row in book.active.iter_rows(min_row=2, min_col=2) for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix == cell.value.startswith(("=", "+", "-", "@")) for cell in cells)
