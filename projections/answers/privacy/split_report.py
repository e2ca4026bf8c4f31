"""Rows split by the codes of dimensions as they may be shown (contract §9): `split_suppression` for whole answers.

Each measure and dimension is a table of rows by codes. Where last year stands beside it, what one period hides the
other hides too, and both hide what they would together: so the answer tells no more than the three by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType, structs

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.split_suppression import SplitHidden, hidden_alike, hidden_split
from projections.answers.privacy.suppression import hidden_codes
from projections.answers.report.codes import codes_of
from projections.answers.report.report_answers import NotBrokenDown, Report, Row, Split, Suppressed
from projections.answers.report.row_periods import name_a_year_later
from projections.bilingual import Bilingual

HIDDEN: Final = str(
    Bilingual(
        "Ô có ít hơn {smallest} người (khác 0) và các ô bù được ẩn để không suy ra được từng người.",
        "Cells of fewer than {smallest} people, and those that would give them away, are hidden.",
    )
)
NOT_SPLIT: Final = str(
    Bilingual(
        "Dòng có ít hơn {smallest} người, và các dòng bù, chỉ có tổng số, không phân tích (trong đó).",
        "Rows of fewer than {smallest} people, and those that would give them away, have their total alone.",
    )
)

Table = list[list[int]]


class TablesHidden(NamedTuple):
    """What is hidden of a measure by one dimension in one or two periods, by the places of rows and codes."""

    rows: tuple[frozenset[int], ...]
    """The rows that aren't broken down in each period."""
    cells: tuple[frozenset[int], ...]
    """The codes hidden in each row, in all periods alike."""
    total: frozenset[int] | None
    """The codes hidden in the totals; None where these aren't broken down."""


def hidden_together(tables: Sequence[Table], thresholds: Thresholds) -> TablesHidden:
    """Return what is hidden of a table of rows by codes in each of one or two periods that stand side by side.

    A row or total that is nobody's in one period gives nothing away there, and hides nothing in the other.
    """
    some = [table for table in tables if any(map(any, table))] or list(tables[:1])
    looked_at = [*some, _added(some)] if len(some) > 1 else some
    everything, nothing = frozenset(range(len(tables[0]))), frozenset[int]()
    if any(_sum(table) < thresholds.table for table in some):
        return TablesHidden((everything,) * len(tables), (nothing,) * len(tables[0]), None)
    alone = [hidden_split(table, *thresholds) for table in looked_at]
    nobody = [frozenset(row for row in everything if sum(table[row]) < thresholds.table) for table in tables]
    if len(some) == 1:
        (hidden,) = alone
        cells = tuple(nothing if row in hidden.rows else codes for row, codes in enumerate(hidden.cells))
        return TablesHidden(tuple(hidden.rows | few for few in nobody), cells, hidden.total)
    missing = _not_split(looked_at, alone)
    while True:
        # What is hidden without those that another period leaves out, and what is with them: one tells of the other.
        with_them = [hidden_split(table, *thresholds, also=missing) for table in looked_at]
        hidings = [*alone, *with_them]
        alike = hidden_alike(
            looked_at,
            missing,
            [
                nothing.union(*(hidden.cells[row] for hidden in hidings if row not in hidden.rows))
                for row in range(len(tables[0]))
            ],
            nothing.union(*(hidden.total for hidden in hidings)),
            thresholds.cell,
        )
        more = (_not_split(looked_at, with_them) | alike.told) - missing
        if not more:
            return TablesHidden(tuple(missing | few for few in nobody), tuple(alike.cells), alike.total)
        missing |= more


def _not_split(tables: Sequence[Table], hidden: Sequence[SplitHidden]) -> frozenset[int]:
    """Return the rows that a table with anybody in them doesn't break down."""
    return frozenset(row for table, each in zip(tables, hidden, strict=True) for row in each.rows if any(table[row]))


class SplitsHidden(NamedTuple):
    """What an answer hides of a measure by one dimension, in each period; rows and codes go by their places."""

    rows: tuple[frozenset[int], ...]
    """The rows that aren't broken down."""
    cells: tuple[tuple[frozenset[int], ...], ...]
    """The codes hidden in each row; of one that isn't broken down every one."""
    totals: tuple[frozenset[int] | None, ...]
    """The codes hidden in the total; None where it isn't broken down."""


