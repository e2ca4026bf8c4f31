"""Which cells of a table of units by codes are hidden, where sums are known both ways (decision 0014, contract §9).

The value of every row is shown beside it, and the last row of all is the total by codes. So what is missing from one
row could be had from the others, and what is missing from a column from its total.
"""

from __future__ import annotations

from collections import Counter
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
    all come to fewer, nothing is broken down. In the total small cells are hidden as in any table.

    In the rows, the codes that the total has go in neighbouring twos, `unknown` with the last of them, and rows in
    neighbouring twos too. A group of codes with a small cell is hidden in whole groups of rows, in further ones until
    each cell hidden could be another number for somebody who knows what the group of codes comes to in every row and
    column. Every row with somebody in it hides a group that the total hides, or that has a known code with fewer than
    ``2 * smallest - 1`` people in the total, or but one known code beside `unknown`: a row that showed it would tell of
    the others. A group that one row alone has is shown there if the total shows it. A row whose small cells its own
    value would tell isn't broken down, as if it were too small.

    Two people are few here also where ``smallest`` is 2: that two codes of two people are hidden says each has one.
    What can't be hidden is that everybody is alike: of rows whose people all have one code the total tells which.
    """
    codes = range(len(table[0])) if table else range(0)
    everything = frozenset(codes)
    sums = [sum(row) for row in table]
    total = [sum(row[code] for row in table) for code in codes]
    if sum(sums) < smallest_table:
        return SplitHidden(frozenset(range(len(table))), (everything,) * len(table), everything)
    missing = _missing(sums, smallest_table) | also
    while True:
        shown = [place for place in range(len(table)) if place not in missing]
        lines: list[Cells] = [table[place] for place in shown]
        if any(sums[place] for place in missing):  # what the total leaves of the rows shown
            lines.append([sum(table[place][code] for place in missing) for code in codes])
        in_lines, in_total = _hidden(lines, total, smallest)
        told = _told(lines, in_lines, in_total, total, smallest)
        if not told or not shown:
            break
        missing |= {shown[line] for line in told if line < len(shown)}
        if len(shown) in told:  # what is left of the total: with one more
            missing |= {min(shown, key=lambda place: (sums[place], place))}
    by_row = dict(zip(shown, in_lines, strict=False))
    cells = tuple(by_row.get(place, everything) for place in range(len(table)))
    return SplitHidden(missing, cells, in_total)


class HiddenAlike(NamedTuple):
    """What several tables of the same rows and codes hide alike."""

    cells: list[frozenset[int]]
    """The codes hidden in each row; of those that aren't broken down none is said."""
    total: frozenset[int]
    told: frozenset[int]
    """Rows with a small cell that something still tells: they aren't to be broken down."""


def hidden_alike(
    tables: Sequence[Sequence[Cells]],
    missing: frozenset[int],
    cells: Sequence[frozenset[int]],
    in_total: frozenset[int],
    smallest: int,
) -> HiddenAlike:
    """Return what is hidden in all of the tables where each hides some by itself; the last is the sum of the others.

    ``cells`` and ``in_total`` are all that any of them hides. Each goes by its own groups: which of them had to hide
    would tell what is in it. So here groups are those of the sum, of codes and of rows, and hidden as a whole.
    """
    codes, rows = range(len(tables[0][0])), range(len(tables[0]))
    shown = [place for place in rows if place not in missing]
    layers: list[list[Cells]] = [[table[place] for place in shown] for table in tables]
    if any(any(table[place]) for table in tables for place in missing):
        for lines, table in zip(layers, tables, strict=True):
            lines.append([sum(table[place][code] for place in missing) for code in codes])
    totals = [[sum(row[code] for row in table) for code in codes] for table in tables]
    hidden = [set(cells[place]) for place in shown]
    hidden += [set() for _ in layers[-1][len(shown) :]]
    several = sum(map(any, layers[-1])) > 1
    if smallest > 1 and several and len(in_total) < len(codes):
        in_total = _hide_groups(layers, totals, hidden, in_total, max(smallest, 3))
    elif len(in_total) == len(codes):
        hidden = [set(in_total) for _ in hidden]
    told = set()
    for lines, total in zip(layers, totals, strict=True):
        told |= set(_told(lines, [frozenset(each) for each in hidden], in_total, total, smallest))
    more = {shown[line] for line in told if line < len(shown)}
    if len(shown) in told and shown:  # what is left of the total: with one more
        more.add(min(shown, key=lambda place: (sum(tables[-1][place]), place)))
    by_row = dict(zip(shown, map(frozenset, hidden), strict=False))
    return HiddenAlike([by_row.get(place, frozenset()) for place in rows], in_total, frozenset(more))


