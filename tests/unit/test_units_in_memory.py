"""What a unit keeps as bytes comes back as it was said, and who hangs under a unit is found once, however it came."""

from __future__ import annotations

import datetime as dt
import gc

import pytest

from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import UnitStatement, founded

FOUNDED, DAY, LATER = dt.date(2010, 1, 1), dt.date(2020, 1, 1), dt.date(2021, 1, 1)
ROOT, A, B, CELL = 1, 2, 3, 4


@pytest.fixture
def hierarchy() -> Hierarchy:
    made = Hierarchy()
    for unit, parent in ((ROOT, None), (A, ROOT), (B, ROOT), (CELL, A)):
        made.establish(f"u{unit}", UnitStatement(unit, unit, "established", FOUNDED, parent, "n", "cell"))
    return made


@pytest.mark.parametrize("position", [0, 1, 2**63 - 1])
@pytest.mark.parametrize(
    ("name", "level"),
    [("Chi bộ 6, Đảng bộ cơ sở số 33", "cell"), ("𝕏 ở\u0000", "upper"), ("", "central"), (None, None)],
)
def test_the_founding_comes_back_as_it_was_said(position: int, name: str | None, level: str | None) -> None:
    said = UnitStatement(position, CELL, "established", FOUNDED, A, name, level)
    unit = founded("u4", said)
    assert unit.founding == said
    assert list(unit.statements()) == [said]
    assert unit.active(FOUNDED)
    assert not unit.active(FOUNDED - dt.timedelta(1))


def test_the_collector_has_nothing_to_look_at(hierarchy: Hierarchy) -> None:
    assert not gc.is_tracked(hierarchy.by_no[CELL])


def test_who_moves_away_and_back_hangs_there_once(hierarchy: Hierarchy) -> None:
    hierarchy.add(UnitStatement(8, CELL, "moved", DAY, parent=B))
    assert [unit.no for unit in hierarchy.hung_now(B)] == [CELL]
    assert list(hierarchy.hung_now(A)) == []
    hierarchy.add(UnitStatement(9, CELL, "moved", LATER, parent=A))
    assert [unit.no for unit in hierarchy.hung_now(A)] == [CELL]
    assert [span[1:] for span in hierarchy.hung(A)] == [(FOUNDED, DAY), (LATER, dt.date.max)]
    assert hierarchy.ever_below(B) == {B, CELL}


def test_who_is_taken_back_hangs_nowhere_and_can_be_founded_again(hierarchy: Hierarchy) -> None:
    hierarchy.establish("u5", UnitStatement(5, 5, "established", FOUNDED, A, "n", "cell"))
    hierarchy.forget(hierarchy.by_no[CELL])
    assert [unit.no for unit in hierarchy.hung_now(A)] == [5]
    assert hierarchy.in_use(hierarchy.by_no[A])
    hierarchy.forget(hierarchy.by_no[5])
    assert not hierarchy.in_use(hierarchy.by_no[A])
    hierarchy.establish("u4", UnitStatement(7, 6, "established", FOUNDED, A, "n", "cell"))
    assert [unit.no for unit in hierarchy.hung_now(A)] == [6]
    assert hierarchy.by_no[ROOT].size == 3
