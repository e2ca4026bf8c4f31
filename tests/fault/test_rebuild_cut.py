"""Rebuilding, going back and repairing, cut off at every statement in turn: begun again, they come to the same end.

Until then, and at every cut, all that is in force is what it has to be.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from projections.store.generations import enter_the_one_in_force
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.switching import previous
from services.settings import Settings
from services.verification.rebuilding import Rebuilt, UnansweredError, go_back, rebuild
from services.verification.verifying import latest_repairs, verify
from tests.fault import projecting_here as here
from tests.fault.brief_log import SIZES
from tests.fault.cutting import Cut, Cuts, few
from tests.fault.stretch import Rows, Stretch
from tests.fault.wire import COMMIT, Passing, postgres_wire, statement
from tests.oracle.spoiling import day_raised

FIRST = 1
SPOIL = f"{day_raised(20230105)}; DELETE FROM fact WHERE position = 12"
CUT = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, UnansweredError)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("projections.store.rebuilding.chunks", "services.verification.rebuilding"):
        monkeypatch.setattr(f"{module}.CHUNK", 20)


def quietly(*_: object) -> None:
    """Take no note of progress."""


async def in_force(connection: asyncpg.Connection) -> Rows:
    """Read every row of what is in force, whichever generation that is."""
    await enter_the_one_in_force(connection)
    rows = await here.rows_of(connection)
    return rows | {"checkpoint": [row[:2] for row in rows["checkpoint"]]}


def writing(passing: Passing) -> bool:
    """Choose statements that do more than look."""
    return statement(passing) and not re.match(r"\s*(SELECT|WITH RECURSIVE|$)", passing.about)


async def cut_everywhere(
    settings: Settings,
    chosen: Callable[[Passing], bool],
    do: Callable[[Settings], Awaitable[Any]],
    hold: Callable[[], Awaitable[object]],
) -> tuple[Any, list[Cut]]:
    """Do something again and again, each time cut off somewhere else, until it comes to its end."""
    cuts = Cuts(chosen, hold)
    async with postgres_wire(settings.database_url, cuts) as url:
        while True:
            before = len(cuts.made)
            try:
                done = await do(replace(settings, database_url=url))
            except CUT:
                assert len(cuts.made) > before
                continue
            assert await cuts.found_wrong() is None
            return done, cuts.made


async def rebuild_and_go_back(stretch: Stretch, chosen: Callable[[Passing], bool]) -> None:
    async with stretch.anew() as (settings, connection):

        async def make(over: Settings) -> Rebuilt:
            return await rebuild(over, quietly, sizes=SIZES)

        async def back(over: Settings) -> Rebuilt | None:
            return await go_back(over, quietly, to=there[0], sizes=SIZES)

        there: list[int] = []

        for do in (make, back):  # what is gone back to has to be carried forward first
            right = await in_force(connection)

            async def hold(right: Rows = right) -> None:
                assert await in_force(connection) == right

            done, made = await cut_everywhere(settings, chosen, do, hold)
            await hold()
            assert {cut.to_server for cut in made if cut.about.startswith(f"{COMMIT} NOTIFY")} == {True, False}
            if do is make:
                assert not done.comparison
                assert done.switched is not None
                await here.apply(stretch.client, settings.database_url, here.END)
                there.append(await previous(connection))
            else:
                assert done is None, "it was made in the last but one call, which was cut off before it was told so"
                assert await connection.fetchval("SELECT generation FROM checkpoint") == there[0]


async def repair(stretch: Stretch, chosen: Callable[[Passing], bool]) -> None:
    async with stretch.anew() as (settings, connection):
        await here.apply(stretch.client, settings.database_url, here.END)
        right = await in_force(connection)
        await connection.execute(SPOIL)
        spoilt = await in_force(connection)
        assert spoilt != right

        async def hold() -> None:
            found = await in_force(connection)
            assert found == (right if await latest_repairs(settings, 1) else spoilt)

        async def mend(over: Settings) -> None:
            await verify(over, quietly, sizes=SIZES, repair=True)

        _, made = await cut_everywhere(settings, chosen, mend, hold)
        assert await latest_repairs(settings, 1)
        assert await in_force(connection) == right
        assert {cut.to_server for cut in made if cut.about.startswith(f"{COMMIT} NOTIFY")} == {True, False}


async def test_a_rebuild_and_the_way_back(stretch: Stretch) -> None:
    await rebuild_and_go_back(stretch, few(writing, of=10))


@pytest.mark.long
async def test_a_repair(stretch: Stretch) -> None:
    await repair(stretch, few(writing, of=15))


async def test_the_way_back_to_a_generation_leads_to_no_other(stretch: Stretch) -> None:
    async with stretch.anew() as (settings, connection):
        await rebuild(settings, quietly, sizes=SIZES)
        with pytest.raises(RebuildError, match="generation 7 is not kept: the way back leads to 1"):
            await go_back(settings, quietly, to=7, sizes=SIZES)
        for _ in range(2):
            await go_back(settings, quietly, to=FIRST, sizes=SIZES)
            assert await connection.fetchval("SELECT generation FROM checkpoint") == FIRST


@pytest.mark.long
@pytest.mark.parametrize("what", [rebuild_and_go_back, repair])
async def test_at_what_only_looks_too(
    stretch: Stretch, what: Callable[[Stretch, Callable[[Passing], bool]], Awaitable[None]]
) -> None:
    await what(stretch, statement)
