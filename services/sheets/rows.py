"""The rows of a sheet below its head: which of them say something, and what each says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from events.catalogue import CATALOGUE
from events.identifiers import is_reference
from services.sheets import folding
from services.sheets.cells import Cell, is_blank, text_of
from services.sheets.columns import UNIT, SheetColumns, columns_of
from services.sheets.event_ids import stem_of
from services.sheets.fields import Converter
from services.sheets.heads import Head, is_numbers, letter
from services.sheets.refusals import CellRefusedError, SheetRefusedError
from services.sheets.results import Draft, Fault, PassedOver, ReadRow
from services.sheets.units import UnitFinder

EXAMPLE: Final = "VI-DU"
"""The reference of a template's example: a row with it is never imported."""
_TOTAL: Final = re.compile(r"(?:tổng cộng|tổng số|tổng|cộng|tong cong|tong so|tong|cong|total)(?:[\s:.,;=-].*)?")
_COUNT: Final = re.compile(r"[\d\s:.,;=()-]*(?:người|đồng chí|đ/c|đảng viên|quần chúng|trường hợp)?[\s.)]*")


class _Said(NamedTuple):
    """What an earlier row said under an id."""

    row: int
    data: bytes


def read_rows(
    grid: Iterator[Sequence[Cell]],
    head: Head,
    columns: SheetColumns,
    convert: Converter,
    *,
    most: int,
    passed_over: list[PassedOver],
) -> Iterator[ReadRow]:
    """Read all rows of a sheet, of which the grid gives those of the head and above it too.

    What isn't taken is added to `passed_over`. Raises SheetRefusedError over `most`, and for a column without a head.
    """
    seen: dict[str, _Said] = {}
    ended = False
    count = 0
    for number, row in enumerate(grid, start=1):
        if number <= head.after:
            continue
        cells = {column.name: row[at] for at, column in head.columns.items() if at < len(row) and not is_blank(row[at])}
        marks = [row[at] for at in head.numbering if at < len(row) and not is_blank(row[at])]
        why = _why_not(cells, marks, columns, ended=ended)
        if why is None and number == head.after + 1 and is_numbers(row, head):
            why = "numbers"
        if why is not None:
            ended = ended or why in {"total", "blank"}
            if why != "blank":
                passed_over.append(PassedOver(number, why))
            continue
        _require_heads(row, head)
        if count == most:
            raise SheetRefusedError(
                "too_many_rows",
                f"quá {most} hàng: chia thành nhiều tệp",
                f"more than {most} rows: make several files of it",
            )
        one = _read_row(number, cells, columns, convert)
        if one.fault is not None and _is_head(cells, columns):
            passed_over.append(PassedOver(number, "head"))
            continue
        count += 1
        yield _told_apart(one, seen)


def read_again(event_type: str, row: int, cells: Mapping[str, str], units: UnitFinder, today: date) -> ReadRow:
    """Read a row that was mended, out of texts by the names of columns or their heads.

    Raises CellRefusedError where a name is no column's, SheetRefusedError where the type has no sheets.
    """
    columns = columns_of(event_type)
    named: dict[str, Cell] = {}
    for name, text in cells.items():
        column = columns.named.get(name) or columns.of_head(name)
        if column is None:
            heads = ", ".join(each.head for each in columns.all)
            names = ", ".join(columns.named)
            raise CellRefusedError("unknown_column", f"không có cột này: chọn {heads}", f"no such column: {names}")
        if not is_blank(text):
            named[column.name] = text
    return _read_row(row, named, columns, Converter(units, today))


def _why_not(cells: Mapping[str, Cell], marks: Sequence[Cell], columns: SheetColumns, *, ended: bool) -> str | None:
    """Say why a row is none that says something; None for one that does.

    A row without a day and a reference after a blank row or a total is a foot: who made the sheet, where and when.
    """
    reference = cells.get(columns.reference.name, "")
    if isinstance(reference, str) and reference.strip().upper() == EXAMPLE:
        return "example"
    if not cells:
        return "total" if any(map(_is_total, marks)) else "blank"
    if not _is_count(cells.get(columns.day.name, "")):
        return None
    if any(map(_is_total, (*marks, *cells.values()))):
        return "total"
    if ended and columns.reference.name not in cells and columns.day.name not in cells:
        return "foot"
    return None


