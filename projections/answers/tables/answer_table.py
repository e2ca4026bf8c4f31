"""The model of an answer as a table: what every file is written from, cell for cell what the JSON says (§9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from msgspec import UNSET, UnsetType

from projections.answers.report.report_answers import Behind, UnitName
from projections.answers.tables.heads import head_of


class Kept(Enum):
    """What the JSON has as null because it is kept from being seen: the unit and the number are there."""

    HIDDEN = "hidden"


HIDDEN: Final = Kept.HIDDEN
Cell: TypeAlias = str | int | float | bool | dt.date | dt.datetime | Kept | None
"""A value as the JSON has it; None is null there, or not there, and HIDDEN is null there too."""
Cells: TypeAlias = Sequence[Cell]
"""One row: a cell for each column."""
_NOTHING: Final[Mapping[str, Cell]] = {}


class TableColumn(NamedTuple):
    """A column: its ``name`` for programs, as the JSON names what is in it, and its ``head`` in Vietnamese."""

    name: str
    head: str


class TablePart(NamedTuple):
    """Rows that stand by themselves where people read them: those of some kinds, under the columns that these have."""

    kinds: frozenset[str]
    head: str | None
    """What they are, in Vietnamese; None where that is what the whole table is."""
    columns: tuple[str, ...]
    """The names of its columns, in order."""
    label: str | None = None
    """The column in which a row without anything there says what it is: that it is the total, for example."""


class Paper(NamedTuple):
    """What a text for a report needs beside it in a document: from whom it is, and its paragraphs."""

    superior: str | None
    """The name of the unit above."""
    body: str
    """The name of the unit."""
    level: str
    text: str
    footing: str


class OfficialFrame(NamedTuple):
    """What stands round the lines of an official form on paper and in a workbook, in the order in which it is read."""

    left: tuple[str, ...]
    """The superior body, the body, its department; the last one in bold."""
    right: tuple[str, ...]
    """The number of the form, who reports to whom until when."""
    title: str
    period: str
    measured_in: str
    columns: tuple[str, ...]
    by_whom: str
    place_and_date: str


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
    parts: tuple[TablePart, ...] = ()
    """How people read it: each row is in one of them, by its kind."""
    paper: Paper | None = None
    """The text of a document, where the answer is one."""
    official: OfficialFrame | None = None
    """The frame of an official form, where it is one: the columns are those of `form_table` beside this file."""


KIND: Final = "kind"
"""The column that says what a row is: of a report `row`, `own`, `rest`, `suppressed` or `total`."""
STATED: Final = frozenset({"of", "of_name", "of_level", "from", "to", "on", "basis", "position", "as_of", "note"})
"""The names of what is stated; a column of the rows that would have the same begins with `item.`."""

OF_ROW: Final = " (của dòng)"
"""What ends the heads of such columns."""


def column(name: str, head: str | None = None) -> TableColumn:
    """Make a column of the rows; its head is that of the field unless it is given."""
    shown = head_of(name) if head is None else head
    return TableColumn(f"item.{name}", f"{shown}{OF_ROW}") if name in STATED else TableColumn(name, shown)


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
