"""A generation made beside the system under test, stopped wherever a test wants, and what both of them hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from projections.store.generations import enter, enter_the_one_in_force, schema_of
from projections.store.rebuilding.making.generation import Generation, LedgerSource
from projections.store.rebuilding.switching import next_number
from tests.oracle.telling import ROOT
from tests.property.system import SIZES, System


class StoppedError(Exception):
    """The rebuild was stopped here."""


class Stops:
    """Progress that is stopped after some of its steps, each time anew."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._left = after

    def __call__(self, *_: object) -> None:
        if self._left == 0:
            self._left = self._after
            raise StoppedError
        self._left -= 1


def quietly(*_: object) -> None:
    """Take no note of progress."""


@asynccontextmanager
async def beside(system: System) -> AsyncIterator[Generation]:
    """Give the generation that would be made now, on a connection of its own."""
    connection = await asyncpg.connect(system.url)
    try:
        here = await enter_the_one_in_force(connection)
        number = await next_number(connection)
        source = LedgerSource(system.url, ROOT, SIZES)
        yield Generation(source, connection, schema_of(number), schema_of(here.generation))
    finally:
        await connection.close()


async def make(system: System, up_to: int, stops: int | None = None) -> int:
    """Make it up to a position, begun anew wherever it is stopped; return how often it was."""
    stopped = 0
    progress = quietly if stops is None else Stops(stops)
    while True:
        try:
            async with beside(system) as generation:
                await generation.open()
                if (await generation.row()).phase == "folding":
                    await generation.fold(up_to, progress)
                await generation.count(progress)
                await generation.follow(up_to, progress)
                return stopped
        except StoppedError:
            stopped += 1


async def dump_of(system: System, schema: str) -> dict[str, list[Any]]:
    """Read all read models of one generation; the ledger is the same for all."""
    await enter(system.connection, schema)
    try:
        return await system.dump()
    finally:
        await enter_the_one_in_force(system.connection)