def _is_head(cells: Mapping[str, Cell], columns: SheetColumns) -> bool:
    """Tell whether a row repeats the heads, as those do that were printed page by page."""
    heads = {name: columns.of_head(cell) if isinstance(cell, str) else None for name, cell in cells.items()}
    return len(heads) > 1 and all(head is not None and head.name == name for name, head in heads.items())


def _is_count(cell: Cell) -> bool:
    """Tell whether the cell of the day is blank or counts days, as it may in a row of totals."""
    return is_blank(cell) or (isinstance(cell, str) and cell.strip().isdigit()) or isinstance(cell, (int, float))


def _is_total(cell: Cell) -> bool:
    if not isinstance(cell, str):
        return False
    said = folding.exact(cell)
    found = _TOTAL.fullmatch(said)
    return found is not None and _COUNT.fullmatch(re.sub(r"^\w+(?: cộng| số| cong| so)?", "", said)) is not None


def _require_heads(row: Sequence[Cell], head: Head) -> None:
    """Refuse a column that is filled and has no head: whether it is filled is all that is looked at."""
    for at, cell in enumerate(row):
        if at not in head.columns and at not in head.numbering and not is_blank(cell):
            name = letter(at)
            raise SheetRefusedError(
                "column_without_head",
                f"cột {name} có dữ liệu mà không có tên cột: xóa cột hoặc đặt tên cột rồi gửi lại. Chưa đọc ô nào",
                f"column {name} is filled and has no head: delete it or give it a head and send again. No cell of it "
                "was read",
                (name,),
            )


def _read_row(number: int, cells: Mapping[str, Cell], columns: SheetColumns, convert: Converter) -> ReadRow:
    texts: dict[str, str] = {}
    data: dict[str, Any] = {}
    facets: dict[str, Any] = {}
    unit = ""
    for column in columns.all:
        try:
            value = None
            if column.name in cells:
                value, texts[column.name] = convert.value(column, cells[column.name])
            elif column.required:
                raise _missing()
        except CellRefusedError as refused:
            fault = Fault(column.name, column.head, refused.reason, refused.detail)
            return ReadRow(number, _kept(cells, columns), fault=fault)
        if value is None:
            continue
        if column.name == UNIT:
            unit = value
        else:
            (facets if column.facet else data)[column.name] = value
    if facets:
        data["facets"] = facets
    return ReadRow(number, texts, draft=Draft(unit, _stem(columns, unit, data), data))


def _kept(cells: Mapping[str, Cell], columns: SheetColumns) -> dict[str, str]:
    """Give the texts of a row that is to be mended, but for what may be a person's name.

    That is what stands in the place of a reference and is none, and all of a row without reference and day.
    """
    if columns.reference.name not in cells and columns.day.name not in cells:
        return {}
    texts = {name: text_of(cell) for name, cell in cells.items()}
    if not is_reference(texts.get(columns.reference.name, "")):
        texts.pop(columns.reference.name, None)
    return texts


def _missing() -> CellRefusedError:
    return CellRefusedError("missing", "ô còn trống: điền vào", "the cell is empty: fill it in")


def _stem(columns: SheetColumns, unit: str, data: Mapping[str, Any]) -> str:
    row = CATALOGUE[columns.type]
    day = next(data[name] for name in row.day if name in data)
    return stem_of(columns.type, unit, data[columns.reference.name], date.fromisoformat(day), data.get("grade"))


def _told_apart(one: ReadRow, seen: dict[str, _Said]) -> ReadRow:
    """Name the earlier row that says the same, or something else under the same id."""
    if one.draft is None:
        return one
    said = _Said(one.row, msgspec.msgpack.encode(one.draft.data))
    first = seen.setdefault(one.draft.stem, said)
    if first is said:
        return one
    return ReadRow(one.row, one.cells, one.draft, None, first.row, first.data == said.data)
