"""Hidden cells of one dimension can't be worked out: searched for by brute force, with and without knowing the rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.privacy.suppression import hidden_codes

Cells = tuple[int, ...]
Published = tuple[int | None, ...]

SMALL_TABLES = ((3, 16), (4, 14), (5, 11), (6, 9))
"""How many cells, `unknown` included, and the largest total. All tables of a total are looked at: it is published."""


def tables(cells: int, total: int) -> Iterator[Cells]:
    """Give every table of so many cells that sum to the total."""
    if cells == 1:
        yield (total,)
        return
    for n in range(total + 1):
        for others in tables(cells - 1, total - n):
            yield (n, *others)


def published(cells: Cells, smallest: int) -> Published:
    hidden = hidden_codes(cells, smallest)
    return tuple(None if place in hidden else n for place, n in enumerate(cells))


def small(cells: Cells, smallest: int) -> list[int]:
    """Name the cells of known codes that would single people out."""
    return [place for place, n in enumerate(cells[:-1]) if 1 <= n < smallest]


@pytest.mark.parametrize("smallest", [2, 3, 4])
@pytest.mark.parametrize(("cells", "largest"), SMALL_TABLES)
def test_who_knows_the_rule_can_not_tell_a_small_cell(cells: int, largest: int, smallest: int) -> None:
    for total in range(largest + 1):
        alike = defaultdict(list)
        for table in tables(cells, total):
            alike[published(table, smallest)].append(table)
        for answer, could_be in alike.items():
            for table in could_be:
                for place in small(table, smallest):
                    assert answer[place] is None
                    assert len({other[place] for other in could_be}) > 1, (table, place, answer)


@pytest.mark.parametrize("smallest", [2, 3, 4])
@pytest.mark.parametrize(("known", "largest"), [(2, 24), (3, 16), (4, 13), (5, 10)])
def test_nor_can_any_hidden_cell_be_told_where_nobody_can_be_unknown(known: int, largest: int, smallest: int) -> None:
    """A badge has a grade. With a threshold of 2, one person of each code is told: no reader has so small a table."""
    for total in range(known + 1 if smallest == 2 else 2, largest + 1):
        alike = defaultdict(list)
        for cells in tables(known, total):
            alike[published((*cells, 0), smallest)].append(cells)
        for answer, could_be in alike.items():
            for place in range(known):
                if answer[place] is None:
                    assert len({cells[place] for cells in could_be}) > 1, (could_be[0], answer)


@pytest.mark.parametrize("smallest", [2, 3, 4])
@pytest.mark.parametrize(("cells", "largest"), SMALL_TABLES)
def test_a_small_cell_has_enough_values_by_subtraction(cells: int, largest: int, smallest: int) -> None:
    """Unless all cells are hidden, those that are aren't zero, as any reader can see that zeros are shown."""
    for total in range(largest + 1):
        for table in tables(cells, total):
            answer = published(table, smallest)
            hidden = [place for place, n in enumerate(answer) if n is None]
            if 0 < len(hidden) < cells:
                left = total - sum(n or 0 for n in answer)
                could_be = [fill for fill in tables(len(hidden), left) if all(fill)]
                for place in small(table, smallest):
                    assert len({fill[hidden.index(place)] for fill in could_be}) >= smallest, (table, answer)


@pytest.mark.parametrize(
    ("cells", "hidden"),
    [
        ((0, 0, 0), set()),
        ((3, 50, 0), set()),
        ((3, 50, 1), set()),  # of whom nothing is known, nobody is singled out
        ((2, 50, 0), {0, 1}),
        ((2, 50, 60, 70, 1), {0, 1}),
        ((50, 0, 2, 60, 70, 80, 0), {0, 2}),
        ((50, 60, 70, 80, 1, 0), {2, 3, 4}),
        ((50, 60, 1, 1, 70, 80, 0), {2, 3, 4, 5}),  # 1 and 1 are all that two cells of 2 people can be
        ((1, 1, 0, 0), {0, 1, 2, 3}),
        ((2, 0, 0, 50), {0, 1, 2, 3}),
    ],
)
def test_no_more_is_hidden_than_the_rule_needs(cells: Cells, hidden: set[int]) -> None:
    assert hidden_codes(cells, 3) == hidden


many = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 10**7)), min_size=3, max_size=14).map(tuple)


@given(many, st.integers(1, 100))
def test_nothing_is_hidden_where_nothing_is_small(cells: Cells, smallest: int) -> None:
    assert bool(hidden_codes(cells, smallest)) == bool(small(cells, smallest))
    assert not hidden_codes(cells, 1)


@given(many, st.integers(2, 100))
def test_every_small_cell_is_hidden_and_never_alone(cells: Cells, smallest: int) -> None:
    hidden = hidden_codes(cells, smallest)
    assert hidden >= set(small(cells, smallest))
    assert len(hidden) != 1


@given(many, st.integers(2, 100), st.data())
def test_what_is_shown_says_nothing_of_what_is_hidden(cells: Cells, smallest: int, data: st.DataObject) -> None:
    hidden = hidden_codes(cells, smallest)
    if hidden:
        others = tuple(
            n if place in hidden or not n else data.draw(st.integers(smallest, 10**7)) for place, n in enumerate(cells)
        )
        assert hidden_codes(others, smallest) == hidden
