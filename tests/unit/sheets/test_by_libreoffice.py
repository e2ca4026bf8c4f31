"""A sheet that LibreOffice wrote, in each of its forms.

It has a title over merged cells, formulas, days in three ways, a hidden row and a hidden column, a blank row, a total,
and another table beside it. Written by LibreOffice 7.4.7: `soffice --headless --convert-to ods` (`xls`, `xlsx`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.sheets.reading import SheetQuestion, read
from services.sheets.results import PassedOver, SheetReading
from services.sheets.units import NamedUnit

FILES = Path(__file__).parent / "by_libreoffice"
UNITS = (NamedUnit("xa", "Đảng ủy xã"), NamedUnit("cb-1", "Chi bộ 1"), NamedUnit("cb-2", "Chi bộ Đông"))
ROWS = {
    5: ("cb-1", "2026-001", "2026-02-05", "female"),  # the reference is a formula's value
    6: ("cb-1", "2026-002", "2026-02-06", "male"),  # hidden, the unit by its name, the day as a text
    8: ("cb-2", "2026-003", "2026-02-07", None),
    9: ("cb-2", "14", "2026-02-08", "female"),  # a number; the day is a formula's value
}


@pytest.mark.parametrize("form", ["ods", "xls", "xlsx"])
def test_it_says_the_same_in_each_form(form: str) -> None:
    asked = SheetQuestion("member.admitted", UNITS, date(2026, 11, 28))
    answer = read((FILES / f"ket-nap.{form}").read_bytes(), asked)
    assert isinstance(answer, SheetReading), answer
    drafts = {row.row: row.draft for row in answer.rows()}
    said = {
        row: (draft.unit, draft.data["member"], draft.data["decided_on"], draft.data.get("facets", {}).get("sex"))
        for row, draft in drafts.items()
        if draft is not None
    }
    assert said == ROWS
    assert answer.passed_over == [PassedOver(10, "total")]
