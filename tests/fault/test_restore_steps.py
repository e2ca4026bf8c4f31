"""Restores are killed with SIGKILL at every statement and every word to the bus; run again, they come to the same end.

Until then nothing that was there is altered, and no stream takes events that is not whole.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import pytest

from projections.rules.log.message import Message
from services.embedded.postgres import PostgresServer
from services.log.configuration import consumer_config
from services.recovery.halves import Half
from services.recovery.log import Log, closed_by
from services.recovery.manifest import NAME
from services.settings import Settings
from tests import servers
from tests.fault import projecting_here as here
from tests.fault import restoring_here as doing
from tests.fault.brief_log import BEFORE
from tests.fault.cutting import few
from tests.fault.killing import Kills, Target, never
from tests.fault.stretch import Rows, Stretch
from tests.fault.wire import Passing, statement
from tests.integration.restoring import put_stream, read, remove_stream

LOST = "lost_at_a_step"
CUT = here.END // 2
_LOOKING_OR_MAKING: Final = re.compile(
    r"\s*(SELECT|SHOW|WITH|BEGIN|CREATE (TABLE|INDEX|VIEW)|COMMENT ON|ALTER|$)", re.IGNORECASE
)


def writing(passing: Passing) -> bool:
    """Choose statements that do more than look or make a table: those are of one transaction with others."""
    return statement(passing) and not _LOOKING_OR_MAKING.match(passing.about)


class Both:
    """The two servers of a service, one of which is lost, and how all of it has to be."""

    def __init__(self, stretch: Stretch, settings: Settings, log: list[Message]) -> None:
        self.stretch = stretch
        self.settings = settings
        self.log = log

    def on(self, database_url: str) -> Both:
        """Name the same with another database."""
        return Both(self.stretch, replace(self.settings, database_url=database_url), self.log)

    async def stream(self) -> tuple[str | None, list[Message]] | None:
        """Read the stream, and by whom it is closed; None without one."""
        info = await Log(self.stretch.client, self.settings).info()
        return None if info is None else (closed_by(info), await read(self.stretch.client))

    async def rows(self) -> Rows:
        connection = await servers.connect(self.settings.database_url)
        try:
            return await here.rows_of(connection)
        finally:
            await connection.close()

    async def hold_the_stream(self) -> None:
        assert await self.stream() == (None, self.log)

    async def hold_the_rows(self) -> None:
        assert await self.rows() == self.stretch.right

    async def hold_what_rows_there_are(self) -> None:
        position = await position_of(self.settings.database_url)
        if position >= len(BEFORE):
            assert await self.rows() == await self.stretch.right_at(position)

    async def hold_what_is_open(self, *allowed: list[Message]) -> bool:
        """Tell whether the stream takes events; it must be one of these then."""
        found = await self.stream()
        if found is None or found[0] is not None:
            return False
        assert found[1] in allowed
        return True

    async def hold_all(self) -> None:
        await self.hold_the_stream()
        await self.hold_the_rows()
        consumer = await self.stretch.client.jetstream().consumer_info(self.settings.stream, self.settings.consumer)
        assert consumer.ack_floor is not None


@asynccontextmanager
async def both(stretch: Stretch) -> AsyncIterator[Both]:
    """Give them with all figures there."""
    async with stretch.anew() as (settings, _):
        await here.apply(stretch.client, settings.database_url, here.END)
        jetstream = stretch.client.jetstream()
        await jetstream.delete_consumer(settings.stream, settings.consumer)
        await jetstream.add_consumer(settings.stream, consumer_config(settings))
        yield Both(stretch, settings, await read(stretch.client))


@asynccontextmanager
async def lost(postgres: PostgresServer) -> AsyncIterator[str]:
    """Name a database that is not there."""
    await servers.execute(postgres, f"DROP DATABASE IF EXISTS {LOST} WITH (FORCE)")
    try:
        yield postgres.database_url(LOST)
    finally:
        await servers.execute(postgres, f"DROP DATABASE IF EXISTS {LOST} WITH (FORCE)")


async def position_of(database_url: str) -> int:
    """Tell how far the figures go in a database that may lack its tables, or not be there."""
    try:
        connection = await asyncpg.connect(database_url)
    except asyncpg.InvalidCatalogNameError:
        return 0
    try:
        return int(await connection.fetchval("SELECT position FROM checkpoint"))
    except asyncpg.UndefinedTableError:
        return 0
    finally:
        await connection.close()


class Restore(NamedTuple):
    """A restore that is to be killed, what holds wherever it was, and what holds at its end."""

    settings: Settings
    target: Target
    arguments: tuple[Any, ...]
    hold: Callable[[], Awaitable[None]]
    end: Callable[[], Awaitable[None]]


@asynccontextmanager
async def figures_from_the_log(stretch: Stretch, postgres: PostgresServer, _: Path) -> AsyncIterator[Restore]:
    async with both(stretch) as there, lost(postgres) as url:
        again = there.on(url)

        async def hold() -> None:
            await again.hold_the_stream()
            await again.hold_what_rows_there_are()

        yield Restore(again.settings, doing.from_the_log, (), hold, again.hold_all)


@asynccontextmanager
async def stream_from_the_ledger(stretch: Stretch, _: PostgresServer, __: Path) -> AsyncIterator[Restore]:
    async with both(stretch) as there:
        await put_stream(stretch.client, there.log[:CUT])

        async def hold() -> None:
            await there.hold_the_rows()
            await there.hold_what_is_open(there.log[:CUT], there.log)

        yield Restore(there.settings, doing.from_the_ledger, (), hold, there.hold_all)


@asynccontextmanager
async def both_from_a_backup(stretch: Stretch, postgres: PostgresServer, folder: Path) -> AsyncIterator[Restore]:
    async with both(stretch) as there, lost(postgres) as url:
        again = there.on(url)
        await backed_up(there, folder)
        await remove_stream(stretch.client)

        async def hold() -> None:
            await again.hold_what_rows_there_are()
            if await again.hold_what_is_open(there.log):
                await again.hold_the_rows()

        yield Restore(again.settings, doing.from_the_backup, (folder, None), hold, again.hold_all)


@asynccontextmanager
async def the_database_from_a_backup(
    stretch: Stretch, postgres: PostgresServer, folder: Path
) -> AsyncIterator[Restore]:
    async with both(stretch) as there, lost(postgres) as url:
        again = there.on(url)
        await backed_up(there, folder)

        async def hold() -> None:
            await again.hold_the_stream()
            await again.hold_what_rows_there_are()

        yield Restore(again.settings, doing.from_the_backup, (folder, Half.DATABASE), hold, again.hold_all)


@asynccontextmanager
async def the_stream_from_a_backup(stretch: Stretch, _: PostgresServer, folder: Path) -> AsyncIterator[Restore]:
    async with both(stretch) as there:
        await backed_up(there, folder)
        await remove_stream(stretch.client)

        async def hold() -> None:
            await there.hold_the_rows()
            await there.hold_what_is_open(there.log)

        yield Restore(there.settings, doing.from_the_backup, (folder, Half.STREAM), hold, there.hold_all)


async def backed_up(there: Both, folder: Path) -> None:
    if not (folder / NAME).exists():
        assert not await Kills(statements=never, words=never).one(there.settings, doing.back_up, folder)


FORMS: Final = {
    figures_from_the_log: {"$JS.API.STREAM.INFO.PARTY"},
    stream_from_the_ledger: {f"$JS.API.STREAM.{does}.PARTY" for does in ("UPDATE", "DELETE", "RESTORE")},
    both_from_a_backup: {f"$JS.API.STREAM.{does}.PARTY" for does in ("UPDATE", "DELETE", "RESTORE")},
    the_database_from_a_backup: {"$JS.API.STREAM.INFO.PARTY"},
    the_stream_from_a_backup: {f"$JS.API.STREAM.{does}.PARTY" for does in ("UPDATE", "DELETE", "RESTORE")},
}
"""And at which words to the bus each of them must have been killed."""


SHORT: Final = {"statements": few(writing), "times": 1}
LONG: Final = {"statements": writing, "times": 2}

BY_OTHERS: Final = {figures_from_the_log, the_database_from_a_backup, both_from_a_backup}
"""Figures from the log are made by a rebuild, a database is restored by `test_backup`: short tests of their own."""

RUNS: Final = [
    pytest.param(
        form,
        where,
        id=f"{form.__name__}-{name}",
        marks=[pytest.mark.long] if name == "all" or form in BY_OTHERS else [],
    )
    for form in FORMS
    for name, where in (("few", SHORT), ("all", LONG))
]


@pytest.mark.parametrize(("form", "where"), RUNS)
async def test_killed_again_and_again(
    form: Any, where: dict[str, Any], stretch: Stretch, postgres: PostgresServer, tmp_path: Path
) -> None:
    """The next run begins where the one before was killed."""
    kills = Kills(**where)
    async with form(stretch, postgres, tmp_path / "copy") as restore:
        await kills.everywhere(restore.settings, restore.target, *restore.arguments, hold=restore.hold)
        await restore.end()
    assert kills.words >= FORMS[form]
    assert {cut.to_server for cut in kills.statements if cut.about.startswith("COMMIT")} == {True, False}


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
async def test_killed_once_and_run_again(form: Any, stretch: Stretch, postgres: PostgresServer, tmp_path: Path) -> None:
    """Of each statement and each word, as often as there is one; each time from the same beginning."""
    kills = Kills(statements=statement, times=1000)
    killed = True
    while killed:
        async with form(stretch, postgres, tmp_path / "copy") as restore:
            killed = await kills.one(restore.settings, restore.target, *restore.arguments)
            await restore.hold()
            if killed:
                never_again = Kills(statements=never, words=never)
                assert not await never_again.one(restore.settings, restore.target, *restore.arguments)
            await restore.end()
