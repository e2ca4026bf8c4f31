"""What is hidden of a table of units by codes can't be worked out, with all rows' values and the total in hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.split_suppression import SplitHidden, hidden_split
from projections.answers.privacy.suppression import hidden_codes
from tests.unit.test_suppression import tables
from tests.unit.test_suppression_pairs import Table, all_tables, column_sums, row_sums, shaped

Answer = tuple[tuple[int | None, ...], ...]


def shown(cells: Sequence[int], hidden: frozenset[int]) -> tuple[int | None, ...]:
    return tuple(None if place in hidden else n for place, n in enumerate(cells))


def answer_of(table: Table, split: SplitHidden) -> Answer:
    """Give what a reader sees: the value of each row, then its codes, then the total's."""
    rows = [(sum(row), *shown(row, hidden)) for row, hidden in zip(table, split.cells, strict=True)]
    return (*rows, shown(column_sums(table), split.total), tuple(sorted(split.rows)))


def what_is_missing(table: Table, split: SplitHidden) -> tuple[int, ...]:
    """Add up the rows that aren't broken down."""
    return tuple(sum(table[place][code] for place in split.rows) for code in range(len(table[0])))


@pytest.mark.parametrize("thresholds", [Thresholds(2, 6), Thresholds(3, 6)])
@pytest.mark.parametrize(
    ("height", "width", "largest", "never"), [(2, 3, 9, 0), (3, 3, 7, 0), (3, 3, 11, 1), (4, 3, 8, 1), (3, 4, 7, 1)]
)
def test_who_knows_the_rule_can_not_tell_a_small_cell(
    height: int, width: int, largest: int, never: int, thresholds: Thresholds
) -> None:
    """In a row, in the total, or in what the total leaves of the rows; where nobody is `unknown` by nature, too."""
    smallest, smallest_table = thresholds
    for total in range(smallest_table, largest + 1):
        alike = defaultdict(list)
        for cells in tables(height * (width - never), total):
            table = tuple((*row, *[0] * never) for row in shaped(cells, width - never))
            split = hidden_split(table, smallest, smallest_table)
            alike[answer_of(table, split)].append((table, split))
        for answer, could_be in alike.items():
            table, split = could_be[0]
            if sum(map(bool, column_sums(table))) == 1:
                continue  # everybody is alike, as the total says
            left = what_is_missing(table, split)
            for row, code in product(range(height), range(width - never)):
                known = answer[-2][code] == 0 or (
                    row in split.rows and sum(map(bool, left)) < 2
                )  # nobody, or all alike
                if answer[row][1 + code] is None and sum(table[row]) and not known:
                    assert len({each[row][code] for each, _ in could_be}) > 1, (table, row, code)
            for code in range(width - 1):
                if 1 <= left[code] < smallest:
                    assert len({what_is_missing(*each)[code] for each in could_be}) > 1, (table, split, code)
                if 1 <= column_sums(table)[code] < smallest:
                    assert len({column_sums(each)[code] for each, _ in could_be}) > 1, (table, code)


@pytest.mark.parametrize(
    ("sums", "width", "thresholds"),
    [
        ((6, 6), 5, Thresholds(2, 6)),
        pytest.param((6, 7), 6, Thresholds(2, 6), marks=pytest.mark.long),
        pytest.param((6, 6, 6), 4, Thresholds(2, 6), marks=pytest.mark.long),
        pytest.param((9, 9), 5, Thresholds(3, 9), marks=pytest.mark.long),
    ],
)
def test_who_knows_the_rule_can_not_tell_a_cell_of_rows_that_are_large_enough(
    sums: tuple[int, ...], width: int, thresholds: Thresholds
) -> None:
    """Of all tables with rows of so many people, of which nobody is `unknown`: two groups of codes and more."""
    alike = defaultdict(list)
    for rows in product(*(tables(width - 1, n) for n in sums)):
        table = tuple((*row, 0) for row in rows)
        alike[answer_of(table, hidden_split(table, *thresholds))].append(table)
    for answer, could_be in alike.items():
        if sum(map(bool, column_sums(could_be[0]))) == 1:
            continue  # everybody is alike, as the total says
        for row, code in product(range(len(sums)), range(width - 1)):
            if answer[row][1 + code] is None and answer[-2][code] != 0:
                assert len({table[row][code] for table in could_be}) > 1, (could_be[0], row, code)


