"""The search for what two answers tell together finds what it should, and nothing that is hidden."""

from __future__ import annotations

import datetime as dt
from random import Random

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.rules.counting.periods import Days
from tests.bench.differencing import KINDS, Asked, Fact, World, drawn, reveals, searched

MAY = Days(dt.date(2023, 5, 1), dt.date(2023, 5, 31))


def world_of(*people: tuple[int, int]) -> World:
    """Make a world of one unit, whose people are of a day in May and a sex."""
    facts = []
    for day, sex in people:
        on = MAY.first.replace(day=day)
        facts.append(Fact(on, on, "admissions", (sex, 0, 0, 0, 0), ("xa",), ("xa",)))
    return World("made", facts)


def test_a_period_a_day_shorter_reveals_who_came_on_that_day() -> None:
    world = world_of(*[(1, sex) for sex in (0, 1) for _ in range(20)], (31, 0))
    whole = Asked("xa", MAY, "admissions", 0)
    shorter = whole._replace(days=Days(MAY.first, dt.date(2023, 5, 30)))
    assert reveals(world, whole, [shorter], Thresholds(3, 30))
    assert not reveals(world, whole, [shorter], Thresholds(3, 41))  # the shorter one is of too few people
    assert not reveals(world, whole, [shorter], Thresholds(22, 0))  # both hide the code
    assert reveals(world, whole, [whole], Thresholds(3, 30)) is None


def test_the_same_seed_finds_the_same() -> None:
    worlds = [drawn(0, Random(1))]
    for kind in KINDS:
        found = searched(worlds, kind, "both", 20, 3)
        assert found == searched(worlds, kind, "both", 20, 3)
        assert found[0] == 20 >= found[1] >= found[2]
