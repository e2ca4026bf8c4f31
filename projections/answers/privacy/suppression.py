"""Which cells of a breakdown are hidden, so that none of one or two people can be told or worked out (decision 0014).

A cell of a known code with 1 to ``smallest - 1`` people would single them out. Where there is one, others are hidden
with it, as the total and all that is shown would give it away by subtraction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

Table = Sequence[Sequence[int]]
"""Rows of cells, one for each code of a dimension, those of the other in each; `unknown` is last in both."""


class CellBlock(NamedTuple):
    """The cells in which one of the rows crosses one of the columns; places count from 0."""

    rows: frozenset[int]
    columns: frozenset[int]

    def __contains__(self, cell: object) -> bool:
        return isinstance(cell, tuple) and cell[0] in self.rows and cell[1] in self.columns


NOTHING = CellBlock(frozenset(), frozenset())


def hidden_codes(cells: Sequence[int], smallest: int) -> frozenset[int]:
    """Return the places of the cells of one dimension that are hidden; the last cell is `unknown`.

    The rule: known codes that aren't zero go in neighbouring twos, the last three together where their number is odd; a
    group with a small cell is hidden, and the next one too until each hidden cell has ``smallest`` possible values
    (none of them 0, as zeros are shown); where that doesn't suffice, every cell is hidden, zeros and unknown too.

    Which cells go together depends on their order alone, never on their size, so that knowing the rule doesn't help
    either: which cells are shown, or that they are larger, says nothing about those that are not.
    """
    counted = [place for place, n in enumerate(cells[:-1]) if n]
    if all(cells[place] >= smallest for place in counted):
        return frozenset()
    everything = frozenset(range(len(cells)))
    groups = neighbours(counted)
    hidden = [any(cells[place] < smallest for place in group) for group in groups]
    while True:
        places = [place for group, hides in zip(groups, hidden, strict=True) if hides for place in group]
        if len(places) > 1 and sum(cells[place] for place in places) >= len(places) + smallest - 1:
            return frozenset(places)
        if all(hidden):
            return everything
        hidden[next_hidden(hidden)] = True


def hidden_pairs(table: Table, smallest: int) -> CellBlock:
    """Return the block of a table of two dimensions that is hidden, or NOTHING.

    The rule: rows that aren't all zero go in neighbouring twos, `unknown` among them, the last three together where
    their number is odd; all rows are one group where the breakdown by their dimension alone hides every code. Columns
    likewise. The block has every group with a small cell, or with a code that the breakdown by its dimension alone
    hides, then the next groups until each small cell has ``smallest`` possible values for somebody who knows the sums
    of all rows and columns; where no block does, the whole table is hidden. A block with fewer than two known codes of
    a dimension takes in all of that dimension.

    Small is a pair of known codes, and of a known code with `unknown` where the code as a whole is small. As with one
    dimension, which cells go together depends on their order: the rule itself gives nothing away.
    """
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    small = list(_small_pairs(table, rows, columns, smallest))
    if not small:
        return NOTHING
    in_rows = _Lines(rows, {row for row, _ in small}, smallest)
    in_columns = _Lines(columns, {column for _, column in small}, smallest)
    while need := _needed(table, CellBlock(in_rows.hidden(), in_columns.hidden()), small, smallest):
        if not (in_columns if need == "column" else in_rows).widen():
            return CellBlock(frozenset(range(len(rows))), frozenset(range(len(columns))))
    return CellBlock(in_rows.enough(), in_columns.enough())


def neighbours(places: list[int]) -> list[list[int]]:
    """Group places in twos in their order, the last three together where their number is odd."""
    groups = [places[i : i + 2] for i in range(0, len(places), 2)]
    if len(places) > 1 and len(places) % 2:
        groups[-2:] = [places[-3:]]
    return groups


class _Lines:
    """The rows, or the columns, of a table in their groups, and which of these are hidden."""

    def __init__(self, sums: list[int], small: set[int], smallest: int) -> None:
        self._number = len(sums)
        alone = hidden_codes(sums, smallest)
        counted = [place for place, n in enumerate(sums) if n]
        self._groups = neighbours(counted) if len(alone) < len(sums) else [list(range(len(sums)))]
        self._hides = [bool((small | alone) & set(group)) for group in self._groups]

    def hidden(self) -> frozenset[int]:
        return frozenset(
            place for group, hides in zip(self._groups, self._hides, strict=True) if hides for place in group
        )

    def widen(self) -> bool:
        """Hide the next group; False where there is none."""
        if all(self._hides):
            return False
        self._hides[next_hidden(self._hides)] = True
        return True

    def enough(self) -> frozenset[int]:
        """Return what is hidden, and everything where that is fewer than two known codes."""
        found = self.hidden()
        known = found - {self._number - 1}
        return found if len(known) > 1 else frozenset(range(self._number))


def next_hidden(hidden: list[bool]) -> int:
    """Return the first group after the last hidden one that isn't hidden, or else the last before it."""
    last = len(hidden) - 1 - hidden[::-1].index(True)
    return last + 1 if last + 1 < len(hidden) else len(hidden) - 1 - hidden[::-1].index(False)


def _small_pairs(table: Table, rows: list[int], columns: list[int], smallest: int) -> Iterable[tuple[int, int]]:
    unknown_row, unknown_column = len(rows) - 1, len(columns) - 1
    for i, row in enumerate(table):
        for j, n in enumerate(row):
            known = (i < unknown_row and (j < unknown_column or rows[i] < smallest)) or (
                j < unknown_column and columns[j] < smallest
            )
            if known and 1 <= n < smallest:
                yield i, j


def _needed(table: Table, block: CellBlock, small: list[tuple[int, int]], smallest: int) -> str | None:
    """Say whether a `column` or a `row` is to be added to the block, None where it protects its small cells.

    With its sums known, a cell can be as large as the smaller of its row and column, and as small as what the others
    can't take: it has as many values (less one) as the least of its row, its column, and what each leaves of the block.
    """
    rows = {i: sum(table[i][j] for j in block.columns) for i in block.rows}
    columns = {j: sum(table[i][j] for i in block.rows) for j in block.columns}
    whole = sum(rows.values())
    if any(min(rows[i], whole - columns[j]) < smallest - 1 for i, j in small):
        return "column"
    if any(min(columns[j], whole - rows[i]) < smallest - 1 for i, j in small):
        return "row"
    return None
