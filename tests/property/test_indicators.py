"""Targets, declared figures, the stock and rates are those of the brute-force reading, however the log is delivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.telling import ROOT, Said, admitted, assigned, declared, dissolved, founded, moved, root
from tests.oracle.wording import PLANS
from tests.property.examples import examples
from tests.property.planned import AskedOf, asked_of, wrong_answer
from tests.property.planning import logs_of_plans
from tests.property.reading import BASES, Reader
from tests.property.smallest import hold
from tests.property.strategies import cuttings
from tests.property.system import Batch, System, oracle_of

SEVERAL = 5

delivered = logs_of_plans.flatmap(
    lambda log: st.tuples(st.just(log), cuttings(len(log)), st.randoms(use_true_random=True))
)


@examples(25)
@given(delivered)
async def test_indicators_and_allocations_are_those_of_the_plans(
    system: System, reader: Reader, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, random = example
    seed = random.random()

    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        await system.deliver(log, batches)
        oracle = oracle_of(log)
        if (found := await system.outcomes()) != (right := oracle.outcomes()):
            return f"outcomes {set(found) - set(right)}, not {set(right) - set(found)}"
        for asked in asked_of(oracle, Random(seed), SEVERAL):
            wrong = await wrong_answer(reader, oracle, asked)
            if wrong is not None:
                return wrong
        return None

    await hold(log, batches, disagreement)


@examples(12)
@given(delivered)
async def test_two_deliveries_give_the_same_plans(
    system: System, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, _ = example
    await system.deliver(log, batches)
    cut = await system.dump()
    await system.deliver(log, [(0, len(log), False)])
    assert await system.dump() == cut
    held = [e.position for e in oracle_of(log).entries if e.holds and e.event and e.event["type"] in PLANS]
    assert sorted(row[0] for name in ("target", "declaration") for row in cut[name]) == held


FIRST, LAST = str(dt.date.min), str(dt.date.max)


async def test_plans_of_the_first_and_of_the_last_day(system: System, reader: Reader) -> None:
    log = [
        root(since=FIRST),
        founded("tinh", ROOT, FIRST),
        founded("huyen", "tinh", FIRST),
        declared("tinh", "members", FIRST, 10, "m"),
        declared("huyen", "members", FIRST, 4, "n"),
        assigned("tinh", "admissions", (FIRST, LAST), (3, 8), "t"),
        assigned("huyen", "admissions", (FIRST, FIRST), (1, None), "u"),
        admitted("huyen", FIRST, "a"),
        admitted("huyen", LAST, "b"),
        declared("tinh", "admissions", (FIRST, FIRST), 1, "d"),
        declared("huyen", "admissions", (LAST, LAST), 2, "e"),
        declared("huyen", "members", LAST, 12, "o"),
    ]
    await hold_days(system, reader, log, ("huyen",))
    moved_late = [moved("huyen", ROOT, "9999-12-30", "move"), dissolved("tinh", "9999-12-30")]
    await hold_days(system, reader, [*log, *moved_late], ("huyen", "tinh"))


async def test_children_of_the_last_day(system: System, reader: Reader) -> None:
    log = [
        root(since=FIRST),
        founded("tinh", ROOT, FIRST),
        founded("huyen", "tinh", FIRST),
        declared("tinh", "members", LAST, 10, "m"),
        declared("huyen", "members", LAST, 4, "n"),
        declared("huyen", "admissions", (FIRST, LAST), 2, "f"),
        assigned("huyen", "admissions", (LAST, LAST), (1, None), "u"),
    ]
    await hold_days(system, reader, log, ("tinh",))


async def test_who_came_or_went_is_judged_by_the_day_whatever_comes_later(system: System, reader: Reader) -> None:
    tree = [
        root(),
        *(founded(unit, ROOT, "2000-01-01") for unit in ("huyen", "ban")),
        founded("xa", "ban", "2000-01-01"),
    ]
    opening = declared("huyen", "members", "2021-01-01", 9, "m")
    came_later = [moved("xa", ROOT, "2021-06-01", "a"), moved("xa", "huyen", "2024-01-01", "b")]
    came_first = [moved("xa", "huyen", "2021-06-01", "a"), moved("ban", "huyen", "2024-01-01", "b")]
    for log in ([*tree, opening, *came_later], [*tree, opening, *came_first]):
        await system.deliver(log, [(0, len(log), False)])
        for basis in BASES:
            assert await wrong_answer(reader, oracle_of(log), AskedOf("huyen", dt.date(2022, 1, 1), basis)) is None


async def hold_days(system: System, reader: Reader, log: list[Said], units: tuple[str, ...]) -> None:
    await system.deliver(log, [(0, len(log), False)])
    oracle = oracle_of(log)
    days = (dt.date.min, dt.date(1, 1, 2), dt.date(2, 1, 1), dt.date.max - dt.timedelta(1), dt.date.max)
    for asked in (AskedOf(unit, on, basis) for unit in units for on in days for basis in BASES):
        assert await wrong_answer(reader, oracle, asked) is None
