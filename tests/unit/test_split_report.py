"""Splits of a whole answer: by several dimensions each hides what it would alone, and years that stand there twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.report_suppression import suppressed
from projections.answers.report.codes import codes_of
from projections.answers.report.report_answers import LastYear, Report, Row, UnitName
from projections.answers.report.report_question import By, Question
from projections.rules.counting.periods import Days

DAY, UNIT = dt.date(2023, 1, 1), UnitName("u", "U", "upper")
SETTINGS = Thresholds(3, 30)
People = Sequence[int]
"""Of a row, how many there are of each age."""


def values(people: People) -> dict[str, int]:
    return {"admissions": sum(people)}


def split(people: People) -> dict[str, Any]:
    """By age as given; by sex, nobody is few."""
    women = sum(people) // 2
    ages = dict(zip(codes_of("age_band"), [*people, *[0] * 6], strict=False))
    sexes = dict(zip(codes_of("sex"), (women, sum(people) - women, 0), strict=True))
    return {"admissions": {"sex": sexes, "age_band": ages}}


def added(rows: Sequence[People]) -> People:
    return [sum(cells) for cells in zip(*rows, strict=True)]


def shown(rows: list[Row], by: By, dimensions: tuple[str, ...], total: People, last_year: Any) -> Report:
    report = Report(UNIT, DAY, DAY, "as-was", 1, None, 0, values(total), rows, split(total), last_year)
    return suppressed(report, Question("u", Days(DAY, DAY), "as-was", ("admissions",), by, "", dimensions), SETTINGS)


def of_units(table: Sequence[People], *dimensions: str) -> Report:
    rows = [
        Row(unit=UnitName(f"c{n}", "C", "cell"), values=values(row), split=split(row)) for n, row in enumerate(table)
    ]
    return shown(rows, "child", dimensions, added(table), UNSET)


def of_years(table: Sequence[People]) -> Report:
    """Give the years of a table from the second on, beside the year before each."""
    years = [
        Row(
            year=str(2000 + n),
            values=values(now),
            split=split(now),
            last_year=values(then),
            last_year_split=split(then),
        )
        for n, (then, now) in enumerate(pairwise(table))
    ]
    before = added(table[:-1])
    last_year = LastYear(DAY, DAY, values(before), None, split(before))
    return shown(years, "year", ("age_band",), added(table[1:]), last_year)


def ages(found: Any) -> dict[str, int | None]:
    """Return what a split shows of ages; nothing where it is null."""
    of_measure = None if found is None else found["admissions"]
    return {} if of_measure is None else dict(of_measure["age_band"])


few_and_many = st.one_of(st.integers(0, 2), st.integers(20, 60))
tables = st.lists(st.tuples(*[few_and_many] * 4), min_size=2, max_size=6)


def test_a_dimension_by_which_a_row_is_not_broken_down_shows_none_of_it() -> None:
    """The row has few of two ages: its value would tell them, so it is not broken down by age."""
    found = of_units([(20, 2, 20, 1), (1, 0, 0, 60)], "sex", "age_band")
    for row in found.rows:
        assert row.split is not None
        assert set(ages(row.split).values()) == {None}
        assert set(row.split["admissions"]["sex"].values()) != {None}  # type: ignore[index,union-attr]


@given(tables)
def test_each_dimension_shows_what_it_does_alone_and_no_more(table: Sequence[People]) -> None:
    alone = of_units(table, "age_band")
    for dimensions in (("sex", "age_band"), ("age_band", "sex")):
        both = of_units(table, *dimensions)
        pairs = [(one.split, other.split) for one, other in zip(alone.rows, both.rows, strict=True)]
        for one, other in [*pairs, (alone.split, both.split)]:
            told, told_by_itself = ages(other), ages(one)
            assert {code: n for code, n in told.items() if n is not None} == {
                code: n for code, n in told_by_itself.items() if n is not None
            }


def test_two_totals_that_overlap_do_not_tell_the_year_that_one_has_more() -> None:
    """Nobody in the first year: this period less the one before is the last year, which has too few."""
    found = of_years([(0, 0, 0, 0), (20, 20, 20, 20), (30, 20, 20, 20), (2, 8, 3, 2)])
    assert found.rows[-1].split is None
    assert found.last_year
    assert set(ages(found.last_year.split).values()) == {None}
    assert None not in ages(found.split).values()


def test_totals_of_years_that_are_all_shown_are_shown() -> None:
    found = of_years([(20, 20, 20, 20), (20, 20, 20, 20), (30, 20, 20, 20), (20, 80, 30, 20)])
    assert found.last_year
    assert ages(found.last_year.split)["18-30"] == 70


@given(tables)
def test_a_year_shows_the_same_in_both_places(table: Sequence[People]) -> None:
    found = of_years(table)
    for row, following in pairwise(found.rows):
        assert ages(row.split) == ages(following.last_year_split)


@given(tables)
def test_no_year_is_told_by_two_totals(table: Sequence[People]) -> None:
    """Where a cell of a year is hidden, so is all of the total of the years before, if both totals have years."""
    assume(any(map(any, table[1:-1])))
    found = of_years(table)
    assert found.last_year
    seen = [ages(row.last_year_split).values() for row, then in zip(found.rows, table, strict=False) if any(then)]
    if any(not cells or None in cells for cells in seen):
        assert set(ages(found.last_year.split).values()) <= {None}
