"""Counts of rows by the codes of several dimensions, each dimension by itself (contract §9, `split`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import add, sub
from typing import Final

from events.vocabulary import UNKNOWN
from projections.answers.report.codes import codes_of

Counted = dict[str, dict[str, dict[str, int]]]
"""By measure, dimension and code; of each dimension every code, and together the value."""


MOST_CELLS: Final = 1_000_000
"""Cells that one split may have: some 100 MB while it is worked out."""


class TooManyCellsError(Exception):
    """A split would have more ``cells`` than the ``most`` that one may have."""

    def __init__(self, cells: int, most: int) -> None:
        super().__init__(cells, most)
        self.cells, self.most = cells, most


def require_fewer_cells(rows: int, measures: Collection[str], dimensions: Collection[str]) -> None:
    """Raise TooManyCellsError where rows by measures and codes are too many."""
    cells = rows * len(measures) * sum(len(codes_of(dimension)) for dimension in dimensions)
    if cells > MOST_CELLS:
        raise TooManyCellsError(cells, MOST_CELLS)


class Splits:
    """Counts by row, whatever names it: added up code by code; what no code explains of a value is unknown."""

    def __init__(self, measures: tuple[str, ...], dimensions: tuple[str, ...]) -> None:
        self._measures = measures
        self._dimensions = dimensions
        self._counts: dict[object, dict[tuple[str, str], list[int]]] = {}

    def add(self, row: object, measure: str, dimension: str, code: str, n: int) -> None:
        """Add to a code of a row's measure; unknown may be left out."""
        codes = codes_of(dimension)
        of_row = self._counts.setdefault(row, {})
        counts = of_row.get((measure, dimension))
        if counts is None:
            counts = of_row[measure, dimension] = [0] * (len(codes) - 1)
        if code != UNKNOWN:
            counts[codes.index(code)] += n

    def add_all(self, row: object, measure: str, dimension: str, counts: list[int]) -> None:
        """Add to all codes of a row's measure but to unknown, in their order; the list is kept."""
        of_row = self._counts.setdefault(row, {})
        before = of_row.get((measure, dimension))
        of_row[measure, dimension] = counts if before is None else list(map(add, before, counts))

    def of(self, rows: Iterable[object], values: Mapping[str, int]) -> Counted:
        """Return the counts of a row, or of several together whose values these are."""
        return self.rest(rows, (), values)

    def rest(self, rows: Iterable[object], parts: Iterable[object], values: Mapping[str, int]) -> Counted:
        """Return what parts leave of the counts of rows; the values are those of what is left."""
        whole = [self._counts[row] for row in rows if row in self._counts]
        less = [self._counts[row] for row in parts if row in self._counts]
        split: Counted = {}
        for measure in self._measures:
            split[measure] = {}
            for dimension in self._dimensions:
                *codes, _ = codes_of(dimension)
                counts = _together(whole, (measure, dimension), len(codes))
                if less:
                    counts = list(map(sub, counts, _together(less, (measure, dimension), len(codes))))
                cells = dict(zip(codes, counts, strict=True))
                cells[UNKNOWN] = values[measure] - sum(counts)
                split[measure][dimension] = cells
        return split


def _together(rows: Iterable[Mapping[tuple[str, str], list[int]]], key: tuple[str, str], codes: int) -> Sequence[int]:
    found = [counts[key] for counts in rows if key in counts]
    if len(found) > 1:
        return [sum(each) for each in zip(*found, strict=True)]
    return found[0] if found else [0] * codes
