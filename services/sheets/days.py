"""Days as sheets keep them and as people type them: day before month, always."""

import re
from datetime import date, datetime
from typing import Final

from services.sheets import folding
from services.sheets.cells import Cell
from services.sheets.refusals import CellRefusedError

FIRST_SURE: Final = date(1900, 3, 1)
"""Before it spreadsheets disagree: Excel has a 29 February 1900."""
_CENTURY: Final = 100

_TIME: Final = r"(?:[t ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.]\d+)?)?)?"
_DAY_FIRST: Final = re.compile(rf"(\d{{1,2}}) ?([-/.]) ?(\d{{1,2}}) ?\2 ?(\d{{4}}|\d{{2}}){_TIME}")
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}}) ?([-/.]) ?(\d{{1,2}}) ?\2 ?(\d{{1,2}}){_TIME}")
_IN_WORDS: Final = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}) nam (\d{4})")


def day_of(cell: Cell, today: date) -> date:
    """Read the day in a cell; raises CellRefusedError, which says how to write it.

    A year of two digits is of this century up to the year after `today`'s, else of the last one.
    """
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        if cell < FIRST_SURE:
            raise CellRefusedError(
                "invalid_field",
                "ngày trước 01/03/1900 trong ô kiểu ngày không chắc chắn: định dạng ô là Text rồi gõ ngày/tháng/năm",
                "a date before 1 March 1900 in a cell of dates is not certain: format the cell as text and type it",
            )
        return cell
    if isinstance(cell, (int, float)):
        raise CellRefusedError(
            "invalid_field",
            "ô chứa một con số, không phải ngày: định dạng cột là ngày, hoặc gõ ngày/tháng/năm, ví dụ 05/02/2026",
            "the cell holds a number, no date: format the column as a date, or type day/month/year, as 05/02/2026",
        )
    found = _read(cell, today) if isinstance(cell, str) else None
    if found is None:
        raise CellRefusedError(
            "invalid_field",
            "không phải một ngày có thật: gõ ngày/tháng/năm, ví dụ 05/02/2026",
            "not a day that exists: type day/month/year, as 05/02/2026",
        )
    return found


def _read(text: str, today: date) -> date | None:
    text = folding.plain(text.strip().removeprefix("'"))
    if match := _DAY_FIRST.fullmatch(text):
        day, _, month, year = match.groups()
        whole = int(year)
        if len(year) == len("26"):
            century = today.year // _CENTURY * _CENTURY
            whole += century if century + whole <= today.year + 1 else century - _CENTURY
    elif match := _YEAR_FIRST.fullmatch(text):
        year, _, month, day = match.groups()
        whole = int(year)
    elif match := _IN_WORDS.fullmatch(folding.words(text)):
        day, month, year = match.groups()
        whole = int(year)
    else:
        return None
    try:
        return date(whole, int(month), int(day))
    except ValueError:
        return None
