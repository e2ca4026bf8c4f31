"""Who makes the log grow, against the same said slowly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.projector.growth import MINUTE, OVERHEAD, Allowed, Growth

batches = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.integers(0, 900)), max_size=6),
    ),
    max_size=12,
)


@given(batches, st.integers(1, 100), st.integers(0, 4), st.integers(0, 200))
def test_it_is_what_came_within_a_minute(
    told: list[tuple[int, list[tuple[str, int]]]], percent: int, least: int, later: int
) -> None:
    growth, now, all_of_it = Growth(Allowed(percent, least)), 1_000_000, []
    for seconds, sent in told:
        now += seconds
        growth.take(now, sent)
        all_of_it += [(now, publisher, size + OVERHEAD) for publisher, size in sent]
    now += later
    # In steps of five seconds: what is in the step in which the minute began counts whole.
    recent = [one for one in all_of_it if (one[0] // 5 + 1) * 5 > now - MINUTE]
    total = sum(size for _, _, size in recent)
    sizes = {name: sum(size for _, publisher, size in recent if publisher == name) for name in ("a", "b", "c", "")}
    named = {
        name: size for name, size in sizes.items() if size and size >= least * 1000 and size * 100 > percent * total
    }
    found = growth.named(now)
    assert {each.publisher: each.size for each in found} == named
    assert len(found) <= 100 / percent
    assert all(abs(each.share - each.size / total) < 1e-9 for each in found)


def test_a_flood_is_named_at_once_and_forgotten_after_a_minute() -> None:
    growth = Growth(Allowed())
    growth.take(0, [(f"u{n}", 300) for n in range(5_000)])
    assert growth.named(1) == []
    growth.take(2, [("hostile", 16_000)] * 3_000)
    assert [each.publisher for each in growth.named(2)] == ["hostile"]
    assert [each.publisher for each in growth.named(60)] == ["hostile"]
    assert growth.named(66) == []


def test_small_traffic_is_not_named() -> None:
    growth = Growth(Allowed())
    growth.take(0, [("alone", 300)] * 2_000)
    assert growth.named(1) == []
