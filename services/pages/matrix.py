"""Two dimensions as rows and columns of one measure; sums at its edges only where nothing of them is hidden."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from projections.answers.report.codes import codes_of, dimensions_asked
from projections.answers.report.report_answers import Report


class MatrixRow(NamedTuple):
    """A code of the first dimension: its cells by the codes of the second, and their sum."""

    code: str
    cells: list[int | None]
    total: int | None


class Matrix(NamedTuple):
    """The table of a measure; without rows where it is of too few people to be broken down.

    A cell is None where it is hidden, and so is a sum of which a cell is hidden; `suppressed` is what all hidden cells
    come to.
    """

    measure: str
    dimensions: tuple[str, ...]
    codes: tuple[str, ...]
    rows: list[MatrixRow]
    totals: list[int | None]
    total: int
    suppressed: int | None


def matrix_of(report: Report, measure: str, by: str) -> Matrix:
    """Lay out one measure of a report by two dimensions. Codes that nobody has stand in no row and no column."""
    first, second = dimensions = dimensions_asked(by.partition(":")[2])
    few = report.not_broken_down
    broken_down = bool(report.rows) and not (few and measure in few.measures)
    cells = {
        (row.codes[first], row.codes[second]): (row.values or {}).get(measure)
        for row in report.rows
        if row.codes is not None
    }
    rows = [c for c in codes_of(first) if any(cells.get((c, d)) != 0 for d in codes_of(second))]
    columns = tuple(d for d in codes_of(second) if any(cells.get((c, d)) != 0 for c in codes_of(first)))
    hidden = [(row.values or {}).get(measure) for row in report.rows if row.suppressed]
    lines = [[cells.get((c, d)) for d in columns] for c in rows]
    return Matrix(
        measure,
        dimensions,
        columns,
        [MatrixRow(c, line, _sum(line)) for c, line in zip(rows, lines, strict=True)] if broken_down else [],
        [_sum(column) for column in zip(*lines, strict=True)] if broken_down else [],
        report.total[measure],
        hidden[0] if hidden and broken_down else None,
    )


def _sum(cells: Iterable[int | None]) -> int | None:
    known = list(cells)
    return None if None in known else sum(each for each in known if each is not None)
