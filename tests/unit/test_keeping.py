"""Contract, section 7, the keeper's row: which role may be granted where, and as which unit that is said."""

from __future__ import annotations

import datetime as dt

import pytest

from projections.answers.access.keeping import GRANTED, RoleWanted, speaks_as
from projections.answers.access.readable import AncestorSpan, Grant, Lineage

EVER, FOREVER, TODAY = dt.date.min, dt.date.max, dt.date(2025, 6, 1)
ROOT = "goc"
KEEPS = {
    # where one is keeper, about which unit: what may be granted there
    ("xa", "xa"): {"reader", "officer", "clerk"},
    ("tinh", "xa"): {"reader", "officer", "clerk", "keeper"},
    ("goc", "xa"): {"reader", "officer", "clerk", "keeper"},
    ("goc", "goc"): {"reader", "officer", "clerk", "keeper", "operator"},
    ("xa", "goc"): set(),
    ("huyen", "xa"): set(),
    ("other", "xa"): set(),
}


def lineage(unit: str) -> Lineage:
    """Give that of a commune under a province and the root, whose district was dissolved, or of the root."""
    above = [] if unit == ROOT else ["tinh", ROOT]
    links = [AncestorSpan(unit, upper, EVER, FOREVER) for upper in (unit, *above)]
    if unit == "xa":
        links.append(AncestorSpan("xa", "huyen", dt.date(2010, 1, 1), dt.date(2025, 1, 1)))
    return Lineage(unit, links, {"huyen": dt.date(2025, 1, 1)} if unit == "xa" else {})


@pytest.mark.parametrize(("keeper", "unit"), KEEPS)
def test_what_a_keeper_may_grant(keeper: str, unit: str) -> None:
    for role in (*GRANTED, "signer"):
        said = speaks_as(lineage(unit), [Grant("keeper", keeper)], None, RoleWanted(role, ROOT, TODAY))
        assert said == (keeper if role in KEEPS[keeper, unit] else None), role


def test_no_other_role_keeps_anything() -> None:
    grants = [Grant(role, ROOT) for role in ("reader", "officer", "clerk", "signer", "operator")]
    assert all(speaks_as(lineage("xa"), grants, None, RoleWanted(role, ROOT, TODAY)) is None for role in GRANTED)


def test_who_holds_every_role_speaks_as_the_root() -> None:
    for unit in ("xa", ROOT):
        for role in GRANTED:
            expected = None if role == "operator" and unit != ROOT else ROOT
            assert speaks_as(lineage(unit), None, None, RoleWanted(role, ROOT, TODAY)) == expected


@pytest.mark.parametrize(("until", "said"), [("2025-05-31", None), ("2025-06-01", "tinh"), (None, "tinh")])
def test_a_grant_that_is_over_keeps_nothing(until: str | None, said: str | None) -> None:
    day = None if until is None else dt.date.fromisoformat(until)
    assert speaks_as(lineage("xa"), [Grant("keeper", "tinh", day)], None, RoleWanted("reader", ROOT, TODAY)) == said


def test_of_several_the_nearest_speaks_that_may() -> None:
    grants = [Grant("keeper", unit) for unit in (ROOT, "tinh", "xa")]
    assert speaks_as(lineage("xa"), grants, None, RoleWanted("reader", ROOT, TODAY)) == "xa"
    assert speaks_as(lineage("xa"), grants, None, RoleWanted("keeper", ROOT, TODAY)) == "tinh"


@pytest.mark.parametrize(
    ("limit", "role", "said"),
    [
        (Grant("keeper", "xa"), "reader", "tinh"),
        (Grant("keeper", "xa"), "keeper", None),
        (Grant("keeper", "tinh"), "keeper", "tinh"),
        (Grant("reader", ROOT), "reader", None),
        (Grant("keeper", "other"), "reader", None),
    ],
)
def test_a_limited_token_keeps_what_both_allow(limit: Grant, role: str, said: str | None) -> None:
    assert speaks_as(lineage("xa"), [Grant("keeper", "tinh")], [limit], RoleWanted(role, ROOT, TODAY)) == said


def test_a_dissolved_unit_may_still_be_spoken_of_by_itself() -> None:
    gone = Lineage("huyen", [AncestorSpan("huyen", "huyen", EVER, FOREVER)], {"huyen": dt.date(2025, 1, 1)})
    assert speaks_as(gone, [Grant("keeper", "huyen")], None, RoleWanted("reader", ROOT, TODAY)) == "huyen"
