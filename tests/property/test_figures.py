"""Laws 1 and 3: every answer is the one that counting the contract's facts one by one gives, and rows sum to totals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.figures import Question, Values
from tests.oracle.telling import ROOT, Said
from tests.oracle.wording import MEASURES
from tests.property.examples import LONG, examples
from tests.property.reading import BASES, BYS, RANGES, Reader, questions
from tests.property.smallest import hold
from tests.property.strategies import cuttings, logs, shufflings
from tests.property.system import Batch, System, oracle_of

delivered = logs.flatmap(lambda log: st.tuples(st.just(log), cuttings(len(log)), st.randoms(use_true_random=True)))


DAY = dt.date(2023, 1, 1)
DATES = [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in RANGES]


def sums_of(rows: dict[str, Values], measures: tuple[str, ...]) -> Values:
    return {measure: sum(values[measure] for values in rows.values()) for measure in measures}


@examples(20)
@given(delivered)
async def test_reports_are_those_of_the_contract(
    system: System, reader: Reader, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, random = example
    seed = random.random()

    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        await system.deliver(log, batches)
        oracle = oracle_of(log)
        for question in questions(oracle, Random(seed), several=16):
            total, rows = await reader.report(question)
            right = oracle.report(question)
            if not right.agrees_with(total, rows):
                return f"{question}: {total} {rows}, not {right}"
        return None

    await hold(log, batches, disagreement)


@examples(10)
@given(logs, st.integers(1, 4), st.randoms(use_true_random=True))
async def test_what_a_reader_remembers_of_the_hierarchy_follows_the_log(
    system: System, reader: Reader, log: list[Said], size: int, random: Random
) -> None:
    seed = random.random()
    batches = [(first, min(first + size, len(log)), False) for first in range(0, len(log), size)]

    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        wrong: list[str] = []

        async def ask(end: int) -> None:
            oracle = oracle_of(log[:end])
            chosen = Random(seed)
            units = oracle.hierarchy().units()
            for unit in chosen.sample(units, min(3, len(units))):
                by = chosen.choice(("child", "child", "none", *(by for by in BYS if by.startswith("level:"))))
                question = Question(unit, *chosen.choice(DATES), chosen.choice(BASES), MEASURES, by)
                right = oracle.report(question)
                for _ in range(2):  # the second is answered by what the first has left
                    total, rows = await reader.report(question)
                    if not right.agrees_with(total, rows):
                        wrong.append(f"{question} at {end}: {total} {rows}, not {right}")

        await system.deliver(log, batches, ask)
        return wrong[0] if wrong else None

    await hold(log, batches, disagreement)


@examples(4)
@given(logs)
async def test_rows_sum_to_totals_for_every_unit_on_every_basis(
    system: System, reader: Reader, log: list[Said]
) -> None:
    oracle = oracle_of(log)
    first, last = (dt.date.fromisoformat(text) for text in RANGES[0])
    await system.deliver(log, [(0, len(log), False)])
    units = sorted(oracle.hierarchy().units(), key=lambda unit: (unit != ROOT, unit))
    for unit in units if LONG else units[::2]:
        for question in [Question(unit, first, last, basis, MEASURES, by) for basis in BASES for by in BYS]:
            total, rows = await reader.report(question)
            assert question.by == "none" or sums_of(rows, MEASURES) == total, (question, total, rows)


@examples(20)
@given(logs.flatmap(lambda log: st.tuples(st.just(log), shufflings(log), st.randoms(use_true_random=True))))
async def test_the_order_of_facts_between_structure_events_does_not_show(
    system: System, reader: Reader, example: tuple[list[Said], list[Said], Random]
) -> None:
    log, shuffled, random = example
    oracle = oracle_of(log)
    await system.deliver(shuffled, [(0, len(log), False)])
    for question in questions(oracle, random, several=8):
        total, rows = await reader.report(question)
        assert oracle.report(question).agrees_with(total, rows), question


@examples(20)
@given(delivered)
async def test_lists_and_units_are_those_of_the_contract(
    system: System, reader: Reader, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, random = example
    oracle = oracle_of(log)
    hierarchy = oracle.hierarchy()
    await system.deliver(log, batches)
    await reader.get("/v1/units/nobody/report", status=404)
    for question in questions(oracle, random, several=4):
        assert await reader.events(question) == oracle.events(question), question
    for unit in hierarchy.units():
        parked = oracle.parked(unit)
        assert await reader.parked(unit) == parked
        founded = hierarchy.founded(unit)
        assert founded is not None
        found = await reader.get(f"/v1/units/{unit}", {"on": str(max(founded, DAY))})
        ancestors = [above["id"] for above in found["ancestors"]]
        assert ancestors == oracle.ancestors(unit, max(founded, DAY))
        report = await reader.get(f"/v1/units/{unit}/report", {"from": "2023-01-01", "to": "2023-01-31"})
        days = dt.date(2023, 1, 1), dt.date(2023, 1, 31)
        assert report["parked"] == len(oracle.parked_of_report(unit, *days))
        assert report["position"] == len(log)
    for entry in oracle.entries:
        if entry.key is not None:
            found = await reader.get(f"/v1/events/{entry.key[0]}/{entry.key[1]}")
            assert (found["position"], found["outcome"], found["reason"]) == (
                entry.position,
                entry.outcome,
                entry.reason,
            )
