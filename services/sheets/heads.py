"""Where the heads of a sheet are, and which column is which of the type; the heads alone are looked at.

A head is one row or a few: with a title above, cells merged downwards (`Đơn vị` over two rows) or across (`Trong đó`
over some columns, whose own heads are below it), and a row of column numbers after it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from services.sheets import folding
from services.sheets.cells import Cell, is_blank, text_of
from services.sheets.columns import SheetColumn, SheetColumns
from services.sheets.refusals import SheetRefusedError, shown

LOOKED_AT: Final = 60
"""Rows among which a head begins."""
_DEEPEST: Final = 4
"""Rows that a head may have."""
_FEWEST: Final = 2
"""Columns of the type that make a row a head."""
NUMBERING: Final = frozenset({"stt", "tt", "so tt", "so thu tu", "no", "sott"})
_NUMBER: Final = re.compile(r"[(\[]? ?(?:[0-9]{1,2}|[A-Za-z]) ?[)\]]?")

Merged = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of a merged range, each (row, column) from 0."""


class Head(NamedTuple):
    """Which column of a sheet (from 0) is which of the type; `after` is the first row (from 0) after the head."""

    columns: Mapping[int, SheetColumn]
    numbering: frozenset[int]
    after: int


def letter(column: int) -> str:
    """Name a column (from 0) as spreadsheets do: A, B … Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def find_head(rows: Sequence[Sequence[Cell]], merged: Sequence[Merged], columns: SheetColumns) -> Head | None:
    """Find the head; None where there is none. Raises SheetRefusedError where it names what the type doesn't have."""
    for first in range(min(len(rows), LOOKED_AT)):
        known = _known(rows[first], columns)
        if not known:
            continue
        last = _last_row(rows, merged, columns, first, known)
        labels = _labels(rows[first : last + 1])
        found = {at: column for at, label in labels.items() if (column := columns.of_head(label)) is not None}
        if len({column.name for column in found.values()}) >= _FEWEST:
            return _checked(labels, found, columns, last + 1)
    return None


def is_numbers(row: Sequence[Cell], head: Head) -> bool:
    """Tell whether the row after a head numbers its columns: all that are filled say (1), (2), or A, B, 1, 2."""
    said = [text_of(row[at]) for at in head.columns if at < len(row) and not is_blank(row[at])]
    return len(said) > _FEWEST and all(map(_NUMBER.fullmatch, said))


def _known(row: Sequence[Cell], columns: SheetColumns) -> dict[int, SheetColumn]:
    return {
        at: column
        for at, cell in enumerate(row)
        if isinstance(cell, str) and cell and (column := columns.of_head(cell)) is not None
    }


def _last_row(
    rows: Sequence[Sequence[Cell]],
    merged: Sequence[Merged],
    columns: SheetColumns,
    first: int,
    known: dict[int, SheetColumn],
) -> int:
    """Find the head's last row: where merged cells end, or as long as heads follow below what isn't filled.

    Below a head that is known there may be data: these cells are looked at first, the others only where it isn't.
    """
    last = max((down for (top, at), (down, _) in merged if top == first and at in known), default=first)
    last = min(last, first + _DEEPEST - 1, len(rows) - 1)
    while last + 1 < min(len(rows), first + _DEEPEST):
        below = rows[last + 1]
        if any(at < len(below) and not is_blank(below[at]) for at in known):
            break
        more = _known(below, columns)
        if not more:
            break
        known = known | more
        last += 1
    return last


def _labels(block: Sequence[Sequence[Cell]]) -> dict[int, str]:
    """Take of each column the lowest text: what stands above it heads a group."""
    labels: dict[int, str] = {}
    for row in block:
        for at, cell in enumerate(row):
            if not is_blank(cell):
                labels[at] = text_of(cell)
    return labels


def _checked(labels: dict[int, str], found: dict[int, SheetColumn], columns: SheetColumns, after: int) -> Head:
    numbering = frozenset(at for at, label in labels.items() if folding.words(label) in NUMBERING)
    if others := [at for at in labels if at not in found and at not in numbering]:
        raise _not_of_the_type([labels[at] for at in others], others, columns)
    seen: dict[str, int] = {}
    for at, column in found.items():
        if column.name in seen:
            both = f"{letter(seen[column.name])}, {letter(at)}"
            raise SheetRefusedError(
                "column_twice",
                f"hai cột cùng nghĩa “{column.head}” ({both}): xóa một cột rồi gửi lại",
                f"two columns mean {column.name} ({both}): delete one and send again",
                (column.head,),
            )
        seen[column.name] = at
    if missing := [column for column in columns.all if column.required and column.name not in seen]:
        heads = ", ".join(f"“{column.head}”" for column in missing)
        raise SheetRefusedError(
            "column_missing",
            f"thiếu cột {heads}: thêm vào rồi gửi lại, hoặc dùng bảng mẫu",
            f"columns missing: {', '.join(column.name for column in missing)}: add them and send again, or use the "
            "template",
            tuple(column.head for column in missing),
        )
    return Head(found, numbering, after)


def _not_of_the_type(labels: list[str], at: list[int], columns: SheetColumns) -> SheetRefusedError:
    heads = [shown(label) for label in labels]
    named = ", ".join(f"“{head}” ({letter(place)})" for head, place in zip(heads, at, strict=True))
    return SheetRefusedError(
        "unknown_column",
        f"loại “{columns.title}” không có cột {named}: xóa cột rồi gửi lại. Chưa đọc ô nào của cột này; "
        "không được gửi họ tên, ngày sinh, số thẻ hay dữ liệu cá nhân khác",
        f"{columns.type} has no column {named}: delete it and send again. No cell of it was read; names, birth dates, "
        "card numbers and other personal data must not be sent",
        tuple(heads),
    )
