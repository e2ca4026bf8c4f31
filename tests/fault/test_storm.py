"""Everything at once for a short while; `make soak` is the same for as long as is asked (docs/soak.md)."""

from __future__ import annotations

import asyncio

import pytest

from tests.soak.storm import Course, Plan, weather

SHORT = Plan(seed=1, cells=30, stormy=2, calm=0.2, between_kills=(0.2, 0.8), pause=0.3, hostile_pause=0.2)


async def nothing(course: Course) -> None:
    await asyncio.Event().wait()


@pytest.mark.long
async def test_a_storm_of_everything_shows_in_no_figure() -> None:
    course = await weather(SHORT, print, nothing)
    assert course.kills
    assert all(asker.answers for asker in course.askers)
    assert {kind for kind, how in course.operated if how == "done"} == {
        "rebuild",
        "back",
        "verify",
        "verify --from-log",
    }
    assert course.outcomes.keys() == {"counted", "applied", "duplicate", "parked", "rejected", "retracted"}
    assert course.totals
    assert course.takeovers
    assert course.claimed
    assert len(course.hostile_sent) > 10
    assert {status for _, status in course.hostile_asked} >= {"200", "422"}
