"""Answers about plans in the words of the oracle, and where two of them differ."""

from __future__ import annotations

import datetime as dt
from itertools import zip_longest
from random import Random
from typing import Any, NamedTuple

from tests.oracle.asking import UNDECIDED
from tests.oracle.oracle import Oracle
from tests.oracle.plans import allocated, indicators
from tests.property.planning import DAYS_ASKED
from tests.property.reading import BASES, Reader


class AskedOf(NamedTuple):
    """Of which unit, on which day, on which basis."""

    unit: str
    on: dt.date
    basis: str


def asked_of(oracle: Oracle, random: Random, several: int) -> list[AskedOf]:
    """Choose units and days, each to be asked on both bases."""
    units = oracle.hierarchy().units()
    chosen = [(random.choice(units), random.choice(DAYS_ASKED)) for _ in range(several if units else 0)]
    return [AskedOf(unit, dt.date.fromisoformat(on), basis) for unit, on in chosen for basis in BASES]


async def wrong_answer(reader: Reader, oracle: Oracle, asked: AskedOf) -> str | None:
    """Say the first thing in which the system's answers are not the oracle's."""
    parameters = {"on": str(asked.on), "basis": asked.basis}
    answers = {"indicators": indicators(oracle, *asked), "targets": allocated(oracle, *asked)}
    for what, right in answers.items():
        shape = parameters | ({"by": "child"} if what == "targets" else {})
        answer = await reader.get(f"/v1/units/{asked.unit}/{what}", shape)
        if answer.pop("position") != oracle.entries[-1].position:
            return f"{what} of {asked} at another position"
        del answer["as_of"]
        wrong = difference(plain(answer), right)
        if wrong is not None:
            return f"{what} of {asked}: {wrong}"
    return None


def plain(found: Any) -> Any:
    """Leave a unit's id, an event's position, whether there is a reason; and no words."""
    if isinstance(found, list):
        return [plain(one) for one in found]
    if not isinstance(found, dict):
        return found
    if found.keys() == {"id", "name", "level"}:
        return found["id"]
    if found.keys() == {"position", "publisher", "id", "type"}:
        return found["position"]
    said = {key: value for key, value in found.items() if key != "name"}
    return {key: value is not None if key.endswith("reason") else plain(value) for key, value in said.items()}


def difference(found: Any, right: Any, path: str = "") -> str | None:
    """Say where an answer is not the right one, as a path into it."""
    if right is UNDECIDED:
        return None
    if isinstance(right, dict) and isinstance(found, dict) and found.keys() == right.keys():
        wrong = (difference(found[key], right[key], f"{path}.{key}") for key in right)
        return next((one for one in wrong if one is not None), None)
    if isinstance(right, list) and isinstance(found, list):
        pairs = enumerate(zip_longest(found, right, fillvalue="nothing"))
        wrong = (difference(one, other, f"{path}[{n}]") for n, (one, other) in pairs)
        return next((one for one in wrong if one is not None), None)
    # 1 and 1.0 are one number of JSON; a truth value is none.
    same = found == right and isinstance(found, bool) == isinstance(right, bool)
    return None if same else f"{path} is {found}, not {right}"
