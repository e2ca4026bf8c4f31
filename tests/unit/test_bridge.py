"""The bridge between two totals: its bars hang together, and come from the one to the other."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from projections.answers.past.difference_answers import Contribution, Difference, Remainder
from projections.answers.past.structure_answers import Source
from projections.answers.report.report_answers import UnitName
from services.pages.bridge import WIDTH, Bridge, bridge_of, first_that_differs

DAY = dt.date(2023, 1, 1)


def moved(name: str, n: int) -> Contribution:
    return Contribution(change="moved_in", unit=UnitName(name, name, "upper"), values={"badges": n, "admissions": 0})


def event(change: str, number: int, n: int, type_: str = "badge.awarded") -> Contribution:
    said = [Source(number, "a", f"e-{number}", type_)]
    return Contribution(change=change, said=said, values={"badges": n, "admissions": 0})


def bridge(total: int, causes: list[Contribution], rest: int = 0, rest_count: int = 0, most: int = 12) -> Bridge:
    against = total + sum(cause.values["badges"] for cause in causes) + rest
    totals = [{"badges": n, "admissions": 5} for n in (total, against)]
    left = Remainder(rest_count, {"badges": rest, "admissions": 0}) if rest_count else None
    unit = UnitName("a", "A", "upper")
    said = {"badges": against - total, "admissions": 0}
    at = 9, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    answer = Difference(unit, DAY, DAY, "as-was", "as-now", *at, *at, *totals, said, causes, left, reconciled=True)
    return bridge_of(answer, "badges", most)


@pytest.mark.parametrize(
    ("total", "changes"),
    [(105, [34]), (0, [3, 2]), (10, [-25, 40]), (50_000, [3, -1]), (7, [-7]), (9, []), (0, []), (3, [1] * 40)],
)
def test_the_bars_hang_together_and_stay_in_the_picture(total: int, changes: list[int]) -> None:
    found = bridge(total, [moved(f"u-{i}", n) for i, n in enumerate(changes)], rest=4, rest_count=2)
    bars = [found.first, *(bar for _, bar in found.causes), *([found.rest] if found.rest else []), found.last]
    assert all(bar.x >= 0 and bar.width >= 0 and bar.x + bar.width <= WIDTH for bar in bars)
    assert found.first.value + sum(bar.change or 0 for bar in bars) == found.last.value
    assert bars[-2].onward == found.last.onward
    for before, after in pairwise(bars[:-1]):
        assert any(abs(before.onward - end) <= 2 for end in (after.x, after.x + after.width))


def test_the_largest_come_first_and_the_others_are_one_bar() -> None:
    found = bridge(5, [moved("a", 1), moved("b", -9), moved("c", 4)], rest=2, rest_count=7, most=2)
    assert [step.value for step, _ in found.causes] == [-9, 4]
    assert found.rest is not None
    assert (found.rest.change, found.rest_count) == (3, 8)


def test_events_of_one_type_are_one_cause() -> None:
    causes = [event("counted", 1, 1), event("counted", 2, 1), event("retracted", 3, -1), event("counted", 4, 0, "x")]
    assert {(step.cause.change, step.value, step.times) for step, _ in bridge(5, causes).causes} == {
        ("counted", 2, 2),
        ("retracted", -1, 1),
    }


def test_a_scale_is_cut_off_only_where_little_changes() -> None:
    assert bridge(50_000, [moved("a", 3)]).base == 49_997
    assert [bridge(10, [moved("a", 5)]).base, bridge(10, []).base, bridge(0, [moved("a", 1)]).base] == [0, 0, 0]


def test_what_changes_most_is_drawn_first() -> None:
    assert first_that_differs({"admissions": 3, "badges": -9}) == "badges"
    assert first_that_differs({"admissions": 0, "badges": 0}) == "admissions"
