"""The model of an answer as a table: what every file is written from, cell for cell what the JSON says (§9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec import UNSET, UnsetType

from projections.answers.report.report_answers import Behind, UnitName
from projections.answers.tables.heads import head_of

Cell: TypeAlias = str | int | float | bool | dt.date | dt.datetime | None
"""A value as the JSON has it; None is null there, or not there."""
Cells: TypeAlias = Sequence[Cell]
"""One row: a cell for each column."""
_NOTHING: Final[Mapping[str, Cell]] = {}


class TableColumn(NamedTuple):
    """A column: its ``name`` for programs, as the JSON names what is in it, and its ``head`` in Vietnamese."""

    name: str
    head: str


class AnswerTable(NamedTuple):
    """An answer about a unit, as a table."""

    title: str
    """What it is, in Vietnamese."""
    stated: tuple[tuple[TableColumn, Cell], ...]
    """What every file says of the figures in it: unit, period, basis, position, time, and what else is of all of it."""
    columns: tuple[TableColumn, ...]
    rows: Iterable[Cells] | AsyncIterable[Iterable[Cells]]
    """The rows; of a long list those that follow each other, while they are read."""
    notes: tuple[str, ...] = ()
    """What has to be said beside the figures: that they are behind the log, hidden, or a part of a list."""


KIND: Final = "kind"
"""The column that says what a row is: of a report `row`, `own`, `rest`, `suppressed` or `total`."""
STATED: Final = frozenset({"of", "of_name", "of_level", "from", "to", "on", "basis", "position", "as_of", "note"})
"""The names of what is stated; a column of the rows that would have the same begins with `item.`."""


def column(name: str, head: str | None = None) -> TableColumn:
    """Make a column of the rows; its head is that of the field unless it is given."""
    shown = head_of(name) if head is None else head
    return TableColumn(f"item.{name}", f"{shown} (của dòng)") if name in STATED else TableColumn(name, shown)


def stated(
    unit: UnitName,
    *,
    position: int,
    as_of: dt.datetime | None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    on: dt.date | None = None,
    basis: str | None = None,
    others: Mapping[str, Cell] = _NOTHING,
) -> tuple[tuple[TableColumn, Cell], ...]:
    """Say what every file says; ``others`` are named as the JSON names them."""
    said: dict[str, Cell] = {"of": unit.id, "of_name": unit.name, "of_level": unit.level}
    said |= {"from": first, "to": last} if on is None and first is not None else {}
    said |= {} if on is None else {"on": on}
    said |= {} if basis is None else {"basis": basis}
    said |= {"position": position, "as_of": as_of}
    said |= others
    return tuple((TableColumn(name, head_of(name)), value) for name, value in said.items())


def behind_note(behind: Behind | UnsetType) -> tuple[str, ...]:
    """Say that figures are behind the log, where they are."""
    if behind is UNSET:
        return ()
    return (f"Số liệu chưa đầy đủ, còn {behind.events} sự kiện chưa tính ({behind.state}): {behind.detail}",)
