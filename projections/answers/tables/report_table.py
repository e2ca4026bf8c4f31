"""A report as a table: a line a row, the total last; splits are columns by measure, dimension and code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, UnsetType, structs

from projections.answers.report.codes import codes_of
from projections.answers.report.report_answers import Report, Row, Split, Values
from projections.answers.tables.answer_table import (
    HIDDEN,
    KIND,
    AnswerTable,
    Cell,
    Cells,
    TableColumn,
    TablePart,
    behind_note,
    column,
    stated,
)
from projections.answers.tables.heads import head_of_code, head_of_measure

TITLE: Final = "Báo cáo tổng hợp"
_UNIT: Final = ("unit", "name", "level")
_STAYS: Final = ("since", "until", "stays")
_KINDS: Final = frozenset({"row", "own", "rest", "suppressed", "total"})


def report_table(report: Report, dimensions: tuple[str, ...] = ()) -> AnswerTable:
    """Return the table of a report; a value of a unit that was not there is empty, and one that is hidden is HIDDEN.

    ``dimensions`` are those by which it is split.
    """
    others: dict[str, Cell] = {"parked": report.parked}
    if report.last_year is not UNSET:
        others |= {"last_year.from": report.last_year.first, "last_year.to": report.last_year.last}
    laid = _Laid(report, dimensions)
    return AnswerTable(
        TITLE,
        stated(
            report.unit,
            first=report.first,
            last=report.last,
            basis=report.basis,
            position=report.position,
            as_of=report.as_of,
            others=others,
        ),
        laid.columns,
        laid.rows(),
        (*behind_note(report.behind), *_hidden(report)),
        (laid.part,),
    )


class _Laid:
    """The columns of a report, and its rows under them."""

    def __init__(self, report: Report, dimensions: tuple[str, ...]) -> None:
        self._report = report
        self._measures = tuple(report.total)
        self._keys = next((keys for row in report.rows if (keys := _keys_of(row))), _UNIT)
        if self._keys == _UNIT and any(row.since is not UNSET for row in report.rows):
            self._keys = (*_UNIT, *_STAYS)
        self._compares = report.last_year is not UNSET
        self._splits = [(m, d, code) for m in self._measures for d in dimensions for code in codes_of(d)]

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """Name the columns."""
        found = [column(KIND), *(column(key) for key in self._keys)]
        for before in ("", "last_year", "change") if self._compares else ("",):
            point = f"{before}." if before else ""
            found += [TableColumn(f"{point}{m}", head_of_measure(m, before)) for m in self._measures]
        for before in ("", "last_year") if self._compares and self._splits else ("",):
            name = "last_year_split" if before else "split"
            found += [TableColumn(f"{name}.{m}.{d}.{c}", head_of_code(m, d, c, before)) for m, d, c in self._splits]
        return tuple(found)

    @property
    def part(self) -> TablePart:
        """Say how it is read: without the kinds of rows, which stand where a unit or a month would."""
        label = "name" if self._keys[0] == "unit" else self._keys[0]
        return TablePart(_KINDS, None, tuple(each.name for each in self.columns[1:]), label)

    def rows(self) -> Iterator[Cells]:
        """Yield the rows, the total last."""
        for row in self._report.rows:
            kind = next((kind for kind in ("own", "rest", "suppressed") if getattr(row, kind)), "row")
            yield self._line(kind, row)
        yield self._line("total", _total(self._report))

    def _line(self, kind: str, row: Row) -> Cells:
        cells: list[Cell] = [kind, *(_key(row, name) for name in self._keys)]
        for values in (row.values, row.last_year, row.change) if self._compares else (row.values,):
            cells += [_value(values, measure) for measure in self._measures]
        splits = ((row.values, row.split), (row.last_year, row.last_year_split))
        for values, split in splits if self._compares else splits[:1]:
            cells += [_of_code(values, split, *each) for each in self._splits]
        return cells


def _total(report: Report) -> Row:
    """Return what is said of the total in the form of a row."""
    total, before = Row(values=report.total, split=report.split), report.last_year
    if before is UNSET:
        return total
    return structs.replace(total, last_year=before.total, change=before.change, last_year_split=before.split)


def _keys_of(row: Row) -> tuple[str, ...]:
    if row.unit is not None:
        return _UNIT
    if row.codes is not None:
        return tuple(row.codes)
    return tuple(name for name in ("month", "quarter", "year", "code") if getattr(row, name) is not None)


def _key(row: Row, name: str) -> Cell:
    if name in _UNIT:
        return None if row.unit is None else getattr(row.unit, "id" if name == "unit" else name)
    if row.codes is not None:
        return row.codes[name]
    if name == "stays":
        return None if row.stays is UNSET else "; ".join(f"{each.since}/{each.until or ''}" for each in row.stays)
    found: Cell | UnsetType = getattr(row, name, None)
    return None if isinstance(found, UnsetType) else found


def _value(values: Values | UnsetType | None, measure: str) -> Cell:
    if values is None or isinstance(values, UnsetType) or measure not in values:
        return None
    value = values[measure]
    return HIDDEN if value is None else value


def _of_code(
    values: Values | UnsetType | None, split: Split | UnsetType | None, measure: str, dimension: str, code: str
) -> Cell:
    if values is None or isinstance(split, UnsetType):  # it was not there, so there is nothing to be hidden
        return None
    of_measure = None if split is None else split[measure]
    value = None if of_measure is None else of_measure[dimension][code]
    return HIDDEN if value is None else value


def _hidden(report: Report) -> Iterator[str]:
    if report.suppressed is not UNSET:
        counted = ", ".join(f"{measure}: {n}" for measure, n in report.suppressed.cells.items())
        yield f"{report.suppressed.reason} ({counted})"
    few = report.not_broken_down
    if few is not UNSET:
        rows = {} if few.rows is UNSET else few.rows
        said = [*few.measures, *(f"{measure}: {n} dòng" for measure, n in rows.items() if measure not in few.measures)]
        yield f"{few.reason} ({', '.join(said)})"
