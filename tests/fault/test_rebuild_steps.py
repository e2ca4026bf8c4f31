"""Rebuilds and the way back are killed with SIGKILL at every statement; run again, they come to the same end.

Until then all that is in force is what it has to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from projections.store.generations import enter_the_one_in_force
from tests.fault import projecting_here as here
from tests.fault import rebuilding_here as doing
from tests.fault.cutting import few
from tests.fault.killing import Kills, Target, never
from tests.fault.stretch import Rows, Stretch
from tests.fault.wire import Passing, statement

FIRST, SECOND = 1, 2


def writing(passing: Passing) -> bool:
    """Choose statements that do more than look."""
    return statement(passing) and not re.match(r"\s*(SELECT|WITH RECURSIVE|$)", passing.about)


async def in_force(connection: asyncpg.Connection) -> tuple[int, Rows]:
    """Read which generation is in force, and every row of it that has a figure."""
    generation = (await enter_the_one_in_force(connection)).generation
    rows = await here.rows_of(connection)
    return generation, rows | {"checkpoint": [row[:2] for row in rows["checkpoint"]]}


async def killed_everywhere(
    stretch: Stretch, target: Target, *arguments: Any, chosen: Callable[[Passing], bool], leads: tuple[int, int]
) -> None:
    """Kill it wherever it can be, from one generation in force to another, with a log that goes on before."""
    async with stretch.anew() as (settings, connection):
        if leads[0] == SECOND:
            await Kills(statements=never, words=never).one(settings, doing.make)
        await here.apply(stretch.client, settings.database_url, here.END)
        generation, right = await in_force(connection)
        assert generation == leads[0]

        async def hold() -> None:
            found = await in_force(connection)
            assert found[1] == right
            assert found[0] in leads

        kills = Kills(statements=chosen, words=never)
        if target is doing.back_to:
            await kills.everywhere(settings, target, *arguments, hold=hold)
        else:  # once it is switched, another call would make another generation
            while (await in_force(connection))[0] == leads[0] and await kills.one(settings, target, *arguments):
                await hold()
        assert await in_force(connection) == (leads[1], right)
        assert any(cut.about.startswith("COMMIT; NOTIFY") for cut in kills.statements)


@pytest.mark.long
async def test_the_way_back(stretch: Stretch) -> None:
    await killed_everywhere(stretch, doing.back_to, FIRST, chosen=few(writing), leads=(SECOND, FIRST))


@pytest.mark.long
async def test_a_rebuild(stretch: Stretch) -> None:
    await killed_everywhere(stretch, doing.make, chosen=writing, leads=(FIRST, SECOND))


@pytest.mark.long
async def test_the_way_back_where_it_only_looks_too(stretch: Stretch) -> None:
    await killed_everywhere(stretch, doing.back_to, FIRST, chosen=statement, leads=(SECOND, FIRST))
