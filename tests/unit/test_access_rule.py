"""Contract, section 7, case by case: what a grant over a unit reaches, as reorganisations leave it."""

from __future__ import annotations

import datetime as dt

import pytest

from projections.answers.access.needs import ROLES, Need
from projections.answers.access.readable import AccessQuestion, AncestorSpan, Grant, Lineage, may, reached
from projections.rules.counting.periods import Days

EVER, FOREVER = dt.date.min, dt.date.max
TODAY = dt.date(2025, 6, 1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def days(first: str, last: str) -> Days:
    return Days(day(first), day(last))


def since(lower: str, upper: str, first: str, until: str | None = None) -> AncestorSpan:
    return AncestorSpan(lower, upper, day(first), FOREVER if until is None else day(until))


def of(unit: str, *links: AncestorSpan, **dissolved: str) -> Lineage:
    return Lineage(
        unit, [AncestorSpan(unit, unit, EVER, FOREVER), *links], {u: day(text) for u, text in dissolved.items()}
    )


XA = of(
    "xa",
    since("xa", "huyen", "2010-01-01", "2023-07-01"),
    since("xa", "tinh", "2010-01-01", "2023-07-01"),
    since("xa", "ban", "2023-07-01"),
)
"""A commune that another province took over on 1 July 2023."""


@pytest.mark.parametrize("upper", ["xa", "ban"])
def test_what_stands_above_as_last_known_reaches_all_days(upper: str) -> None:
    for asked in (None, days("2020-01-01", "2020-12-31"), days("1990-01-01", "2099-12-31")):
        assert reached(XA, upper, asked)


@pytest.mark.parametrize("upper", ["huyen", "tinh"])
def test_what_stood_above_reaches_the_days_on_which_it_did_every_one_of_them(upper: str) -> None:
    assert reached(XA, upper, days("2010-01-01", "2023-06-30"))
    assert not reached(XA, upper, days("2023-06-30", "2023-07-01"))
    assert not reached(XA, upper, days("2009-12-31", "2023-06-30"))
    assert not reached(XA, upper, None)


def test_days_may_be_made_of_several_stays_but_no_day_may_be_missing() -> None:
    stays = (since("xa", "tinh", "2020-01-01", "2021-01-01"), since("xa", "tinh", "2021-01-01", "2022-01-01"))
    apart = (stays[0], since("xa", "tinh", "2021-01-02", "2022-01-01"))
    assert reached(of("xa", *stays), "tinh", days("2020-06-01", "2021-12-31"))
    assert not reached(of("xa", *apart), "tinh", days("2020-06-01", "2021-12-31"))


def test_over_a_dissolved_unit_it_goes_on_for_what_was_below_it_and_never_for_the_successor() -> None:
    gone = {"huyen": "2023-07-01"}
    assert reached(of("xa", since("xa", "huyen", "2010-01-01"), **gone), "huyen", None)
    assert reached(of("xa", since("xa", "huyen", "2010-01-01", "2024-01-01"), **gone), "huyen", None)
    left_before = of("xa", since("xa", "huyen", "2010-01-01", "2023-06-30"), **gone)
    assert not reached(left_before, "huyen", None)
    assert not reached(of("ban"), "huyen", None), "the successor was never below it"


def test_over_a_dissolved_unit_it_goes_on_for_what_is_now_below_what_was_below_it() -> None:
    new_cell = of("cell", since("cell", "xa", "2024-01-01"), since("xa", "huyen", "2010-01-01"), huyen="2023-07-01")
    assert reached(new_cell, "huyen", None)


def test_a_dissolved_unit_was_above_nothing_any_more() -> None:
    late = of("cell", since("cell", "huyen", "2024-01-01"), huyen="2023-07-01")
    assert not reached(late, "huyen", days("2024-02-01", "2024-03-01"))
    assert not reached(late, "huyen", None)


def test_until_is_the_last_day() -> None:
    for until, right in ((None, True), (TODAY, True), (TODAY - dt.timedelta(1), False)):
        asked = AccessQuestion(ROLES[Need.FIGURES], None, TODAY)
        assert may(XA, [Grant("reader", "ban", until)], None, asked) is right


@pytest.mark.parametrize(
    ("role", "needs"),
    [
        ("reader", {Need.FIGURES}),
        ("officer", {Need.FIGURES, Need.SINGLE_EVENTS}),
        ("clerk", {Need.SENDING}),
        ("keeper", {Need.KEEPING}),
        ("operator", {Need.OPERATING}),
        ("signer", set()),
    ],
)
def test_a_role_allows_what_its_row_says(role: str, needs: set[Need]) -> None:
    for need in Need:
        assert may(XA, [Grant(role, "ban")], None, AccessQuestion(ROLES[need], None, TODAY)) is (need in needs)


def test_a_token_allows_nothing_beyond_its_account_and_its_own_limits() -> None:
    asked = AccessQuestion(ROLES[Need.FIGURES], None, TODAY)
    assert may(XA, [Grant("officer", "ban")], [Grant("reader", "xa")], asked)
    assert not may(XA, [Grant("officer", "ban")], [Grant("reader", "huyen")], asked)
    assert not may(XA, [Grant("officer", "ban")], [Grant("clerk", "xa")], asked)
    assert not may(XA, [Grant("clerk", "ban")], [Grant("reader", "xa")], asked)
    assert not may(XA, [Grant("officer", "ban")], [], asked)
    assert may(XA, None, [Grant("reader", "ban")], asked), "of an account that holds every role at the root"
