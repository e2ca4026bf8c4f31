"""No small cell of a split is told by one answer: of every table there is another that looks alike, by the rule too.

Admitted are people who are all of one code, in a total or in what it leaves of the rows that are shown (decision 0014).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, islice, product
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.split_report import SplitsHidden, hidden_of_answer

People = tuple[int, ...]
"""How many of a row have each code; `unknown` is last."""
Lines = tuple[People, ...]


class Answer(NamedTuple):
    """Which lines are rows of each period, and which rows stand in both."""

    periods: tuple[Sequence[int], ...]
    again: Sequence[tuple[int, int]] = ()

    def tables(self, lines: Lines) -> list[list[list[int]]]:
        return [[list(lines[line]) for line in period] for period in self.periods]

    def hidden(self, lines: Lines, by: Thresholds) -> SplitsHidden:
        return hidden_of_answer(self.tables(lines), by, self.again)

    def looks(self, lines: Lines, by: Thresholds) -> tuple[dict[int, list[object]], list[object]]:
        """Say what is shown of lines, wherever they stand, and of totals: null in a code that is hidden."""
        hidden = self.hidden(lines, by)
        rows: dict[int, list[object]] = {}
        for period, places in enumerate(self.periods):
            for place, line in enumerate(places):
                missing = place in hidden.rows[period]
                rows.setdefault(line, []).append(None if missing else null(lines[line], hidden.cells[period][place]))
        totals = [added(lines, places) for places in self.periods]
        return rows, [
            None if codes is None else null(total, codes) for total, codes in zip(totals, hidden.totals, strict=True)
        ]

    def is_of_one_code(self, lines: Lines, by: Thresholds) -> bool:
        """Tell whether a total, or what is left of it, is of people who are all alike."""
        hidden = self.hidden(lines, by).rows
        left = [
            added(lines, [places[place] for place in rows]) for places, rows in zip(self.periods, hidden, strict=True)
        ]
        return any(sum(map(bool, people)) == 1 for people in (*left, *(added(lines, p) for p in self.periods)))


def units(rows: int) -> Answer:
    return Answer((range(rows),))


def compared(rows: int) -> Answer:
    return Answer((range(rows), range(rows, 2 * rows)))


def years(rows: int) -> Answer:
    """Give years beside the year before each: of the lines all but the first, and all but the last."""
    return Answer((range(1, rows + 1), range(rows)), [(place - 1, place) for place in range(1, rows)])


def null(people: Sequence[int], hidden: frozenset[int]) -> tuple[int | None, ...]:
    return tuple(None if code in hidden else n for code, n in enumerate(people))


def added(lines: Lines, places: Sequence[int]) -> People:
    return tuple(sum(lines[line][code] for line in places) for code in range(len(lines[0])))


def exchanged(lines: Lines, cell: tuple[int, int]) -> Iterator[Lines]:
    """Give lines in which some of the cell's people have another code, and of up to two other lines as many the other.

    So values stay, and totals or most of them.
    """
    line, code = cell
    others = [each for each, people in enumerate(lines) if each != line and any(people)]
    several = [(), *combinations(others, 1), *combinations(others, 2)]
    for other in range(len(lines[0])):
        for more in dict.fromkeys((1, -1, 2, -2, lines[line][other] - lines[line][code])):
            for back in several if other != code and more else ():
                found = [list(people) for people in lines]
                for each in (line, *back):
                    found[each][code] += more if each == line else -more
                    found[each][other] -= more if each == line else -more
                if all(n >= 0 for people in found for n in people):
                    yield tuple(map(tuple, found))


def wandered(lines: Lines, random: Random) -> Iterator[Lines]:
    """Give lines of the same values further and further away, in a walk of such steps."""
    while True:
        found = lines
        for _ in range(60):
            steps = list(islice(exchanged(found, (random.randrange(len(lines)), random.randrange(len(lines[0])))), 200))
            found = random.choice(steps) if steps else found
            yield found


def could_be_other(answer: Answer, lines: Lines, by: Thresholds, cell: tuple[int, int]) -> bool:
    """Look for lines with another number in the cell, of which the answer would be the same."""
    looks, (line, code) = answer.looks(lines, by), cell
    far = islice(wandered(lines, Random(0)), 4000)
    return any(
        found[line][code] != lines[line][code] and answer.looks(found, by) == looks
        for found in chain(exchanged(lines, cell), far)
    )


def small_cells(lines: Lines, by: Thresholds) -> list[tuple[int, int]]:
    return [(i, j) for i, j in product(range(len(lines)), range(len(lines[0]) - 1)) if 1 <= lines[i][j] < by.cell]


FOUND: list[tuple[Answer, Lines]] = [
    # Of the group one known code alone, beside unknown, in the rows that hid it: it was large in the others' place.
    (units(4), ((0, 0, 2, 28), (0, 0, 31, 0), (0, 0, 35, 0), (0, 30, 0, 0))),
    # Were the one the other code, a small cell would have hidden further rows.
    (units(4), ((1, 0, 35, 0, 0), (0, 16, 0, 35, 0), (0, 16, 25, 0, 3), (15, 0, 17, 0, 0))),
    (units(4), ((15, 16, 1, 0, 0), (3, 15, 0, 32, 0), (32, 0, 0, 15, 0), (1, 35, 35, 3, 1))),
    # Codes went by other groups in each period and in both together: which were hidden told by which.
    (compared(2), ((1, 29, 0), (35, 0, 0), (28, 0, 2), (0, 0, 0))),
    (compared(2), ((0, 31, 0), (0, 2, 33), (25, 5, 0), (0, 0, 0))),
    (compared(2), ((0, 28, 3), (0, 0, 0), (2, 0, 28), (35, 0, 0))),
    (compared(3), ((35, 0, 0), (0, 0, 0), (1, 34, 0), (0, 0, 0), (0, 35, 0), (30, 0, 0))),
    (compared(2), ((0, 0, 35, 0, 0), (0, 35, 0, 0, 0), (2, 0, 0, 28, 0), (30, 0, 0, 0, 0))),
    # Likewise years that stand in an answer twice; the last two are told by two totals, or in the other place.
    (years(2), ((6, 6, 29), (31, 0, 0), (2, 36, 0))),
    (years(3), ((0, 0, 30), (0, 0, 0), (0, 26, 4), (34, 1, 0))),
    (years(3), ((0, 0, 0, 0), (20, 20, 20, 20), (30, 20, 20, 20), (2, 8, 3, 2))),
    (years(3), ((40, 40, 0), (30, 1, 0), (40, 40, 0), (50, 50, 0))),
]


@pytest.mark.parametrize(("answer", "lines"), FOUND)
def test_what_was_told_once_is_no_more(answer: Answer, lines: Lines) -> None:
    by = Thresholds(3, 30)
    for cell in small_cells(lines, by):
        assert could_be_other(answer, lines, by, cell), cell


few_and_many = st.one_of(st.sampled_from([0, 0, 1, 2]), st.integers(0, 9))
rows_of = st.tuples(*[few_and_many] * 3, st.sampled_from([0, 0, 0, 1, 7])).map(
    lambda row: (*row[:2], row[2] + max(0, 9 - sum(row)), row[3])
)
answers = st.integers(2, 3).flatmap(
    lambda rows: st.sampled_from([units(rows), compared(rows), years(rows)]).flatmap(
        lambda answer: st.tuples(
            st.just(answer), st.tuples(*[rows_of] * (1 + max(line for period in answer.periods for line in period)))
        )
    )
)


@settings(max_examples=40)
@given(answers)
def test_no_small_cell_is_told_by_one_answer(example: tuple[Answer, Lines]) -> None:
    answer, lines = example
    by = Thresholds(3, 9)
    if not answer.is_of_one_code(lines, by):
        for cell in small_cells(lines, by):
            assert could_be_other(answer, lines, by, cell), cell


def test_a_year_that_the_days_cut_does_not_tell_the_rest_of_it() -> None:
    """To June: of 2023 all of it in one place, and half in the other; what lies between is nobody's row."""
    by, again = Thresholds(3, 30), [(0, 1)]
    first, half, last = [40, 40, 0], [30, 30, 0], [50, 50, 0]
    told = hidden_of_answer([[[70, 61, 0], last], [first, half]], by, again)
    assert told.rows == (frozenset(), frozenset())
    assert told.totals == (frozenset(), frozenset())
    for year in ([32, 60, 0], [30, 31, 0]):  # two of one code, or one in all, in the second half
        told = hidden_of_answer([[year, last], [first, half]], by, again)
        assert told.rows == (frozenset(), frozenset({1}))
        assert told.totals == (frozenset(), frozenset({0, 1, 2}))
