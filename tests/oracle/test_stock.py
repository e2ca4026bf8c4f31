"""The stock of members and rates, read by brute force, with numbers that a reader can work out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.given import day, given
from tests.oracle.plans import indicators
from tests.oracle.rates import is_term, same_day
from tests.oracle.rounding import one_place, percent
from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    assigned,
    declared,
    founded,
    moved,
    retracted,
    root,
    say,
    transferred,
)

TREE = (
    root(),
    founded("huyen", ROOT, "2000-01-01"),
    founded("ban", ROOT, "2000-01-01"),
    founded("xa", "huyen", "2000-01-01"),
)
START, END = ("admissions_of_stock_at_start_of_year", "admissions_of_stock_at_end_of_last_year")
TERM = "admissions_of_stock_at_start_of_term"


def asked(*log: Said, on: str, basis: str = "as-was") -> dict[str, Any]:
    """Ask of huyen after the tree and the log; the log's positions begin at 5."""
    return indicators(given(*TREE, *log), "huyen", day(on), basis)


def rates(*log: Said, on: str, rate: str) -> list[dict[str, Any]]:
    return [found for found in asked(*log, on=on)["rates"] if found["rate"] == rate]


def sides(*log: Said, on: str, rate: str) -> tuple[int, int, float]:
    """Tell the numerator, the denominator and the percentage of the one rate of this name."""
    (found,) = rates(*log, on=on, rate=rate)
    return found["numerator"]["value"], found["denominator"]["value"], found["percent"]


def left(unit: str, on: str, event_id: str, reason: str = "died") -> Said:
    return say(unit, event_id, "member.departed", unit, {"member": "m", "reason": reason, "on": on})


FLOWS = (
    admitted("xa", "2021-01-01", "same-day"),
    admitted("xa", "2021-01-02", "a"),
    admitted("huyen", "2021-02-01", "b"),
    transferred("xa", "huyen", "2021-02-01", "within"),
    transferred("ban", "xa", "2021-02-02", "in"),
    transferred("huyen", "ban", "2021-02-03", "out"),
    left("xa", "2021-02-04", "d"),
    left("xa", "2021-02-05", "e"),
    left("xa", "2021-02-05", "f", "not_confirmed"),
    say("xa", "g", "member.restored", "xa", {"member": "m", "on": "2021-02-05"}),
    say("xa", "c", "member.confirmed", "xa", {"member": "m", "decided_on": "2021-02-05"}),
)
OPENING = declared("huyen", "members", "2021-01-01", 100, "open")


def test_the_stock_is_the_opening_figure_and_the_flows_of_the_days_after_it() -> None:
    """100 + 2 admitted + 1 restored + 2 in - 2 out - 3 left: what is of the opening day is in the figure already."""
    stock = asked(OPENING, *FLOWS, on="2021-02-05")["stock"]
    assert stock["flows"] == {
        "admissions": 2,
        "restorations": 1,
        "transfers_in": 2,
        "departures": 3,
        "transfers_out": 2,
    }
    assert (stock["opening"]["value"], stock["computed"], stock["check"]) == (100, 100, None)
    assert asked(OPENING, *FLOWS, on="2021-02-03")["stock"]["computed"] == 102
    assert asked(OPENING, *FLOWS, on="2021-01-01")["stock"]["computed"] == 100
    assert asked(OPENING, *FLOWS, on="2020-12-31")["stock"]["opening"] is None


def test_a_later_figure_opens_anew_and_is_held_against_the_earlier_one() -> None:
    later = declared("huyen", "members", "2021-02-03", 105, "later")
    stock = asked(OPENING, later, *FLOWS, on="2021-02-05")["stock"]
    assert (stock["opening"]["said"], stock["computed"]) == ([6], 103)
    assert (stock["check"]["opening"]["value"], stock["check"]["computed"], stock["check"]["difference"]) == (
        100,
        102,
        3,
    )
    back = asked(OPENING, later, *FLOWS, retracted("huyen", "r", "later"), on="2021-02-05")["stock"]
    assert (back["computed"], back["check"]) == (100, None)


def test_a_child_that_comes_or_goes_is_told_beside_the_stock() -> None:
    move = moved("ban", "huyen", "2021-02-01", "m")
    assert asked(OPENING, move, on="2021-02-01")["stock"]["reorganised"] is True
    assert asked(OPENING, move, on="2021-01-31")["stock"]["reorganised"] is False
    assert asked(OPENING, moved("ban", "huyen", "2021-01-01", "m"), on="2021-02-01")["stock"]["reorganised"] is False
    later = declared("huyen", "members", "2021-02-03", 105, "later")
    assert asked(OPENING, later, move, on="2021-02-05")["stock"]["reorganised"] is True


def test_who_came_or_went_is_judged_by_the_day_whatever_comes_later() -> None:
    elsewhere = (moved("thon", "ban", "2021-06-01", "a"), moved("thon", "huyen", "2024-01-01", "b"))
    thon = founded("thon", ROOT, "2000-01-01")
    assert asked(thon, OPENING, *elsewhere, on="2022-01-01")["stock"]["reorganised"] is False
    assert asked(thon, OPENING, *elsewhere, on="2024-01-01")["stock"]["reorganised"] is True
    follows = (moved("xa", "ban", "2021-06-01", "c"), moved("ban", "huyen", "2024-01-01", "d"))
    assert asked(OPENING, *follows, on="2022-01-01")["stock"]["reorganised"] is True


