"""Small logs on which the system and the contract once differed, told whole, message by message, and with restarts."""

from __future__ import annotations

import pytest

from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, retracted, root
from tests.property.system import System, oracle_of

TREE = [root(), founded("tinh", ROOT, "2020-01-01"), founded("ban", ROOT, "2020-01-01")]

CASES = {
    "a parked fact's publisher is no longer known": [
        *TREE,
        admitted("tinh", "2019-12-31", "a", by="ban"),
        retracted(ROOT, "r", "found-ban"),
    ],
    "a parked move's new parent is no longer active": [
        *TREE,
        moved(ROOT, "tinh", "2024-01-01", "m"),
        dissolved("tinh", "2023-01-01"),
    ],
}


@pytest.mark.parametrize("log", CASES.values(), ids=CASES)
async def test_outcomes_are_those_of_the_contract(system: System, log: list[Said]) -> None:
    one_by_one = range(len(log))
    for batches in (
        [(0, len(log), False)],
        [(n, n + 1, False) for n in one_by_one],
        [(n, n + 1, True) for n in one_by_one],
    ):
        await system.deliver(log, batches)
        assert await system.outcomes() == oracle_of(log).outcomes(), batches
