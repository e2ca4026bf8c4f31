"""The limit on rejects, held against the same rule said slowly: every event looked at with its whole window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from projections.core.disaster import LIMIT, Arrival, Culprit, Excess, Limit, Reject, Window

limits = st.builds(Limit, st.integers(1, 30), st.integers(0, 100))
said = st.lists(
    st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["", "", "cycle", "malformed"])), max_size=80
)


def arrived(told: Sequence[tuple[str, str]]) -> list[Arrival]:
    return [Reject(position, *one) if one[1] else None for position, one in enumerate(told, start=1)]


def slowly(limit: Limit, events: Sequence[Arrival]) -> tuple[int, int, int] | None:
    """Return position, events and rejects in the window at the first excess."""
    for end, event in enumerate(events, start=1):
        window = events[max(0, end - limit.window) : end]
        rejected = sum(one is not None for one in window)
        enough = len(window) >= max(1, limit.window // 5)
        if event is not None and enough and rejected / len(window) > limit.percent / 100:
            return end, len(window), rejected
    return None


@given(limits, said)
def test_the_first_excess_is_found(limit: Limit, told: list[tuple[str, str]]) -> None:
    events = arrived(told)
    excess = Window(limit).take(events)
    assert (excess and excess[:3]) == slowly(limit, events)
    if excess is not None:
        window = events[max(0, excess.position - limit.window) : excess.position]
        by = Counter(event.publisher for event in window if event is not None)
        assert [(one.publisher, one.rejected) for one in excess.culprits] == sorted(
            by.items(), key=lambda item: (-item[1], item[0])
        )


@given(limits, said, st.lists(st.integers(0, 80)), st.booleans())
def test_batches_and_restarts_show_in_nothing(
    limit: Limit, told: list[tuple[str, str]], cuts: list[int], restarts: bool
) -> None:
    events = arrived(told)
    window, found = Window(limit), None
    bounds = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    for first, end in pairwise(bounds):
        if restarts:  # what a ledger's end gives
            window = Window(limit, events[:first][-limit.window :])
        found = found or window.take(events[first:end])
        if found is not None:
            break
    assert found == Window(limit).take(events)


def test_a_flood_after_good_work_is_stopped_when_it_is_most_of_the_window() -> None:
    good = [("a", "")] * 5_000
    flood = [("b", "invalid_field"), ("b", "cycle"), ("c", "cycle"), ("b", "invalid_field")] * 500
    excess = Window(LIMIT).take(arrived([*good, *flood]))
    assert excess == Excess(5_501, 1_000, 501, (Culprit("b", 376, "invalid_field"), Culprit("c", 125, "cycle")))


def test_too_few_events_say_nothing() -> None:
    assert Window(LIMIT).take(arrived([("a", "cycle")] * 199)) is None
    assert Window(LIMIT).take(arrived([("a", "cycle")] * 200)) is not None


def test_a_limit_of_all_is_no_limit() -> None:
    assert Window(Limit(10, 100)).take(arrived([("a", "cycle")] * 500)) is None
