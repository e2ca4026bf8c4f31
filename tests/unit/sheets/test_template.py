"""The template of each type: read as it is it says nothing, filled in it says what was filled in."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from events.catalogue import CATALOGUE, FACTS
from services.sheets.columns import columns_of
from services.sheets.reading import SheetQuestion, read
from services.sheets.refusals import SheetRefusedError
from services.sheets.results import SheetReading
from services.sheets.template import MOST_UNITS, template
from services.sheets.units import NamedUnit

UNITS = tuple(NamedUnit(f"cb-{n}", f"Chi bộ {n}") for n in range(3))
TODAY = date(2026, 11, 28)
FACT_TYPES = [row.type for row in FACTS]


@pytest.mark.parametrize("event_type", FACT_TYPES)
def test_nothing_filled_in_is_nothing_said(event_type: str) -> None:
    answer = read(template(event_type, UNITS), SheetQuestion(event_type, UNITS, TODAY))
    assert isinstance(answer, SheetReading)
    assert answer.count == 0
    assert [(passed.row, passed.why) for passed in answer.passed_over] == [(4, "example")]
    assert [column.name for column in answer.columns] == [column.name for column in columns_of(event_type).all]


@pytest.mark.parametrize("event_type", FACT_TYPES)
def test_what_is_written_like_the_example_is_taken(event_type: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(event_type, UNITS)))
    data = book["Dữ liệu"]
    for cell in data[4]:
        data.cell(5, cell.column, "M-1" if cell.value == "VI-DU" else cell.value)
    written = io.BytesIO()
    book.save(written)
    answer = read(written.getvalue(), SheetQuestion(event_type, UNITS, TODAY))
    assert isinstance(answer, SheetReading)
    (row,) = answer.rows()
    assert (row.row, row.fault) == (5, None)
    assert row.draft is not None
    assert row.draft.unit == "cb-2"


def test_units_and_codes_are_chosen_from_lists_on_a_page_that_is_not_shown() -> None:
    units = [NamedUnit("xa", "=HYPERLINK(1)"), *(NamedUnit(f"cb-{n}", f"Chi bộ {n}") for n in range(900))]
    book = openpyxl.load_workbook(io.BytesIO(template("badge.awarded", units)))
    assert book.sheetnames == ["Dữ liệu", "Danh mục", "Hướng dẫn"]
    assert book["Danh mục"].sheet_state == "hidden"
    listed = [cell.value for cell in book["Danh mục"]["A"]]
    assert (len(listed), listed[0], listed[1]) == (MOST_UNITS, "=HYPERLINK(1) | xa", "Chi bộ 0 | cb-0")
    assert book["Danh mục"]["A1"].data_type == "s"
    assert book["Danh mục"]["A1"].quotePrefix
    sources = {rule.formula1 for rule in book["Dữ liệu"].data_validations.dataValidation}
    assert "'Danh mục'!$A$1:$A$800" in sources
    assert "'Danh mục'!$B$1:$B$12" in sources  # the grades
    said = "\n".join(str(cell.value) for row in book["Hướng dẫn"] for cell in row if cell.value)
    assert "800 đơn vị đầu trong 901" in said
    assert "Loại huy hiệu" in said


def test_the_same_units_make_the_same_bytes() -> None:
    assert template("member.admitted", UNITS) == template("member.admitted", UNITS)


@pytest.mark.parametrize("event_type", [*sorted({*CATALOGUE} - {*FACT_TYPES}), "nothing"])
def test_what_is_not_counted_has_no_sheet(event_type: str) -> None:
    with pytest.raises(SheetRefusedError) as raised:
        template(event_type, UNITS)
    assert raised.value.refused.reason == "unknown_type"
