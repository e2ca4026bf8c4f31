"""A projector is killed at each of its awaits in turn, by SIGKILL, and another goes on from there."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

import pytest

from tests.fault import projecting_here as here
from tests.fault.brief_log import BEFORE
from tests.fault.stepping import TOP, Death, Place, killed
from tests.fault.stretch import Stretch

WRITES: Final = (
    "projections/store/batch/writing.py",
    "projections/store/batch/rollup_moves.py",
    "projections/store/batch/verdicts.py",
)


def awaits_in(module: str) -> set[Place]:
    """Find every await in a module."""
    tree = ast.parse((TOP / module).read_text(encoding="utf-8"))
    return {(module, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Await)}


async def die_everywhere(stretch: Stretch, times: int, within: Collection[str] = ()) -> set[Death]:
    """Kill projectors until one has nowhere left to die.

    One that committed nothing leaves every row as it was: the next to be killed goes on from there.
    """
    deaths: set[Death] = set()
    death: Death | None = None
    while death is not None or not deaths:
        async with stretch.anew() as (settings, connection):
            moved = False
            while not moved:
                await stretch.forget()
                death = await killed(deaths, here.project_and_die, settings, times=times, within=within)
                deaths |= {death} - {None}
                moved = await stretch.hold(connection) > len(BEFORE)
            assert death is not None or await stretch.hold(connection) == here.END
            await here.project(settings)
            assert await stretch.hold(connection) == here.END
    return deaths


@pytest.mark.long
@pytest.mark.parametrize("within", [WRITES, ()])
async def test_killed_at_every_await(stretch: Stretch, within: Collection[str]) -> None:
    """Of what writes the figures; of everything else too, among the long tests."""
    deaths = await die_everywhere(stretch, 1, within)
    been = {place for death in deaths for place in death.places}
    for module in WRITES:
        missing = awaits_in(module) - been
        assert not missing, "the brief log does not hold all that is written"


@pytest.mark.long
async def test_killed_at_every_suspension(stretch: Stretch) -> None:
    """Each time that anything waits: several times in an await, and in each part of the log again."""
    await die_everywhere(stretch, 1000)
