"""From a cell to the value of its field, as its column wants it; nothing is guessed, what isn't clear is refused."""

import re
from datetime import date, datetime
from typing import Any, Final

from events.identifiers import is_reference
from services.sheets import folding
from services.sheets.cells import LONGEST_CELL, Cell, Unknowable, text_of
from services.sheets.columns import SheetColumn
from services.sheets.days import day_of
from services.sheets.refusals import CellRefusedError
from services.sheets.units import UnitFinder

_EXACT_NUMBERS: Final = 10**15
"""From here on a spreadsheet keeps no number exactly."""
_YEARS: Final = re.compile(r"(?:huy hieu (?:dang )?)?(\d{1,2})(?: nam(?: tuoi dang)?)?")
_MANY: Final = 12


class Converter:
    """Turns cells into values, and remembers the answers: most cells of a column say what others said."""

    def __init__(self, units: UnitFinder, today: date) -> None:
        self._units = units
        self._today = today
        self._known: dict[str, dict[object, tuple[Any, str]]] = {}

    def value(self, column: SheetColumn, cell: Cell) -> tuple[Any, str]:
        """Give the value on the wire, None where the cell says that it isn't known, and the cell as a text.

        Raises CellRefusedError.
        """
        if column.kind == "reference":
            return _reference(cell), text_of(cell)
        known = self._known.setdefault(column.name, {})
        key = cell if isinstance(cell, str) else (type(cell), cell)
        if (answer := known.get(key)) is None:
            answer = known[key] = self._convert(column, cell), text_of(cell)
        return answer

    def _convert(self, column: SheetColumn, cell: Cell) -> Any:
        _require_value(cell)
        if column.kind == "day":
            return day_of(cell, self._today).isoformat()
        if column.kind == "code":
            return _code(column, text_of(cell))
        return self._units.find(text_of(cell), any_id=column.kind == "unit")


def _require_value(cell: Cell) -> None:
    if isinstance(cell, Unknowable):
        raise CellRefusedError(
            "no_value",
            "công thức trong ô bị lỗi hoặc chưa được tính: gõ giá trị vào ô, hoặc mở tệp bằng Excel rồi lưu lại",
            "the cell's formula has an error or was never calculated: type the value, or open and save the file",
        )
    if isinstance(cell, str) and len(cell) > LONGEST_CELL:
        raise CellRefusedError(
            "invalid_field",
            f"dài quá {LONGEST_CELL} ký tự: chỉ ghi điều mà cột này hỏi",
            f"longer than {LONGEST_CELL} characters: write only what the column asks for",
        )


def _reference(cell: Cell) -> str:
    if isinstance(cell, str) and is_reference(cell):
        return cell
    _require_value(cell)
    if isinstance(cell, (date, datetime)):
        raise CellRefusedError(
            "invalid_field",
            "bảng tính đã đổi mã thành ngày: định dạng ô là Text rồi gõ lại mã",
            "the spreadsheet made a date of the reference: format the cell as text and type it again",
        )
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= _EXACT_NUMBERS:
        raise CellRefusedError(
            "invalid_field",
            "số quá dài, bảng tính đã làm tròn: định dạng ô là Text rồi gõ lại mã",
            "too long a number, the spreadsheet has rounded it: format the cell as text and type it again",
        )
    text = text_of(cell).removeprefix("'")
    if not isinstance(cell, (str, int, float)) or isinstance(cell, bool) or not is_reference(text):
        raise CellRefusedError(
            "invalid_field",
            "mã chỉ gồm 1–64 ký tự A-Z a-z 0-9 _ - (ví dụ 2023-014); không ghi họ tên hay số giấy tờ",
            "a reference has 1-64 of A-Z a-z 0-9 _ - (as 2023-014); write no name and no number of a document",
        )
    return text


def _code(column: SheetColumn, text: str) -> Any:
    exact = folding.exact(text)
    if exact in column.exactly:
        return _known(column, column.exactly[exact])
    said = folding.words(text) or exact
    if said in column.plainly:
        return _known(column, column.plainly[said])
    if years := _YEARS.fullmatch(said):
        for code in column.codes:
            if code.value == int(years[1]) and not isinstance(code.value, bool):
                return code.value
    return _known(column, None, choose=True)


def _known(column: SheetColumn, value: Any, *, choose: bool = False) -> Any:
    if value is None and (choose or column.required):
        some = ", ".join(code.word for code in column.codes[:_MANY])
        codes = ", ".join(code.code for code in column.codes[:_MANY])
        raise CellRefusedError("invalid_field", f"ghi một trong: {some}", f"write one of: {codes}")
    return value
