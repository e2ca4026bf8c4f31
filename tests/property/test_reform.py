"""Structure events of every kind mixed with facts and retractions: after every batch all answers are the contract's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from projections.store.live.projection import Projection
from tests.oracle.oracle import Oracle
from tests.oracle.telling import ROOT, Said
from tests.property.agreement import difference
from tests.property.examples import examples
from tests.property.reading import Reader, questions
from tests.property.reforming import CHANGES, REFORMS, REST, Reformer
from tests.property.remembering import Memory, difference_within
from tests.property.smallest import hold, story
from tests.property.strategies import UNITS
from tests.property.system import SIZES, Batch, System, messages, oracle_of

SEVERAL = 6
REMEMBERED = 3
FEW = 8
MANY = 400

seeds = st.integers(0, 2**32 - 1)


class Turn(NamedTuple):
    """How something is told: `late`, some of it is kept for later; `facts`, that many at most come between."""

    seed: int
    late: bool
    facts: int
    delivered: bool
    again: int
    reopen: bool


turns = st.builds(
    Turn, seeds, st.booleans(), st.integers(0, 5), st.booleans(), st.sampled_from((0, 0, 1, 5)), st.booleans()
)


class Reform(RuleBasedStateMachine):
    """A log that grows, and a system to which it is delivered now and then."""

    def __init__(self, system: System, reader: Reader, run: Callable[[Awaitable[None]], None]) -> None:
        super().__init__()
        self._system = system
        self._reader = reader
        self._run = run
        self._oracle = Oracle(ROOT)
        self._kept: list[Said] = []
        self._memory = Memory()
        self._batches: list[Batch] = []
        self._projection: Projection | None = None
        self._teller = Reformer(Random(0), UNITS[:1])

    @property
    def _log(self) -> list[Said]:
        return self._teller.log

    @property
    def _done(self) -> int:
        return len(self._oracle.entries)

    @initialize(seed=seeds, units=st.integers(4, 8))
    def tell_tree(self, seed: int, units: int) -> None:
        self._teller = Reformer(Random(seed), UNITS[:units])
        self._run(self._system.deliver([], []))

    @rule(turn=turns, kind=st.sampled_from(CHANGES))
    def tell_change(self, turn: Turn, kind: str) -> None:
        self._tell(turn, kind)

    @rule(turn=turns, kind=st.sampled_from(REST))
    def tell_anything_else(self, turn: Turn, kind: str) -> None:
        self._tell(turn, kind)

    @rule(turn=turns, kind=st.sampled_from(REFORMS))
    def reform(self, turn: Turn, kind: str) -> None:
        self._tell(turn, kind)

    @precondition(lambda self: self._kept)
    @rule(turn=turns)
    def tell_late(self, turn: Turn) -> None:
        """Tell what was kept, the last first."""
        told, self._kept = self._kept[::-1], []
        self._told(turn, told)

    def _tell(self, turn: Turn, kind: str) -> None:
        """Tell of a change, and keep some of it for later."""
        self._teller.random.seed(turn.seed)
        told = getattr(self._teller, kind)()
        told = told if isinstance(told, list) else [told]
        kept = [said for said in told if turn.late and self._teller.one_in(2)]
        self._kept += kept
        self._told(turn, [said for said in told if said not in kept])

    def _told(self, turn: Turn, told: list[Said]) -> None:
        """Put it into the log, among facts, and deliver all that is new in one batch, some of the old once more."""
        self._teller.random.seed(turn.seed + 1)
        for said in (*told, None):
            self._log.extend(self._teller.fact() for _ in range(self._teller.random.randint(0, turn.facts)))
            self._log.extend([] if said is None else [said])
        if turn.delivered and self._done < len(self._log):
            batch = (max(0, self._done - turn.again), len(self._log), turn.reopen)
            self._run(self._deliver(batch, turn.seed))

    async def _deliver(self, batch: Batch, seed: int) -> None:
        first, end, reopen = batch
        if reopen or self._projection is None:
            await self._close()
            self._projection = await Projection.open(self._system.url, root=ROOT, sizes=SIZES)
        self._batches.append(batch)
        await self._projection.apply(messages(self._log)[first:end])
        if seed % 3:  # nothing comes for a while
            await self._projection.rest()
        for position in range(self._done + 1, end + 1):
            self._oracle.feed(position, *self._log[position - 1])
        found = await difference(self._system, self._reader, self._oracle, Random(seed), SEVERAL)
        if found is not None:
            await self._fail(found, seed)
        await self._as_known_then(Random(seed))

    async def _as_known_then(self, random: Random) -> None:
        """Ask again what was answered before, and keep some of today's answers for later."""
        found = await self._memory.difference(self._reader, random, REMEMBERED)
        assert found is None, f"{found}\nin batches {self._batches} of\n{self._story()}"
        for question in random.sample(asked := questions(self._oracle, random, SEVERAL), min(REMEMBERED, len(asked))):
            await self._memory.keep(self._reader, question)

    async def _at_any_position(self, random: Random) -> None:
        asked = questions(self._oracle, random, 0)
        position = random.randint(1, len(self._log))
        found = await difference_within(self._reader, self._log, position, asked)
        assert found is None, f"{found}\nin batches {self._batches} of\n{self._story()}"

    def _story(self) -> str:
        return "\n".join(map(story, range(1, len(self._log) + 1), self._log))

    async def _fail(self, found: str, seed: int) -> None:
        """Fail with the smallest log that shows it; where none does from an empty database, with this one."""

        async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
            await self._system.deliver(log, batches)
            return await difference(self._system, self._reader, oracle_of(log), Random(seed), SEVERAL)

        await self._close()
        await hold(list(self._log), self._batches, disagreement)
        raise AssertionError(f"{found}\nin batches {self._batches}, but not anew")

    async def _close(self) -> None:
        if self._projection is not None:
            await self._projection.close()
            self._projection = None

    def teardown(self) -> None:
        try:
            if self._done < len(self._log):
                self._run(self._deliver((self._done, len(self._log), False), 0))
            self._run(self._at_any_position(Random(len(self._log))))
        finally:
            self._run(self._close())
        note(f"{len(self._log)} messages in {len(self._batches)} batches")


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def hold_reforms(system: System, reader: Reader, loop: asyncio.AbstractEventLoop, how: settings) -> None:
    class Here(Reform):
        def __init__(self) -> None:
            super().__init__(system, reader, loop.run_until_complete)

    run_state_machine_as_test(Here, settings=how)


def test_after_every_batch_all_answers_are_the_contracts(
    system: System, reader: Reader, loop: asyncio.AbstractEventLoop
) -> None:
    hold_reforms(system, reader, loop, settings(examples(FEW), stateful_step_count=18))


@pytest.mark.long
def test_after_every_batch_of_many_logs(system: System, reader: Reader, loop: asyncio.AbstractEventLoop) -> None:
    hold_reforms(system, reader, loop, settings(examples(MANY), derandomize=False, stateful_step_count=50))
