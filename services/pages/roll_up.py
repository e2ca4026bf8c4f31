"""A roll-up as it stands on a page: its columns, its rows in order, a page of them. Nothing is counted here anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

from msgspec import UnsetType, structs

from projections.answers.report.codes import codes_of
from projections.answers.report.report_answers import Report, Row, Split, Values
from projections.answers.words.percents import percent
from projections.answers.words.vietnamese_order import OrderKey, by_name
from services.pages.paging import LONGEST

Part: TypeAlias = Literal["values", "last_year", "change", "percent", "split", "last_year_split"]
Why: TypeAlias = Literal["", "hidden", "absent", "few"]

T = TypeVar("T")

KINDS: Final = ("row", "own", "rest", "suppressed")
"""The kinds of rows, in the order in which they always stand."""
BY_NAME: Final = "name"


class RollUpColumn(NamedTuple):
    """A column of numbers: of a measure, of last year's, of what changed, or of those who have one code."""

    part: Part
    measure: str
    dimension: str = ""
    code: str = ""

    @property
    def name(self) -> str:
        """Name it as the address does: `admissions`, `change.admissions`, `split.admissions.sex.female`."""
        return ".".join(each for each in ("" if self.part == "values" else self.part, *self[1:]) if each)


class ShownFigure(NamedTuple):
    """What a cell has: a number, or why there is none.

    `hidden`: it would single somebody out; `absent`: the unit was not there; `few`: there are too few to break down.
    """

    value: float | None
    why: Why = ""


class Sort(NamedTuple):
    """By what the rows are sorted: a column, or their names (None)."""

    column: RollUpColumn | None = None
    falling: bool = False

    @property
    def name(self) -> str:
        """Name it as the address does: `name`, `-admissions`."""
        return f"{'-' if self.falling else ''}{BY_NAME if self.column is None else self.column.name}"


class RollUpPage(NamedTuple):
    """A page of the rows; `first` and `last` count those that are not special, of `number`.

    `elsewhere` has what the rows of the other pages come to, so that what is seen adds up to the total.
    """

    rows: list[Row]
    first: int
    last: int
    number: int
    elsewhere: Row | None


def columns_of(measures: Iterable[str], dimensions: Sequence[str], *, compares: bool) -> list[RollUpColumn]:
    """Return the columns of a report, measure by measure."""
    parts: tuple[Part, ...] = ("values", "last_year", "change", "percent") if compares else ("values",)
    splits: tuple[Part, ...] = ("split", "last_year_split") if compares else ("split",)
    found = []
    for measure in measures:
        found += [RollUpColumn(part, measure) for part in parts]
        found += [RollUpColumn(s, measure, d, code) for d in dimensions for s in splits for code in codes_of(d)]
    return found


def sort_of(text: str, columns: Iterable[RollUpColumn]) -> Sort | None:
    """Read by what an address sorts; None where there is no such column."""
    falling, name = text.startswith("-"), text.removeprefix("-")
    if name in {"", BY_NAME}:
        return Sort(None, falling)
    return next((Sort(column, falling) for column in columns if column.name == name), None)


def kind_of(row: Row) -> str:
    """Return the kind of a row, one of KINDS."""
    return next((kind for kind in KINDS[1:] if getattr(row, kind)), "row")


def total_of(report: Report) -> Row:
    """Return the total as a row."""
    total, before = Row(values=report.total, split=report.split), report.last_year
    if isinstance(before, UnsetType):
        return total
    return structs.replace(total, last_year=before.total, change=before.change, last_year_split=before.split)


