"""Two periods side by side tell no more of small cells than the three answers do that anyone may ask for by themselves.

These are the one of each period, and the one of both together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.report_suppression import hidden_in_all
from projections.answers.privacy.split_report import hidden_together
from projections.answers.privacy.split_suppression import hidden_split
from projections.answers.privacy.suppression import hidden_codes
from tests.unit.test_suppression import Cells, tables
from tests.unit.test_suppression_pairs import Table, column_sums, shaped

Pair = tuple[Table, Table]
"""A table of a period, and that of the year before; by codes alone, it has one row."""


def shown(cells: Sequence[int], hidden: frozenset[int]) -> tuple[int | None, ...]:
    return tuple(None if place in hidden else n for place, n in enumerate(cells))


def added(one: Table, other: Table) -> Table:
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(one, other, strict=True))


def codes_compared(pair: Pair, by: Thresholds) -> object:
    cells = [table[0] for table in pair]
    hidden = hidden_in_all([each for each in cells if any(each)] or cells, [len(cells[0])], by.cell)
    return [shown(each, hidden) for each in cells]


def codes_alone(table: Table, by: Thresholds) -> object:
    return shown(table[0], hidden_codes(table[0], by.cell))


def split_compared(pair: Pair, by: Thresholds) -> object:
    found = hidden_together([[*map(list, table)] for table in pair], by)
    everything = frozenset(range(len(pair[0][0])))
    return [
        (
            [
                (sum(row), *shown(row, everything if place in found.rows[period] else found.cells[place]))
                for place, row in enumerate(table)
            ],
            shown(column_sums(table), everything if found.total is None else found.total),
        )
        for period, table in enumerate(pair)
    ]


def split_alone(table: Table, by: Thresholds) -> object:
    found = hidden_split(table, *by)
    rows = [(sum(row), *shown(row, hidden)) for row, hidden in zip(table, found.cells, strict=True)]
    return rows, shown(column_sums(table), found.total), sorted(found.rows)


Seen = Callable[[Pair], object]


def told(pairs: Iterable[Pair], seen: Seen, smallest: int) -> set[tuple[Pair, int, int, int]]:
    """Find the small cells that have one value in all pairs of tables that look the same."""
    alike = defaultdict(list)
    for pair in pairs:
        alike[repr(seen(pair))].append(pair)
    found = set()
    for could_be in alike.values():
        height, width = len(could_be[0][0]), len(could_be[0][0][0])
        for period, row, code in product((0, 1), range(height), range(width - 1)):
            values = {pair[period][row][code] for pair in could_be}
            if len(values) == 1 and 1 <= next(iter(values)) < smallest:
                found |= {(pair, period, row, code) for pair in could_be}
    return found


def all_pairs(height: int, width: int, totals: tuple[int, int]) -> list[Pair]:
    """Give all pairs of tables of so many rows and known codes, in which nobody is unknown."""
    periods = [
        [tuple((*row, 0) for row in shaped(cells, width)) for cells in tables(height * width, total)]
        for total in totals
    ]
    return list(product(*periods))


@pytest.mark.parametrize(
    ("height", "width", "totals", "by"),
    [
        (1, 3, (8, 7), Thresholds(2, 0)),
        (1, 3, (8, 7), Thresholds(3, 0)),
        (1, 3, (12, 5), Thresholds(3, 0)),
        (1, 4, (6, 5), Thresholds(3, 0)),
        pytest.param(2, 2, (6, 5), Thresholds(2, 4), marks=pytest.mark.long),
        (2, 2, (7, 3), Thresholds(2, 4)),
    ],
)
def test_beside_the_answers_that_it_is_made_of_it_tells_nothing(
    height: int, width: int, totals: tuple[int, int], by: Thresholds
) -> None:
    compared, alone = (codes_compared, codes_alone) if height == 1 else (split_compared, split_alone)
    pairs = all_pairs(height, width, totals)
    parts = {table: alone(table, by) for pair in pairs for table in (*pair, added(*pair))}

    def by_themselves(pair: Pair) -> object:
        return [parts[table] for table in (*pair, added(*pair))]

    known = told(pairs, by_themselves, by.cell)
    assert told(pairs, lambda pair: (compared(pair, by), by_themselves(pair)), by.cell) == known
    alike = {pair for pair in pairs if any(sum(map(bool, column_sums(table))) == 1 for table in pair)}
    assert {each for each in told(pairs, lambda pair: compared(pair, by), by.cell) if each[0] not in alike} == set()


rows = st.integers(3, 6).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.one_of(st.integers(0, 4), st.integers(0, 200))] * width * 2).map(
            lambda cells: (cells[:width], cells[width:])
        ),
        min_size=1,
        max_size=8,
    )
)


@given(rows, st.integers(2, 5), st.sampled_from([0, 30, 300]))
def test_what_one_period_hides_the_other_hides_too(
    cells: list[tuple[Cells, Cells]], smallest: int, smallest_table: int
) -> None:
    pair = tuple(tuple(row[period] for row in cells) for period in (0, 1))
    found = hidden_together([[*map(list, table)] for table in pair], Thresholds(smallest, smallest_table))
    for period, table in enumerate(pair):
        alone = hidden_split(table, smallest, smallest_table)
        if any(chain(*table)):
            assert found.rows[period] >= alone.rows
            assert found.total is None or found.total >= alone.total
        for place, row in enumerate(table):
            if place not in found.rows[period] and any(row):
                assert found.cells[place] >= alone.cells[place]
                assert found.cells[place] >= {code for code, n in enumerate(row[:-1]) if 1 <= n < smallest}
