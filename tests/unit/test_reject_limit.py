"""The limit on rejects, held against the same rule said slowly: every event looked at with all that came before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.store.live import reject_limit
from projections.store.live.reject_limit import (
    HANDFUL,
    LIMIT,
    Arrival,
    Culprit,
    Excess,
    Lookback,
    Reject,
    RejectLimit,
    Window,
)

limits = st.builds(RejectLimit, st.integers(1, 30), st.integers(0, 100), st.integers(1, 100))
publishers = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", ""])
said = st.lists(st.tuples(publishers, st.sampled_from(["", "", "cycle", "malformed"])), max_size=120)


@pytest.fixture(autouse=True)
def within_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is out of reach come within what is tried."""
    monkeypatch.setattr(reject_limit, "REACH", 2)


def arrived(told: Sequence[tuple[str, str]]) -> list[Arrival]:
    return [Reject(position, *one) if one[1] else position for position, one in enumerate(told, start=1)]


def in_window(limit: RejectLimit, events: Sequence[Arrival]) -> list[Arrival]:
    """Say what weighs, from the last event back."""
    found: list[Arrival] = []
    own: Counter[str] = Counter()
    for event in reversed(events[-limit.reach :]):
        if isinstance(event, Reject):
            own[event.publisher] += 1
            if own[event.publisher] > limit.most:
                continue
        found.append(event)
    return found[: limit.window]


def slowly(limit: RejectLimit, events: Sequence[Arrival]) -> tuple[int, int, int] | None:
    """Return position, events and rejects in the window at the first excess."""
    for end, event in enumerate(events, start=1):
        window = in_window(limit, events[:end])
        rejected = sum(isinstance(one, Reject) for one in window)
        if isinstance(event, Reject) and len(window) >= limit.least and rejected / len(window) > limit.percent / 100:
            return end, len(window), rejected
    return None


@given(limits, said)
def test_the_first_excess_is_found(limit: RejectLimit, told: list[tuple[str, str]]) -> None:
    events = arrived(told)
    excess = Window(limit).take(events)
    assert (excess and excess[:3]) == slowly(limit, events)
    if excess is not None:
        window = in_window(limit, events[: excess.position])
        by = Counter(event.publisher for event in window if isinstance(event, Reject))
        assert [(one.publisher, one.rejected) for one in excess.culprits] == sorted(
            by.items(), key=lambda item: (-item[1], item[0])
        )


@given(limits, said, st.lists(st.integers(0, 120)), st.booleans())
def test_batches_and_restarts_show_in_nothing(
    limit: RejectLimit, told: list[tuple[str, str]], cuts: list[int], restarts: bool
) -> None:
    events = arrived(told)
    window, found = Window(limit), None
    bounds = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    for first, end in pairwise(bounds):
        if restarts:  # what a ledger's end gives
            back = Lookback(limit)
            for event in reversed(events[:first]):
                if not back.take(event):
                    break
            window = back.window(0)
        found = found or window.take(events[first:end])
        if found is not None:
            break
    assert found == Window(limit).take(events)


@given(
    st.integers(10, 60),
    st.integers(9, 99),
    st.integers(1, 100),
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.booleans()), max_size=300),
)
def test_a_handful_exceeds_nothing_whatever_it_sends(
    window: int, percent: int, share: int, told: list[tuple[str, bool]]
) -> None:
    """And it takes no room from others: what the others send is good."""
    limit = RejectLimit(window, max(percent, -(-HANDFUL * 100 // window)), share)
    hostile = "abcde"
    assert len(hostile) == HANDFUL
    events = arrived([(who, "malformed" if who in hostile else "") for who, _ in told])
    assert Window(limit).take(events) is None


def test_one_alone_never_pauses_the_rest() -> None:
    good = [("a", "")] * 50
    flood = [("hostile", "invalid_field")] * 5_000
    window = Window(LIMIT)
    assert window.take(arrived([*flood, *good, *flood])) is None
    assert window.heaviest == {"hostile": LIMIT.most}


def test_a_flood_of_one_hides_no_disaster_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad rule comes while nine tenths of the log are one publisher's rubbish."""
    monkeypatch.undo()
    good = [(f"u{n % 700}", "") for n in range(3_000)]
    wrong = islice(cycle([*[("hostile", "malformed")] * 9, ("", "")]), 20_000)
    mixed = [one if one[0] else (f"u{n}", "cycle") for n, one in enumerate(wrong)]
    excess = Window(LIMIT).take(arrived([*good, *mixed]))
    assert excess is not None
    assert len(excess.culprits) == 501 - LIMIT.most + 1


def test_what_comes_from_many_is_stopped_when_it_is_most_of_the_window() -> None:
    good = [("a", "")] * 2_000
    flood = [("b", "invalid_field"), ("b", "cycle"), *((f"c{n}", "cycle") for n in range(1_000))]
    excess = Window(LIMIT).take(arrived([*good, *flood]))
    assert excess is not None
    assert excess[:3] == (2_501, 1_000, 501)
    assert excess.culprits[0] == Culprit("b", 2, "cycle")
    assert isinstance(excess, Excess)


def test_too_few_events_say_nothing() -> None:
    many = [(f"u{n}", "cycle") for n in range(500)]
    assert Window(LIMIT).take(arrived(many[:499])) is None
    assert Window(LIMIT).take(arrived(many)) is not None


def test_a_limit_of_all_is_no_limit() -> None:
    assert Window(RejectLimit(10, 100)).take(arrived([(f"u{n}", "cycle") for n in range(500)])) is None
