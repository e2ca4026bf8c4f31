"""Whether the system says of a log what the oracle says: outcomes, figures on both bases, lists."""

from __future__ import annotations

from random import Random

from tests.oracle.oracle import Oracle
from tests.property.reading import Reader, questions
from tests.property.staying import wrong_stay
from tests.property.system import System


async def difference(system: System, reader: Reader, oracle: Oracle, random: Random, several: int) -> str | None:
    """Say the first thing in which they differ: each unit's children on both bases, and `several` other questions."""
    found = await system.outcomes()
    right = oracle.outcomes()
    if found != right:
        return f"outcomes {sorted(set(found) - set(right))}, not {sorted(set(right) - set(found))}"
    asked = questions(oracle, random, several)
    for question in asked:
        total, rows = await reader.report(question)
        report = oracle.report(question)
        if not report.agrees_with(total, rows):
            return f"{question}: {total} {rows}, not {report}"
    by_child = [question for question in asked if (question.by, question.basis) == ("child", "as-was")]
    for question in random.sample(by_child, min(4, len(by_child))):
        days = {"from": str(question.first), "to": str(question.last)}
        wrong = wrong_stay(oracle.hierarchy(), question, await reader.get(f"/v1/units/{question.unit}/report", days))
        if wrong is not None:
            return wrong
    for question in random.sample(asked, min(2, len(asked))):
        listed, listed_right = await reader.events(question), oracle.events(question)
        if listed != listed_right:
            return f"events of {question}: {listed}, not {listed_right}"
        parked, parked_right = await reader.parked(question.unit), oracle.parked(question.unit)
        if parked != parked_right:
            return f"parked of {question.unit}: {parked}, not {parked_right}"
    return None
