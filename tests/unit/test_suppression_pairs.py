"""Hidden cells of two dimensions can't be worked out: who knows the rule, all sums, or all three answers can't."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.privacy.suppression import NOTHING, CellBlock, hidden_codes, hidden_pairs
from tests.unit.test_suppression import tables

Table = tuple[tuple[int, ...], ...]
Known = tuple[int, ...]

SMALL_TABLES = (
    (2, 2, 16),
    (2, 3, 8),
    (3, 3, 5),
    *(pytest.param(*larger, marks=pytest.mark.long) for larger in ((2, 3, 10), (3, 3, 6))),
)
"""How many rows and columns, `unknown` included, and the largest total."""


def shaped(cells: tuple[int, ...], width: int) -> Table:
    return tuple(cells[at : at + width] for at in range(0, len(cells), width))


@cache
def all_tables(height: int, width: int, total: int) -> list[Table]:
    return [shaped(cells, width) for cells in tables(height * width, total)]


def row_sums(table: Table) -> Known:
    return tuple(map(sum, table))


def column_sums(table: Table) -> Known:
    return tuple(map(sum, zip(*table, strict=True)))


@cache
def everything_of(table: Table) -> Known:
    """Put all there is to know in a line: the cells, then the sums of rows, then those of columns."""
    return (*chain(*table), *row_sums(table), *column_sums(table))


def places(table: Table) -> list[tuple[int, int]]:
    return list(product(range(len(table)), range(len(table[0]))))


def small_pairs(table: Table, smallest: int) -> list[tuple[int, int]]:
    """Name the pairs of known codes that would single people out."""
    known = product(range(len(table) - 1), range(len(table[0]) - 1))
    return [(i, j) for i, j in known if 1 <= table[i][j] < smallest]


def is_proper(table: Table, block: CellBlock) -> bool:
    return bool(block.rows) and (len(block.rows), len(block.columns)) != (len(table), len(table[0]))


def could_be(everything: Iterable[Table], shown: Iterable[int]) -> dict[Known, list[set[int]]]:
    """By the numbers at the places shown: the values that each place takes in the tables that have these."""
    shown = tuple(shown)
    found: dict[Known, list[set[int]]] = {}
    for table in everything:
        told = everything_of(table)
        values = found.setdefault(tuple(told[place] for place in shown), [set() for _ in told])
        for place, n in enumerate(told):
            values[place].add(n)
    return found


@pytest.mark.parametrize("smallest", [2, 3, 4])
@pytest.mark.parametrize(
    ("height", "width", "largest", "never"),
    [
        (2, 2, 16, ()),
        (3, 2, 10, ()),
        (3, 3, 7, ()),
        (2, 4, 7, ()),
        (3, 3, 8, ("column",)),
        (4, 3, 9, ("row", "column")),
        (3, 5, 7, ("row", "column")),
    ],
)
def test_who_knows_the_rule_can_not_tell_a_hidden_cell(
    height: int, width: int, largest: int, never: tuple[str, ...], smallest: int
) -> None:
    """``never``: where every fact has a code (a badge its grade) it is known beforehand that none is `unknown`."""
    known_rows, known_columns = height - ("row" in never), width - ("column" in never)
    for total in range(2, largest + 1):
        alike = defaultdict(list)
        for some in all_tables(known_rows, known_columns, total):
            rows = [(*row, *[0] * (width - known_columns)) for row in some]
            table = (*rows, *[(0,) * width] * (height - known_rows))
            block = hidden_pairs(table, smallest)
            if block.rows:
                alike[tuple(None if (i, j) in block else table[i][j] for i, j in places(table))].append(table)
        for answer, could_be in alike.items():
            for i, j in product(range(known_rows), range(known_columns)):
                if answer[i * width + j] is None:
                    assert len({table[i][j] for table in could_be}) > 1, (could_be[0], (i, j))


@pytest.mark.parametrize("smallest", [2, 3, 4])
@pytest.mark.parametrize(("height", "width", "largest"), SMALL_TABLES)
def test_who_knows_all_sums_can_not_tell_a_small_pair(height: int, width: int, largest: int, smallest: int) -> None:
    """A block that isn't the whole table leaves each small pair as many values as `smallest`."""
    sums = range(height * width, height * width + height + width)
    for total in range(largest + 1):
        by_block = defaultdict(list)
        for table in all_tables(height, width, total):
            by_block[hidden_pairs(table, smallest)].append(table)
        for block, alike in by_block.items():
            shown = [i * width + j for i, j in places(alike[0]) if (i, j) not in block] + list(sums)
            values = could_be(all_tables(height, width, total), shown) if is_proper(alike[0], block) else {}
            for table in alike:
                assert all(pair in block for pair in small_pairs(table, smallest)), (table, block)
                if values:
                    told = everything_of(table)
                    possible = values[tuple(told[place] for place in shown)]
                    for i, j in small_pairs(table, smallest):
                        assert len(possible[i * width + j]) >= smallest, (table, block)


