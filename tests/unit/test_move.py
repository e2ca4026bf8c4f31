"""The record of a move: where a unit hung before and hangs after, on every day and as last known."""

from __future__ import annotations

import datetime as dt

import pytest

from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import FOREVER, Ancestry, Move, Segment, UnitStatement

FOUNDED, DAY = dt.date(2010, 1, 1), dt.date(2020, 1, 1)
ROOT, A, B, CELL = 1, 2, 3, 4
UNDER_A = Ancestry((Segment(FOUNDED, FOREVER, A),), (A, ROOT))
UNDER_B_SINCE = Ancestry((Segment(FOUNDED, DAY, A), Segment(DAY, FOREVER, B)), (B, ROOT))


@pytest.fixture
def hierarchy() -> Hierarchy:
    made = Hierarchy()
    for unit, parent in ((ROOT, None), (A, ROOT), (B, ROOT), (CELL, A)):
        made.establish(
            f"u{unit}", UnitStatement(unit, unit, "established", FOUNDED, parent=parent, name="n", level="l")
        )
    return made


@pytest.mark.parametrize(
    "statement",
    [UnitStatement(9, CELL, "moved", DAY, parent=B), UnitStatement(9, CELL, "dissolved", DAY, successor=B)],
    ids=["moved", "dissolved"],
)
def test_it_says_where_from_and_where_to_and_back_again(hierarchy: Hierarchy, statement: UnitStatement) -> None:
    cell = hierarchy.by_no[CELL]
    there = hierarchy.add(statement)
    assert there == Move(cell, UNDER_A, UNDER_B_SINCE)
    assert there.leads_elsewhere
    assert hierarchy.remove(statement) == Move(cell, UNDER_B_SINCE, UNDER_A)


@pytest.mark.parametrize(
    "statement",
    [
        UnitStatement(9, CELL, "renamed", DAY, name="another"),
        UnitStatement(9, CELL, "moved", DAY, parent=A),
        UnitStatement(9, CELL, "dissolved", DAY),
    ],
    ids=["renamed", "moved to where it is", "dissolved without successor"],
)
def test_what_hangs_it_nowhere_else_leaves_it_where_it_was(hierarchy: Hierarchy, statement: UnitStatement) -> None:
    assert hierarchy.add(statement) == Move(hierarchy.by_no[CELL], UNDER_A, UNDER_A)


def test_a_past_parent_is_a_move_that_leads_nowhere_else_now(hierarchy: Hierarchy) -> None:
    hierarchy.add(UnitStatement(8, CELL, "moved", DAY, parent=B))
    earlier = hierarchy.add(UnitStatement(9, CELL, "moved", FOUNDED, parent=ROOT))
    assert earlier.before != earlier.after
    assert not earlier.leads_elsewhere