def _hide_groups(
    layers: Sequence[Sequence[Cells]],
    totals: Sequence[Cells],
    hidden: Sequence[set[int]],
    in_total: frozenset[int],
    few: int,
) -> frozenset[int]:
    """Hide in lines, which already hide some codes, whole groups of the last total; return what the totals hide."""
    groups, unknown = _groups(totals[-1]), len(totals[-1]) - 1
    in_total = frozenset(code for group in groups if in_total & set(group) for code in group)
    for group in groups:
        blocks = [[[line[code] for code in group] for line in lines] for lines in layers]
        known = len(group) - (group[-1] == unknown)
        hides = [bool(codes & set(group)) for codes in hidden]
        if any(_always(group, total, in_total, few) for total in totals):
            hides = [any(cells) or hides_it for cells, hides_it in zip(blocks[-1], hides, strict=True)]
        elif sum(map(any, blocks[-1])) > 1:  # else the total shows what is in it
            seeds = list(hides)
            for block in blocks:
                small = [any(1 <= n < few for n in cells[:known]) for cells in block]
                seeds = [one or other for one, other in zip(seeds, small, strict=True)]
            hides = [one or other for one, other in zip(hides, _widened(seeds, blocks, known, few), strict=True)]
        for codes, hidden_here in zip(hidden, hides, strict=True):
            codes.update(group if hidden_here else ())
    return in_total


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


def _hidden(lines: list[Cells], total: Cells, smallest: int) -> tuple[list[frozenset[int]], frozenset[int]]:
    """Return the codes hidden in each line, and in the total."""
    in_total = hidden_codes(total, smallest)
    if sum(map(any, lines)) < 2 or smallest == 1:  # noqa: PLR2004 - one alone is the total
        return [hidden_codes(line, smallest) for line in lines], in_total
    groups, few = _groups(total), max(smallest, 3)
    in_total |= hidden_codes(total, few)
    if len(in_total) == len(total):
        return [in_total if any(line) else frozenset() for line in lines], in_total
    in_total = frozenset(code for group in groups if in_total & set(group) for code in group)
    hidden: list[set[int]] = [set() for _ in lines]
    for group in groups:
        block = [[line[code] for code in group] for line in lines]
        if not in_total & set(group) and sum(map(any, block)) < 2:  # noqa: PLR2004 - the total shows what is in it
            continue
        if _always(group, total, in_total, few):
            hides = [any(cells) for cells in block]
        else:
            known = len(group) - (group[-1] == len(total) - 1)
            hides = _widened([any(1 <= n < few for n in cells[:known]) for cells in block], [block], known, few)
        for codes, hidden_here in zip(hidden, hides, strict=True):
            codes.update(group if hidden_here else ())
    return [frozenset(codes) for codes in hidden], in_total


def _groups(total: Cells) -> list[list[int]]:
    """Return the codes that the total has in neighbouring twos, `unknown` with the last of them."""
    groups = neighbours([code for code, n in enumerate(total[:-1]) if n])
    if total[-1]:
        groups[-1:] = [[*(groups[-1] if groups else ()), len(total) - 1]]
    return groups