def hidden_of_answer(tables: Sequence[Table], by: Thresholds, again: Sequence[tuple[int, int]]) -> SplitsHidden:
    """Return what an answer hides of a table of rows by codes in one or two periods.

    ``again`` are the rows that stand in it twice, as rows of both periods overlap: the place of a year among those of
    this period, and where it is the year before.
    """
    if again:
        return _hidden_years(tables, by, again)
    found = hidden_together(tables, by)
    codes = frozenset(range(len(tables[0][0]) if tables[0] else 0))
    return SplitsHidden(
        found.rows,
        tuple(
            tuple(codes if place in rows else hidden for place, hidden in enumerate(found.cells)) for rows in found.rows
        ),
        (found.total,) * len(tables),
    )


def _hidden_years(tables: Sequence[Table], by: Thresholds, again: Sequence[tuple[int, int]]) -> SplitsHidden:
    """Return what is hidden of years, some of which stand in an answer twice: they are one table, each once.

    Those of this period hide what they do by themselves, in both places. Each year that the other has more is a table
    by itself, as nothing tells of it but its value: the total of the year before is hidden where any of its years is
    not shown whole. Where the days begin or end within a year it isn't the same in both places, and the days between
    are nobody's row: it isn't broken down in the second place unless nothing of it is hidden, nor would be of them.
    """
    now, before = tables
    codes, nothing = frozenset(range(len(now[0]))), frozenset[int]()
    if any(any(map(any, table)) and _sum(table) < by.table for table in tables):
        few = frozenset(range(len(now)))
        return SplitsHidden((few, few), ((codes,) * len(now),) * 2, (None, None))
    found = hidden_split(now, *by)
    same = {place: here for here, place in again}
    rows, cells = set(), []
    for place, row in enumerate(before):
        if place in same and now[same[place]] != row:
            whole = not found.cells[same[place]] and _whole(row, by) and _whole(_between(row, now[same[place]]), by)
            hidden = nothing if whole else codes
            missing = not whole
        elif place in same:
            hidden, missing = found.cells[same[place]], same[place] in found.rows
        else:
            missing = sum(row) < by.table
            hidden = codes if missing else hidden_codes(row, by.cell)
        cells.append(hidden)
        rows |= {place} if missing else set()
    shown = not any(hidden for hidden, row in zip(cells, before, strict=True) if any(row))
    return SplitsHidden(
        (found.rows, frozenset(rows)), (found.cells, tuple(cells)), (found.total, nothing if shown else codes)
    )


def _whole(row: Sequence[int], by: Thresholds) -> bool:
    """Tell whether a row would be shown whole if it were asked for by itself."""
    return min(row) >= 0 and (not any(row) or sum(row) >= by.table) and not hidden_codes(row, by.cell)


def _between(one: Sequence[int], other: Sequence[int]) -> Sequence[int]:
    """Return by how much the larger of two rows is more; one that begins and ends elsewhere has less of some codes."""
    larger, smaller = (one, other) if sum(one) > sum(other) else (other, one)
    return [a - b for a, b in zip(larger, smaller, strict=True)]


def suppressed_split(report: Report, measures: Sequence[str], dimensions: Sequence[str], by: Thresholds) -> Report:
    """Return the report with null in what isn't shown of its splits."""
    whole = not report.rows  # then the total is all there is, and a table by itself
    periods = [[report.split] if whole else [row.split for row in report.rows]]
    if report.last_year is not UNSET:
        periods.append([report.last_year.split] if whole else [row.last_year_split for row in report.rows])
    again = _twice(report.rows) if len(periods) > 1 else []
    hidden = {
        (measure, dimension): hidden_of_answer([_table(period, measure, dimension) for period in periods], by, again)
        for measure in measures
        for dimension in dimensions
    }
    maker = _Maker(measures, dimensions, hidden)
    rows = report.rows
    if not whole:
        rows = [_shown(row, place, maker) for place, row in enumerate(report.rows)]
    last_year = report.last_year
    if last_year is not UNSET:
        last_year = structs.replace(last_year, split=maker.total(last_year.split, 1))
    return structs.replace(
        report,
        rows=rows,
        split=maker.total(report.split, 0),
        last_year=last_year,
        suppressed=maker.suppressed(by),
        not_broken_down=maker.not_broken_down(by, len(report.rows)),
    )


