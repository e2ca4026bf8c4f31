"""What reports said at positions of the log, asked again later: `position=N` has to answer the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.oracle.figures import Question
from tests.oracle.telling import Said
from tests.property.reading import Reader
from tests.property.system import oracle_of


class Memory:
    """Answers of the system as they were given."""

    def __init__(self) -> None:
        self._answers: list[tuple[Question, dict[str, Any]]] = []

    async def keep(self, reader: Reader, question: Question) -> None:
        """Ask now, and keep the answer."""
        self._answers.append((question, await reader.get(_path(question), _asked(question))))

    async def difference(self, reader: Reader, random: Random, several: int) -> str | None:
        """Ask some of it again, as known then."""
        for question, then in random.sample(self._answers, min(several, len(self._answers))):
            now = await reader.get(_path(question), _asked(question, then["position"]))
            if now != then:
                return f"{question} at {then['position']}: {now}, not {then}"
        return None


async def difference_within(
    reader: Reader, log: Sequence[Said], position: int, asked: Sequence[Question]
) -> str | None:
    """Hold totals to the oracle's at a position at which no batch needs to have ended."""
    oracle = oracle_of(log[:position])
    known = set(oracle.hierarchy().units())
    for question in asked:
        if question.unit in known:
            plain = replace(question, by="none")
            now = (await reader.get(_path(plain), _asked(plain, position)))["total"]
            then = oracle.report(plain).total
            if now != then:
                return f"{plain} at {position}: {now}, not {then}"
    return None


def _path(question: Question) -> str:
    return f"/v1/units/{question.unit}/report"


def _asked(question: Question, position: int | None = None) -> dict[str, str]:
    asked = {
        "from": str(question.first),
        "to": str(question.last),
        "basis": question.basis,
        "measures": ",".join(question.measures),
        "by": question.by,
    }
    return asked if position is None else asked | {"position": str(position)}
