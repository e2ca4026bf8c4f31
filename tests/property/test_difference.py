"""Differences are reconciled to the last event: between the bases, and between any two positions of the log."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.figures import Question
from tests.oracle.telling import Said
from tests.property.examples import examples
from tests.property.reading import Reader, questions
from tests.property.strategies import cuttings, logs
from tests.property.system import Batch, System, oracle_of

delivered = logs.flatmap(lambda log: st.tuples(st.just(log), cuttings(len(log)), st.randoms(use_true_random=True)))


async def explained(reader: Reader, question: Question, **asked: str) -> dict[str, Any]:
    parameters = {"from": str(question.first), "to": str(question.last), "measures": ",".join(question.measures)}
    answer = await reader.get(f"/v1/units/{question.unit}/difference", parameters | asked)
    assert answer["reconciled"]
    parts = [one["values"] for one in answer["contributions"]] + ([answer["rest"]["values"]] if answer["rest"] else [])
    for measure in question.measures:
        change = answer["against_total"][measure] - answer["total"][measure]
        assert answer["difference"][measure] == change == sum(values[measure] for values in parts)
    return answer


@examples(12)
@given(delivered)
async def test_what_moved_explains_the_difference_of_the_bases(
    system: System, reader: Reader, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, random = example
    oracle = oracle_of(log)
    await system.deliver(log, batches)
    for question in questions(oracle, random, several=6):
        other = "as-now" if question.basis == "as-was" else "as-was"
        limit = random.choice(("1", "100"))
        answer = await explained(reader, question, basis=question.basis, limit=limit)
        assert answer["total"] == oracle.report(question).total
        assert (answer["basis"], answer["against"]) == (question.basis, other)
        for one in answer["contributions"]:
            assert one["change"] in {"moved_in", "moved_out"}
            assert str(question.first) <= one["from"] <= one["to"] <= str(question.last)


@examples(12)
@given(delivered)
async def test_what_was_said_explains_the_difference_of_two_positions(
    system: System, reader: Reader, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, random = example
    await system.deliver(log, batches)
    first, last = sorted(random.choices(range(len(log) + 1), k=2))
    then = oracle_of(log[:first])
    for question in random.sample(asked := questions(then, random, several=6), min(len(asked), 12)):
        if not oracle_of(log[:last]).hierarchy().is_known(question.unit):
            continue
        positions = {"position": str(first), "against_position": str(last)}
        answer = await explained(reader, question, basis=question.basis, limit="1000", **positions)
        assert answer["total"] == then.report(question).total
        assert answer["against_total"] == oracle_of(log[:last]).report(question).total
        for one in answer["contributions"]:
            assert one["change"] in {"counted", "retracted", "reorganised"}
            if one["change"] == "counted":
                assert sum(one["values"].values()) >= 1
