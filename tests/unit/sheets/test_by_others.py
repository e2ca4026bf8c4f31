"""A sheet that others' programs wrote, in each of its forms: LibreOffice 7.4.7, and pyexcel 0.7.6.

It has a title, a blank row, days in several ways, a reference that is a number, and a total. In LibreOffice's, written
by `soffice --headless --convert-to ods` (`xls`, `xlsx`), the title is over merged cells, a reference and a day are
formulas, a row and a column are hidden, and another table stands beside it. pyexcel's is written by `save_as`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.sheets.reading import SheetQuestion, read
from services.sheets.results import PassedOver, SheetReading
from services.sheets.units import NamedUnit

FILES = Path(__file__).parent
UNITS = (NamedUnit("xa", "Đảng ủy xã"), NamedUnit("cb-1", "Chi bộ 1"), NamedUnit("cb-2", "Chi bộ Đông"))
ROWS = {
    5: ("cb-1", "2026-001", "2026-02-05", "female"),  # LibreOffice: the reference is a formula's value
    6: ("cb-1", "2026-002", "2026-02-06", "male"),  # the unit by its name, the day as a text; LibreOffice: hidden
    8: ("cb-2", "2026-003", "2026-02-07", None),
    9: ("cb-2", "14", "2026-02-08", "female"),  # a number; LibreOffice: the day is a formula's value
}


@pytest.mark.parametrize("form", ["ods", "xls", "xlsx"])
@pytest.mark.parametrize("writer", ["libreoffice", "pyexcel"])
def test_it_says_the_same_in_each_form(writer: str, form: str) -> None:
    asked = SheetQuestion("member.admitted", UNITS, date(2026, 11, 28))
    answer = read((FILES / f"by_{writer}" / f"ket-nap.{form}").read_bytes(), asked)
    assert isinstance(answer, SheetReading), answer
    drafts = {row.row: row.draft for row in answer.rows()}
    said = {
        row: (draft.unit, draft.data["member"], draft.data["decided_on"], draft.data.get("facets", {}).get("sex"))
        for row, draft in drafts.items()
        if draft is not None
    }
    assert said == ROWS
    assert answer.passed_over == [PassedOver(10, "total")]