def test_the_start_of_a_year_and_the_end_of_the_year_before_are_two_things() -> None:
    log = (
        declared("huyen", "members", "2020-12-30", 200, "dec"),
        admitted("xa", "2020-12-31", "x"),
        OPENING,
        *FLOWS,
    )
    assert sides(*log, on="2021-02-05", rate=START) == (3, 100, 3.0)
    assert sides(*log, on="2021-02-05", rate=END) == (3, 201, 1.5)
    assert sides(*log, retracted("huyen", "r", "open"), on="2021-02-05", rate=START) == (3, 201, 1.5)
    (end,) = rates(*log, on="2021-02-05", rate=END)
    assert end["denominator"] == {
        "what": "members",
        "from": None,
        "to": "2020-12-31",
        "value": 201,
        "how": "opening_and_flows",
        "said": [5],
    }


def test_without_a_figure_before_there_is_no_rate() -> None:
    (end,) = rates(OPENING, *FLOWS, on="2021-02-05", rate=END)
    assert (end["percent"], end["reason"]) == (None, True)
    (start,) = rates(declared("huyen", "members", "2021-01-02", 100, "late"), *FLOWS, on="2021-02-05", rate=START)
    assert (start["percent"], start["reason"]) == (None, True)


def test_the_term_is_that_of_a_target_in_force_for_longer_than_a_year() -> None:
    plan = assigned("huyen", "badges", ("2020-07-01", "2025-06-30"), (7, None), "term")
    log = (plan, declared("huyen", "members", "2020-06-30", 300, "m"), *FLOWS)
    assert sides(*log, on="2021-02-05", rate=TERM) == (3, 300, 1.0)
    assert sides(*log, on="2025-06-30", rate=TERM) == (3, 300, 1.0)
    assert rates(*log, on="2025-07-01", rate=TERM)[0]["percent"] is None
    year = assigned("huyen", "badges", ("2020-07-01", "2021-06-30"), (7, None), "year")
    assert rates(year, *log[1:], on="2021-02-05", rate=TERM)[0]["percent"] is None


def test_a_year_and_a_day_is_longer_than_a_year() -> None:
    assert not is_term(day("2020-01-01"), day("2020-12-31"))
    assert is_term(day("2020-01-01"), day("2021-01-01"))
    assert is_term(day("2022-12-31"), day("2023-12-31"))
    # A year after 29 February is 1 March.
    assert not is_term(day("2020-02-29"), day("2021-02-28"))
    assert is_term(day("2020-02-29"), day("2021-03-01"))
    assert not is_term(day("2020-03-01"), day("2021-02-28"))
    assert not is_term(day("9999-01-01"), day("9999-12-31"))


def test_declared_rates_are_of_the_latest_day_that_has_both() -> None:
    """Seeds, document 000: 16 members of 19 staff."""
    log = (
        declared("huyen", "members", "2021-01-01", 16, "m"),
        declared("huyen", "staff", "2021-01-01", 19, "s"),
        declared("huyen", "members", "2021-02-01", 17, "later"),
        declared("xa", "staff", "2021-02-01", 20, "child"),
    )
    assert sides(*log, on="2021-03-01", rate="members_of_staff") == (16, 19, 84.2)
    assert rates(*log, on="2021-03-01", rate="key_posts_of_members")[0]["percent"] is None
    zero = declared("huyen", "staff", "2021-02-01", 0, "zero")
    (found,) = rates(*log, zero, on="2021-03-01", rate="members_of_staff")
    assert (found["numerator"]["value"], found["percent"], found["reason"]) == (17, None, True)


def test_last_year_ends_on_the_same_day() -> None:
    days = ("2023-02-28", "2023-03-01", "2024-02-29", "2024-02-29", "2024-02-29")
    log = [admitted("xa", on, f"a{n}") for n, on in enumerate(days)]
    assert sides(*log, on="2024-02-29", rate="admissions_of_last_year") == (3, 1, 300.0)
    assert sides(*log, on="2024-03-01", rate="admissions_of_last_year") == (3, 2, 150.0)
    assert rates(*log, on="2023-03-01", rate="admissions_of_last_year")[0]["percent"] is None
    assert same_day(day("2024-02-29"), 2028) == day("2028-02-29")
    assert same_day(day("1901-02-28"), 1900) == day("1900-02-28")


def test_a_target_is_a_denominator_too() -> None:
    """Seeds, document 001: 256 admitted are 128 % of the target, here a hundredth of both."""
    plan = assigned("huyen", "admissions", ("2021-01-01", "2021-12-31"), (2, None), "t")
    assert sides(plan, *FLOWS, on="2022-03-01", rate="admissions_of_target") == (3, 2, 150.0)


@pytest.mark.parametrize(
    ("part", "whole", "right"),
    [(256, 200, 128.0), (1, 16, 6.3), (1, 80, 1.3), (1, 2000, 0.1), (1, 2001, 0.0), (38, 52, 73.1), (36, 39, 92.3)],
)
def test_a_percentage_is_rounded_half_up(part: int, whole: int, right: float) -> None:
    assert percent(part, whole) == right
    assert percent(part, 0) is percent(None, whole) is percent(part, None) is None


def test_numbers_larger_than_a_float_holds_are_rounded_as_well() -> None:
    assert percent(2**53 - 1, 2**53 - 1) == 100.0
    assert one_place(5, 100) == 0.1
    assert one_place(-5, 100) == 0.0
    assert one_place(-15, 10) == -1.5