@pytest.mark.parametrize("smallest", [2, 3, 4])
@pytest.mark.parametrize(("height", "width", "largest"), SMALL_TABLES)
def test_the_three_answers_together_give_nothing_away(height: int, width: int, largest: int, smallest: int) -> None:
    """By each dimension and by both: whatever is small, a pair or a code, keeps several values by subtraction."""
    cells = height * width
    for total in range(largest + 1):
        by_shown = defaultdict(list)
        for table in all_tables(height, width, total):
            block = hidden_pairs(table, smallest)
            rows = hidden_codes(row_sums(table), smallest)
            columns = hidden_codes(column_sums(table), smallest)
            shown = [i * width + j for i, j in places(table) if (i, j) not in block]
            shown += [cells + i for i in range(height) if i not in rows]
            shown += [cells + height + j for j in range(width) if j not in columns]
            by_shown[tuple(shown)].append(table)
        for shown_places, alike in by_shown.items():
            values = could_be(all_tables(height, width, total), shown_places)
            for table in alike:
                told = everything_of(table)
                possible = values[tuple(told[place] for place in shown_places)]
                secret = [i * width + j for i, j in small_pairs(table, smallest)]
                secret += [cells + i for i in range(height - 1) if 1 <= told[cells + i] < smallest]
                secret += [cells + height + j for j in range(width - 1) if 1 <= told[cells + height + j] < smallest]
                for place in secret:
                    assert len(possible[place]) > 1, (table, shown_places, place)


@pytest.mark.parametrize(
    ("table", "hidden"),
    [
        (((50, 60, 0), (70, 80, 0), (0, 0, 1)), NOTHING),
        (((50, 60, 1), (70, 80, 0), (0, 0, 0)), NOTHING),  # one of 111 whose other code isn't known
        (((0, 0, 0), (0, 0, 0), (0, 0, 0)), NOTHING),
        (((2, 60, 0), (70, 80, 0), (0, 0, 0)), CellBlock(frozenset({0, 1}), frozenset({0, 1}))),
        (
            ((2, 60, 0, 90, 0), (70, 80, 0, 90, 9), (90, 90, 0, 90, 0), (5, 5, 0, 5, 0), (0, 0, 0, 0, 0)),
            CellBlock(frozenset({0, 1}), frozenset({0, 1})),
        ),
        (((50, 60, 0), (1, 0, 0), (9, 9, 0)), CellBlock(frozenset({0, 1, 2}), frozenset({0, 1, 2}))),
        (((50, 60, 0), (0, 0, 2), (9, 9, 9)), CellBlock(frozenset({0, 1, 2}), frozenset({0, 1, 2}))),
        (((50, 0, 9), (2, 0, 9), (0, 0, 0)), CellBlock(frozenset({0, 1}), frozenset({0, 1, 2}))),  # one known code
    ],
)
def test_no_more_is_hidden_than_the_rule_needs(table: Table, hidden: CellBlock) -> None:
    assert hidden_pairs(table, 3) == hidden


larger = st.integers(3, 8).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.one_of(st.integers(0, 5), st.integers(0, 1000))] * width), min_size=3, max_size=8
    ).map(tuple)
)


@given(larger, st.integers(1, 20))
def test_large_tables_keep_every_small_pair(table: Table, smallest: int) -> None:
    block = hidden_pairs(table, smallest)
    assert all(pair in block for pair in small_pairs(table, smallest))
    if smallest == 1:
        assert block == NOTHING
    if block.rows:
        assert block.rows >= hidden_codes(row_sums(table), smallest)
        assert block.columns >= hidden_codes(column_sums(table), smallest)
    if is_proper(table, block):
        for pair in small_pairs(table, smallest):
            assert 1 + steps(table, block, pair, -1) + steps(table, block, pair, 1) >= smallest


def steps(table: Table, block: CellBlock, cell: tuple[int, int], step: int) -> int:
    """Count how often a cell of a block can be made smaller (or larger) by one, all sums and all else left alone.

    Each time one goes from the cell and from one in another row and column to the two corners between them, or back.
    """
    now = [list(row) for row in table]
    row, column = cell
    taken = 0
    while True:
        for i, j in product(block.rows - {row}, block.columns - {column}):
            given_up = ((row, column), (i, j)) if step < 0 else ((row, j), (i, column))
            if all(now[a][b] for a, b in given_up):
                break
        else:
            return taken
        for a, b, sign in ((row, column, 1), (i, j, 1), (row, j, -1), (i, column, -1)):
            now[a][b] += sign * step
        taken += 1
        if taken > 20:  # enough for any threshold asked for
            return taken
