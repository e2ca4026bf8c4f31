"""Which cells of a table of units by codes are hidden, where sums are known both ways (decision 0014, contract §9).

The value of every row is shown beside it, and the last row of all is the total by codes. So what is missing from one
row could be had from the others, and what is missing from a column from its total.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from projections.answers.privacy.suppression import hidden_codes, neighbours, next_hidden

Cells = Sequence[int]
"""A number for each code of a dimension; `unknown` is last."""


class SplitHidden(NamedTuple):
    """What isn't shown of a table of units by codes; rows and codes go by their places, from 0."""

    rows: frozenset[int]
    """The rows that are not broken down at all."""
    cells: tuple[frozenset[int], ...]
    """The codes hidden in each row; of a row that isn't broken down every one."""
    total: frozenset[int]
    """The codes hidden in the total; every one where it isn't broken down."""


def hidden_split(
    table: Sequence[Cells], smallest: int, smallest_table: int, also: frozenset[int] = frozenset()
) -> SplitHidden:
    """Return what is hidden of the rows and of their total; the rows ``also`` given aren't broken down in any case.

    A row of fewer than ``smallest_table`` people isn't broken down, nor are the smallest others until those that aren't
    come to so many together: the total less the rows that are shown is a table of so many, and is treated as a row. If
    all come to fewer, nothing is broken down. In each row, and in the total, small cells are hidden as in any table.

    Then what a row hides must not be had from the columns. The codes that the total has go in neighbouring twos,
    `unknown` with the last of them, and rows in neighbouring twos too; a group of codes is hidden in whole groups of
    rows, in further ones until each cell hidden could be another number for somebody who knows what the group of codes
    comes to in every row and column. Every row hides a group that the total hides, or that has a known code with fewer
    than ``2 * smallest - 1`` people in the total, or but one known code beside `unknown`: a row that showed it would
    tell of the others.

    What can't be hidden is that everybody is alike: of rows whose people all have one code the total tells which.
    """
    codes = range(len(table[0])) if table else range(0)
    everything = frozenset(codes)
    sums = [sum(row) for row in table]
    total = [sum(row[code] for row in table) for code in codes]
    if sum(sums) < smallest_table:
        return SplitHidden(frozenset(range(len(table))), (everything,) * len(table), everything)
    missing = _missing(sums, smallest_table) | also
    shown = [place for place in range(len(table)) if place not in missing]
    lines: list[Cells] = [table[place] for place in shown]
    if any(sums[place] for place in missing):  # what the total leaves of the rows shown
        lines.append([sum(table[place][code] for place in missing) for code in codes])
    in_total = hidden_codes(total, smallest)
    in_lines = _hidden(lines, total, in_total, smallest)
    by_row = dict(zip(shown, in_lines, strict=False))
    cells = tuple(by_row.get(place, everything) for place in range(len(table)))
    return SplitHidden(missing, cells, in_total)


def _missing(sums: Cells, smallest_table: int) -> frozenset[int]:
    """Return the rows that are too small to be broken down, and the smallest others until they suffice together."""
    missing = {place for place, n in enumerate(sums) if n < smallest_table}
    together = sum(sums[place] for place in missing)
    others = sorted((n, place) for place, n in enumerate(sums) if place not in missing)
    for n, place in others:
        if not 0 < together < smallest_table:
            break
        missing.add(place)
        together += n
    return frozenset(missing)


def _hidden(lines: list[Cells], total: Cells, in_total: frozenset[int], smallest: int) -> list[frozenset[int]]:
    """Return the codes hidden in each line; the total hides its own."""
    alone = [hidden_codes(line, smallest) for line in lines]
    if sum(map(any, lines)) < 2 or smallest == 1:  # noqa: PLR2004 - one alone is the total
        return alone
    if len(in_total) == len(total):
        return [in_total if any(line) else frozenset() for line in lines]
    counted = [code for code, n in enumerate(total[:-1]) if n]
    groups = neighbours(counted)
    if total[-1]:
        groups[-1:] = [[*(groups[-1] if groups else ()), len(total) - 1]]
    hidden: list[set[int]] = [set() for _ in lines]
    for group in groups:
        block = [[line[code] for code in group] for line in lines]
        if _always(group, counted, total, in_total, smallest):
            hides = [any(cells) for cells in block]
        else:
            hides = _widened([bool(codes & set(group)) for codes in alone], block, smallest)
        for codes, hidden_here in zip(hidden, hides, strict=True):
            codes.update(group if hidden_here else ())
    return [frozenset(codes) for codes in hidden]


def _always(group: list[int], counted: list[int], total: Cells, in_total: frozenset[int], smallest: int) -> bool:
    """Tell whether every row hides a group, whatever is in it."""
    few = any(total[code] < 2 * smallest - 1 for code in group if code in counted)
    return few or bool(in_total & set(group)) or len(counted) == 1 < len(group)


def _widened(hides: list[bool], block: Sequence[Cells], smallest: int) -> list[bool]:
    """Hide a group of codes in whole groups of lines, in further ones until those that hide it protect each other."""
    groups = neighbours([place for place, cells in enumerate(block) if any(cells)])
    hidden = [any(hides[place] for place in group) for group in groups]
    if not any(hidden):
        return [False] * len(hides)
    together = _Block(smallest)
    for group in (group for group, hides_it in zip(groups, hidden, strict=True) if hides_it):
        together.take([block[place] for place in group])
    while not (all(hidden) or together.is_protected()):
        widened = next_hidden(hidden)
        hidden[widened] = True
        together.take([block[place] for place in groups[widened]])
    places = {place for group, hides_it in zip(groups, hidden, strict=True) if hides_it for place in group}
    return [place in places for place in range(len(hides))]


class _Block:
    """The lines that hide a group of codes; whether each cell can be another number where all their sums are known.

    A small one by as much as its row allows and ``smallest`` asks for. What a cell can be, less one, is the least of
    its row, its column, and what each leaves of the block: it never becomes less with further lines.
    """

    def __init__(self, smallest: int) -> None:
        self._smallest = smallest
        self._columns: list[int] = []
        self._open: list[tuple[int, int, int]] = []
        """Row sum, column, and how much it must be able to change, of the cells that aren't protected yet."""

    def take(self, lines: Sequence[Cells]) -> None:
        """Add lines."""
        for cells in lines:
            self._columns = (
                [sum(both) for both in zip(self._columns, cells, strict=True)] if self._columns else list(cells)
            )
            row = sum(cells)
            needs = (min(self._smallest - 1, row) if n < self._smallest else 1 for n in cells)
            self._open += [(row, column, need) for column, need in enumerate(needs) if cells[column]]

    def is_protected(self) -> bool:
        """Tell whether every cell is."""
        whole = sum(self._columns)

        def freedom(row: int, column: int) -> int:
            return min(row, self._columns[column], whole - row, whole - self._columns[column])

        self._open = [cell for cell in self._open if freedom(cell[0], cell[1]) < cell[2]]
        return not self._open