def figure(row: Row, column: RollUpColumn, few: frozenset[str] = frozenset()) -> ShownFigure:
    """Return what stands in a cell; `few` are the measures that are not broken down at all."""
    here, then = row.values, _there(row.last_year)
    match column.part:
        case "values" | "last_year":
            return _plain(here if column.part == "values" else then, column.measure, few)
        case "change" | "percent":
            if here is None or then is None:
                return ShownFigure(None, "absent")
            change = (_there(row.change) or {}).get(column.measure)
            if change is None:
                return ShownFigure(None, "few" if column.measure in few else "hidden")
            return ShownFigure(change if column.part == "change" else _percent(change, then[column.measure]))
        case _:
            this = column.part == "split"
            if (here if this else then) is None or isinstance(row.split if this else row.last_year_split, UnsetType):
                return ShownFigure(None, "absent")
            return _of_code(_there(row.split if this else row.last_year_split), column)


def ordered(rows: Iterable[Row], sort: Sort) -> list[Row]:
    """Sort rows: those that no sub-unit explains, and what hidden cells come to, always stand last.

    Units are sorted by their names, periods and codes stand as they are given; what has no number is behind those
    that have, whichever way it is sorted.
    """
    found = list(rows)
    plain = [row for row in found if kind_of(row) == "row"]
    special = sorted((row for row in found if kind_of(row) != "row"), key=lambda row: KINDS.index(kind_of(row)))
    if all(row.unit is not None for row in plain):
        plain.sort(key=_name)
    if sort.column is None:
        return [*(reversed(plain) if sort.falling else plain), *special]
    numbers = [(figure(row, sort.column).value, row) for row in plain]
    there = sorted(((n, row) for n, row in numbers if n is not None), key=lambda each: each[0], reverse=sort.falling)
    return [*(row for _, row in there), *(row for n, row in numbers if n is None), *special]


def sheet_of(rows: Sequence[Row], begin: int, size: int = LONGEST) -> RollUpPage:
    """Return the page of sorted rows that begins after so many; special rows are on the last one."""
    count = sum(kind_of(row) == "row" for row in rows)
    begin = min(max(begin, 0), max(count - 1, 0) // size * size)
    end = min(begin + size, count)
    shown = [*rows[begin:end], *(rows[count:] if end == count else ())]
    others = [*rows[:begin], *(rows[end:] if end < count else ())]
    return RollUpPage(
        shown,
        begin + 1 if count else 0,
        end,
        count,
        _added_up(others) if others else None,
    )


def _added_up(rows: Sequence[Row]) -> Row:
    """Add up what rows show; what they don't, counts as nothing here as in the sum of all."""
    values, last_year = _sum([row.values for row in rows]), _sum([_there(row.last_year) for row in rows])
    if all(isinstance(row.last_year, UnsetType) for row in rows):
        return Row(values=values)
    change = {m: n - last_year.get(m, 0) for m, n in values.items()}
    return Row(values=values, last_year=last_year, change=change)


def _sum(all_values: Sequence[Values | None]) -> dict[str, int]:
    measures = dict.fromkeys(measure for values in all_values for measure in values or ())
    return {m: sum((values or {}).get(m) or 0 for values in all_values) for m in measures}


def _name(row: Row) -> tuple[OrderKey, str]:
    assert row.unit is not None, "rows are all of units, or none is"  # noqa: S101
    return by_name(row.unit)


def _plain(values: Values | None, measure: str, few: frozenset[str]) -> ShownFigure:
    if values is None or measure not in values:
        return ShownFigure(None, "absent")
    n = values[measure]
    return ShownFigure(n) if n is not None else ShownFigure(None, "few" if measure in few else "hidden")


def _of_code(split: Split | None, column: RollUpColumn) -> ShownFigure:
    of_measure = None if split is None else split.get(column.measure)
    if of_measure is None:
        return ShownFigure(None, "few")
    n = of_measure.get(column.dimension, {}).get(column.code, 0)
    return ShownFigure(n) if n is not None else ShownFigure(None, "hidden")


def _percent(change: int, before: int | None) -> float | None:
    share = percent(abs(change), before)
    return share if share is None or change >= 0 else -share


def _there(given: T | UnsetType | None) -> T | None:
    return None if isinstance(given, UnsetType) else given
