"""What a report said when the log stood at a position is told again exactly, whatever came after."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.figures import Question
from tests.oracle.telling import Said
from tests.property.examples import examples
from tests.property.reading import Reader, questions
from tests.property.strategies import logs
from tests.property.system import System, oracle_of


def asked(question: Question) -> tuple[str, dict[str, str]]:
    parameters = {
        "from": str(question.first),
        "to": str(question.last),
        "basis": question.basis,
        "measures": ",".join(question.measures),
        "by": question.by,
    }
    return f"/v1/units/{question.unit}/report", parameters


@examples(12)
@given(logs.flatmap(lambda log: st.tuples(st.just(log), st.integers(0, len(log)), st.randoms(use_true_random=True))))
async def test_a_report_of_a_position_is_the_one_given_then(
    system: System, reader: Reader, example: tuple[list[Said], int, Random]
) -> None:
    log, position, random = example
    then = questions(oracle_of(log[:position]), random, several=20)
    await system.deliver(log[:position], [(0, position, False)])
    given_then: list[dict[str, Any]] = [await reader.get(*asked(question)) for question in then]
    oracle = oracle_of(log)
    await system.deliver(log, [(0, len(log), False)])
    for question, expected in zip(then, given_then, strict=True):
        path, parameters = asked(question)
        answer = await reader.get(path, parameters | {"position": str(position)})
        assert answer["position"] == position
        assert answer == expected, question
        assert oracle.report_at(position, question).total == answer["total"]