def _told(
    lines: list[Cells], hidden: list[frozenset[int]], in_total: frozenset[int], total: Cells, smallest: int
) -> list[int]:
    """Return the lines with a small cell that the value of the line tells, though the total hides its code.

    Somebody is in each code that the total hides, unless it hides all, and in each group that a line hides. So there is
    one at least in each code that this line alone hides, and in each group.
    """
    if sum(map(any, lines)) < 2:  # noqa: PLR2004 - one alone is the total
        return []
    hide_it = Counter(code for codes in hidden for code in codes)
    groups = [] if len(hidden_codes(total, smallest)) == len(total) else _groups(total)
    found = []
    for line, (cells, codes) in enumerate(zip(lines, hidden, strict=True)):
        here = codes & in_total
        if any(1 <= cells[code] < smallest for code in here if code < len(total) - 1):
            people = sum(cells[code] for code in here)
            sure = sum(max(1, sum(hide_it[code] == 1 for code in group)) for group in groups if here & set(group))
            if people - sure < min(max(smallest, 3) - 1, people):
                found.append(line)
    return found


def _always(group: list[int], total: Cells, in_total: frozenset[int], smallest: int) -> bool:
    """Tell whether every row hides a group, whatever is in it."""
    counted = [code for code, n in enumerate(total[:-1]) if n]
    few = any(total[code] < 2 * smallest - 1 for code in group if code in counted)
    return few or bool(in_total & set(group)) or len(counted) == 1 < len(group)


def _widened(hides: Sequence[bool], blocks: Sequence[Sequence[Cells]], known: int, smallest: int) -> list[bool]:
    """Hide a group of codes in whole groups of lines, in further ones until those that hide it protect each other.

    ``blocks`` are what lines have of the group in each of several tables, the last having all that is in others: in
    each they do so, unless one line alone has anything there, which the total shows.
    """
    groups = neighbours([place for place, cells in enumerate(blocks[-1]) if any(cells)])
    hidden = [any(hides[place] for place in group) for group in groups]
    if not any(hidden):
        return [False] * len(hides)
    together = [(block, _Block(smallest, known)) for block in blocks if sum(map(any, block)) > 1]
    for group in (group for group, hides_it in zip(groups, hidden, strict=True) if hides_it):
        for block, taken in together:
            taken.take([block[place] for place in group])
    while not (all(hidden) or all(taken.is_protected() for _, taken in together)):
        widened = next_hidden(hidden)
        hidden[widened] = True
        for block, taken in together:
            taken.take([block[place] for place in groups[widened]])
    places = {place for group, hides_it in zip(groups, hidden, strict=True) if hides_it for place in group}
    return [place in places for place in range(len(hides))]


class _Block:
    """The lines that hide a group of codes; whether each cell can be another number where all their sums are known.

    By as much as its row allows and ``smallest`` asks for. What a cell can be, less one, is the least of its row, its
    column, and what each leaves of the block: it never becomes less with further lines. That is asked of every cell
    alike, large or small: so it is the sums alone that tell whether further lines are hidden, and they are known.
    """

    def __init__(self, smallest: int, known: int) -> None:
        self._smallest, self._known = smallest, known
        self._columns: list[int] = []
        self._open: list[tuple[int, int]] = []
        """Row sum and column of the cells that aren't protected yet, or have nobody in their column."""

    def take(self, lines: Sequence[Cells]) -> None:
        """Add lines."""
        for cells in lines:
            self._columns = (
                [sum(both) for both in zip(self._columns, cells, strict=True)] if self._columns else list(cells)
            )
            row = sum(cells)
            self._open += [(row, column) for column in range(len(cells)) if row]

    def is_protected(self) -> bool:
        """Tell whether every cell is, and whether there are people of two known codes: few unknown hide nothing."""
        if sum(map(bool, self._columns[: self._known])) < 2:  # noqa: PLR2004
            return False
        columns, whole = self._columns, sum(self._columns)

        def is_open(row: int, column: int) -> bool:
            free = min(row, columns[column], whole - row, whole - columns[column])
            return free < min(self._smallest - 1, row)

        self._open = [cell for cell in self._open if is_open(*cell)]
        return not any(columns[column] for _, column in self._open)
