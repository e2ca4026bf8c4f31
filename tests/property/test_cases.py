"""Small logs whose outcomes are known, told whole, message by message, and with restarts."""

from __future__ import annotations

import pytest

from tests.oracle import cases_of_plans
from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, retracted, root
from tests.property.system import System, oracle_of

TREE = [root(), founded("tinh", ROOT, "2020-01-01"), founded("ban", ROOT, "2020-01-01")]

DIFFERED = {
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


@pytest.mark.parametrize("log", DIFFERED.values(), ids=DIFFERED)
async def test_outcomes_on_which_system_and_contract_once_differed(system: System, log: list[Said]) -> None:
    one_by_one = range(len(log))
    for batches in (
        [(0, len(log), False)],
        [(n, n + 1, False) for n in one_by_one],
        [(n, n + 1, True) for n in one_by_one],
    ):
        await system.deliver(log, batches)
        assert await system.outcomes() == oracle_of(log).outcomes(), batches


async def test_outcomes_of_plans(system: System) -> None:
    """All cases in one database, each told in one batch."""
    for case, (said, right) in cases_of_plans.CASES.items():
        log = [*cases_of_plans.TREE, *said]
        await system.deliver(log, [(0, len(log), False)])
        *_, (_, *last) = await system.outcomes()
        assert tuple(last) == right, case