class _Maker:
    """Makes what is shown of splits, and counts what isn't."""

    def __init__(
        self,
        measures: Sequence[str],
        dimensions: Sequence[str],
        hidden: Mapping[tuple[str, str], SplitsHidden],
    ) -> None:
        self._measures, self._dimensions, self._hidden = measures, dimensions, hidden
        self._cells = dict.fromkeys(measures, 0)
        self._missing: dict[str, set[int]] = {measure: set() for measure in measures}

    def row(self, split: Split | UnsetType | None, place: int, period: int) -> Split | UnsetType | None:
        """Return what a row shows of its split in a period, 0 or 1.

        Each dimension hides what it would alone: one by which the row isn't broken down has null for every code where
        others have numbers.
        """
        if split is None or isinstance(split, UnsetType):
            return split
        found: dict[str, Mapping[str, Mapping[str, int | None]] | None] = {}
        for measure in self._measures:
            hidden = {d: self._hidden[measure, d] for d in self._dimensions}
            if all(place in each.rows[period] for each in hidden.values()):
                self._missing[measure].add(place)
                found[measure] = None
            else:
                found[measure] = self._without(split, measure, {d: h.cells[period][place] for d, h in hidden.items()})
        return found if any(each is not None for each in found.values()) else None

    def total(self, split: Split | UnsetType | None, period: int) -> Split | UnsetType | None:
        """Return what the total of a period, 0 or 1, shows of its split."""
        if split is None or isinstance(split, UnsetType):
            return split
        found: dict[str, Mapping[str, Mapping[str, int | None]] | None] = {}
        for measure in self._measures:
            hidden = {d: self._hidden[measure, d].totals[period] for d in self._dimensions}
            known = {d: places for d, places in hidden.items() if places is not None}
            found[measure] = self._without(split, measure, known) if len(known) == len(hidden) else None
        return found if any(each is not None for each in found.values()) else None

    def suppressed(self, by: Thresholds) -> Suppressed | UnsetType:
        """Say how many cells are hidden."""
        if not any(self._cells.values()):
            return UNSET
        return Suppressed(by.cell, self._cells, HIDDEN.format(smallest=by.cell))

    def not_broken_down(self, by: Thresholds, rows: int) -> NotBrokenDown | UnsetType:
        """Say what isn't broken down at all."""
        few = [m for m in self._measures if self._hidden[m, self._dimensions[0]].totals[0] is None]
        missing = {measure: len(places) for measure, places in self._missing.items() if places and rows}
        if not few and not missing:
            return UNSET
        return NotBrokenDown(by.table, few, NOT_SPLIT.format(smallest=by.table), missing)

    def _without(
        self, split: Split, measure: str, hidden: Mapping[str, frozenset[int]]
    ) -> Mapping[str, Mapping[str, int | None]]:
        of_measure = split[measure]
        assert of_measure is not None, "nothing is hidden yet"  # noqa: S101
        found = {}
        for dimension, places in hidden.items():
            self._cells[measure] += len(places)
            found[dimension] = {
                code: None if place in places else of_measure[dimension][code]
                for place, code in enumerate(codes_of(dimension))
            }
        return found


def _shown(row: Row, place: int, maker: _Maker) -> Row:
    shown = structs.replace(row, split=maker.row(row.split, place, 0))
    if row.last_year_split is UNSET:
        return shown
    return structs.replace(shown, last_year_split=maker.row(row.last_year_split, place, 1))


def _twice(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Return the places of rows whose period is, a year later, the year before of another row, with that one's."""
    names = {row.month or row.quarter or row.year: place for place, row in enumerate(rows)}
    later = ((place, names.get(name_a_year_later(name))) for name, place in names.items() if name is not None)
    return [(place, at) for place, at in later if at is not None]


def _table(splits: Sequence[Split | UnsetType | None], measure: str, dimension: str) -> Table:
    """Write a table of the splits of rows by the codes of a dimension; who wasn't there is nobody."""
    codes = codes_of(dimension)
    table = []
    for split in splits:
        of_measure = None if split is None or isinstance(split, UnsetType) else split[measure]
        table.append([0] * len(codes) if of_measure is None else [of_measure[dimension][code] or 0 for code in codes])
    return table


def _added(tables: Sequence[Table]) -> Table:
    return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]


def _sum(table: Table) -> int:
    return sum(map(sum, table))