def test_a_row_is_not_broken_down_where_its_value_would_tell_its_small_cells() -> None:
    """The total hides eight codes, each with somebody; in six of them one row alone has people, six."""
    table = ((1, 1, 1, 1, 1, 1, 0, 0, 0), (0, 0, 0, 0, 0, 0, 40, 40, 0), (9, 9, 9, 9, 9, 9, 9, 9, 0))
    assert hidden_split(table[:2], 2, 6).rows == {0, 1}
    assert hidden_split(table, 2, 6).rows == frozenset()


def test_what_one_row_alone_has_is_shown_where_the_total_shows_it() -> None:
    table = ((1, 1, 20, 20, 0), (20, 20, 0, 0, 0), (20, 20, 0, 0, 0))
    assert hidden_split(table, 3, 30) == SplitHidden(frozenset(), (frozenset({0, 1}),) * 3, frozenset())


def test_what_the_total_hides_with_a_group_it_hides_as_a_whole() -> None:
    assert hidden_split(((0, 0, 0, 9, 0, 0, 9), (0, 0, 9, 0, 1, 9, 9)), 3, 0).total == {4, 5, 6}


many = st.integers(3, 9).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.one_of(st.integers(0, 4), st.integers(0, 200))] * width), min_size=1, max_size=12
    ).map(tuple)
)


@given(many, st.integers(2, 6), st.sampled_from([0, 30, 300]))
def test_every_row_hides_what_it_would_alone(table: Table, smallest: int, smallest_table: int) -> None:
    split = hidden_split(table, smallest, smallest_table)
    sums = row_sums(table)
    assert split.total >= hidden_codes(column_sums(table), smallest)
    assert split.rows >= {place for place, n in enumerate(sums) if n < smallest_table}
    together = sum(sums[place] for place in split.rows)
    assert together == 0 or together >= smallest_table or len(split.rows) == len(table)
    for row, hidden in zip(table, split.cells, strict=True):
        assert hidden >= {code for code, n in enumerate(row[:-1]) if 1 <= n < smallest}


@given(many, st.integers(2, 6), st.sampled_from([0, 30, 300]))
def test_no_column_leaves_one_cell_alone(table: Table, smallest: int, smallest_table: int) -> None:
    """What the total shows isn't missing from one row alone, unless its people are all of one code."""
    split = hidden_split(table, smallest, smallest_table)
    lines = [hidden for place, hidden in enumerate(split.cells) if place not in split.rows]
    for code, n in enumerate(column_sums(table)):
        if n and code not in split.total and sum(map(bool, column_sums(table))) > 1 and not split.rows:
            assert sum(code in hidden for hidden in lines) != 1, (table, code)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    table = ((50, 60, 0), (40, 30, 5), (30, 30, 0))
    assert hidden_split(table, 3, 30) == SplitHidden(frozenset(), (frozenset(),) * 3, frozenset())
    assert hidden_split(((1, 1, 0), (2, 0, 0)), 1, 0) == SplitHidden(frozenset(), (frozenset(),) * 2, frozenset())


def test_small_rows_take_the_smallest_others_with_them() -> None:
    table = ((50, 60, 0), (4, 3, 0), (30, 31, 0), (20, 21, 0))
    assert hidden_split(table, 3, 30).rows == {1, 3}
    assert hidden_split(((5, 5, 0), (5, 4, 0)), 3, 30).rows == {0, 1}
    assert hidden_split(((20, 20, 0), (0, 0, 0)), 3, 30).rows == {1}  # nobody is in it: nothing to be had


def test_a_small_cell_hides_a_group_of_codes_in_two_rows() -> None:
    table = ((50, 2, 40, 40, 0), (40, 30, 40, 40, 0), (30, 30, 40, 40, 0), (30, 30, 40, 40, 0))
    both = frozenset({0, 1})
    assert hidden_split(table, 3, 30).cells == (both, both, frozenset(), frozenset())


def test_all_tables_are_of_people() -> None:
    assert hidden_split((), 3, 30) == SplitHidden(frozenset(), (), frozenset())
    assert all(hidden_split(table, 3, 30).rows == {0, 1} for table in all_tables(2, 2, 5))
