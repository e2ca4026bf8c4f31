"""Any sheet of any facts, mangled as clerks and programs do, gives these facts, or a refusal that names the cell."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sheets.heads import letter
from services.sheets.reading import SheetQuestion, read
from services.sheets.refusals import SheetRefused
from services.sheets.results import SheetReading, event_of
from services.sheets.rows import read_again
from services.sheets.units import UnitFinder
from tests.property.examples import examples
from tests.property.sheet_mangling import TIME, TODAY, UNITS, Mangled, sheet_of
from tests.property.sheet_writing import WRITERS

seeds = st.integers(0, 2**64 - 1)
NOBODY = "Nguyễn Thị Bí Mật"


def _read(sheet: Mangled, writer: str) -> SheetReading | SheetRefused:
    return read(WRITERS[writer](sheet.grid), SheetQuestion(sheet.type, UNITS, TODAY))


@pytest.mark.parametrize("writer", WRITERS)
@given(seed=seeds)
@examples(40)
def test_a_sheet_says_what_its_events_say(writer: str, seed: int) -> None:
    sheet = sheet_of(Random(seed))
    answer = _read(sheet, writer)
    assert isinstance(answer, SheetReading), answer
    assert {row.row: row.fault for row in answer.rows() if row.fault} == {}
    events = {row.row: event_of(row.draft, sheet.type, 1, TIME) for row in answer.rows() if row.draft}
    assert events == sheet.events
    assert {known.letter: known.name for known in answer.columns} == {
        letter(at): column.name for at, column in sheet.columns.items()
    }
    # What is kept of a row are texts, and they say the same.
    for row in answer.rows():
        assert read_again(sheet.type, row.row, row.cells, UnitFinder(UNITS), TODAY).draft == row.draft


@pytest.mark.parametrize("writer", WRITERS)
@given(seed=seeds)
@examples(12)
def test_a_cell_that_says_nothing_clear_is_named(writer: str, seed: int) -> None:
    random = Random(seed)
    sheet = sheet_of(random)
    if not sheet.events:
        return
    number = random.choice([*sheet.events])
    at, column = random.choice([*sheet.columns.items()])
    row = sheet.grid.rows[number - 1]
    row[at] = {"day": "31/02/2023", "reference": "có dấu cách", "code": "gì đó"}.get(column.kind, "Chi bộ 4")
    answer = _read(sheet, writer)
    assert isinstance(answer, SheetReading), answer
    faults = [(found.row, found.fault.column) for found in answer.rows() if found.fault]
    assert faults == [(number, column.name)]
    del sheet.events[number]
    assert {
        found.row: event_of(found.draft, sheet.type, 1, TIME) for found in answer.rows() if found.draft
    } == sheet.events


@pytest.mark.parametrize("writer", WRITERS)
@given(seed=seeds)
@examples(12)
def test_a_column_too_many_refuses_the_sheet_and_nothing_of_it_is_told(writer: str, seed: int) -> None:
    random = Random(seed)
    sheet = sheet_of(random)
    head = random.choice(["Họ và tên", "Ngày sinh", "Số thẻ đảng", "Ghi chú"])
    at = max(map(len, sheet.grid.rows))
    top = next(i for i, row in enumerate(sheet.grid.rows) if sum(value is not None for value in row) > 2)
    for number, row in enumerate(sheet.grid.rows):
        row.extend([None] * (at - len(row)))
        row.append(head if number == top else NOBODY if number + 1 in sheet.events else None)
    if random.randrange(2):
        sheet.grid.hidden.add(at)
    answer = _read(sheet, writer)
    assert isinstance(answer, SheetRefused)
    assert answer.reason == "unknown_column"
    assert answer.columns == (head,)
    assert NOBODY not in repr(answer)
