"""The search for the message that is to blame, against a model that fails where one of the bad ones is in a batch."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from hypothesis import given
from hypothesis import strategies as st

from projections.rules.log.asides import Asides
from projections.store.live.poison_search import PIECES, Consequence, PoisonSearch

MOST = 8_000
FAULT = ZeroDivisionError("what it says")


class Run:
    """Work on positions 1 to ``end``, of which the bad ones fail until they are set aside."""

    def __init__(self, end: int, bad: AbstractSet[int], unspeakable: AbstractSet[int] = frozenset()) -> None:
        self.asides = Asides()
        self.search = PoisonSearch(self.asides)
        self.position, self.end = 0, end
        self.bad, self.unspeakable = bad, unspeakable
        self.steps: list[Consequence] = []
        self.batches = 0
        self.rejected: set[int] = set()

    def fails(self, position: int) -> bool:
        if position in self.unspeakable:
            return not self.asides.is_nameless(position)
        return position in self.bad and position not in self.asides.positions

    def go(self) -> Run:
        while self.position < self.end:
            last = min(self.end, self.position + self.search.most(self.position, MOST))
            assert last > self.position
            self.batches += 1
            batch = range(self.position + 1, last + 1)
            if any(map(self.fails, batch)):
                self.steps.append(self.search.failed(self.position, last, FAULT))
            else:
                self.rejected |= self.asides.positions & set(batch)
                self.position = last
                self.search.written(last, MOST)
        return self


@given(st.integers(1, 20_000), st.data())
def test_the_bad_are_set_aside_and_no_other(end: int, data: st.DataObject) -> None:
    some = st.sets(st.integers(1, end), max_size=5)
    bad, unspeakable = data.draw(some), data.draw(some)
    run = Run(end, bad, unspeakable).go()
    assert run.rejected == bad | unspeakable
    assert not run.asides.positions
    assert Consequence.HELPLESS not in run.steps
    assert run.steps.count(Consequence.SET_ASIDE) == len(run.rejected)
    assert run.steps.count(Consequence.NAMELESS) == len(unspeakable)


@given(st.integers(1, 16_000), st.data())
def test_one_costs_few_failures_and_few_commits(end: int, data: st.DataObject) -> None:
    run = Run(end, {data.draw(st.integers(1, end))}).go()
    # Each of a batch of 8,000, of 250, of 8, and alone twice.
    assert len(run.steps) <= 5
    assert run.batches <= 5 + 3 * PIECES + 15 + 16_000 // MOST


def test_one_that_fails_once_is_not_set_aside() -> None:
    search = PoisonSearch(asides := Asides())
    assert search.failed(4, 5, FAULT) == Consequence.ONCE_MORE
    search.written(5, MOST)
    assert not asides.positions
    assert search.failed(7, 8, FAULT) == Consequence.ONCE_MORE


def test_one_that_is_known_to_be_to_blame_is_set_aside_at_once() -> None:
    search = PoisonSearch(asides := Asides())
    assert search.failed(0, 8_000, FAULT, 4_711) == Consequence.SET_ASIDE
    assert asides.positions == {4_711}
    assert search.most(0, MOST) == MOST
    assert search.failed(0, 8_000, FAULT, 4_711) == Consequence.NAMELESS
    assert search.failed(0, 8_000, FAULT, 4_711) == Consequence.HELPLESS


def test_what_fails_whatever_is_left_out_is_no_messages_fault() -> None:
    search = PoisonSearch(Asides())
    steps = [search.failed(0, 1, FAULT) for _ in range(5)]
    assert steps == [
        Consequence.ONCE_MORE,
        Consequence.SET_ASIDE,
        Consequence.NAMELESS,
        Consequence.HELPLESS,
        Consequence.HELPLESS,
    ]


def test_many_beside_each_other_do_not_begin_the_search_anew() -> None:
    run = Run(8_000, set(range(3_000, 3_200))).go()
    assert len(run.rejected) == 200
    assert len(run.steps) < 2 * 200 + 50
    assert not run.search.under_way
