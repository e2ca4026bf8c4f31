"""What a browser keeps of its visits: the position at the visit before, whatever was sent in place of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.pages.visits import APART, KEPT, Seen, looked, read, written

units = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,20}\Z")
seen = st.builds(Seen, units, *[st.integers(0, 10**9)] * 3)


@given(st.lists(seen, max_size=KEPT))
def test_what_is_written_is_read(many: list[Seen]) -> None:
    assert read(written(many)) == many


@given(st.text(max_size=500))
def test_anything_may_stand_there(cookie: str) -> None:
    assert len(read(cookie)) <= KEPT


def test_the_visit_before_is_the_last_look_some_time_ago() -> None:
    now, kept = looked([], "a", 100, 0)
    assert now.before == 100
    now, kept = looked(kept, "a", 120, APART - 1)
    assert now.before == 100
    now, kept = looked(kept, "b", 130, APART)
    now, kept = looked(kept, "a", 150, 3 * APART)
    assert now.before == 120
    assert [each.unit for each in kept] == ["a", "b"]


def test_a_position_that_went_back_is_no_visit_before_it() -> None:
    now, _ = looked([Seen("a", 500, 600, 0)], "a", 10, 2 * APART)
    assert now.before == 10
