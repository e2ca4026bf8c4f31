"""Rebuilding beside the live one, from the first chunk to the switch: what `tonghop rebuild` does (decision 0016)."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import asyncpg

from projections.rules.counting.state import SIZES, Sizes
from projections.store.checkpoint import position_of, read_checkpoint
from projections.store.connecting import connect
from projections.store.generations import schema_of
from projections.store.rebuilding.chunks import CHUNK, RebuildError
from projections.store.rebuilding.comparing.compare_generations import Comparison
from projections.store.rebuilding.counting.count_all import SESSION
from projections.store.rebuilding.making.generation import FOLDING, Generation, LedgerSource, Progress
from projections.store.rebuilding.switching import (
    DifferentError,
    Switched,
    compare_at_checkpoint,
    drop_all_but,
    next_number,
    previous,
    switch,
)
from services.connecting.database_failures import DATABASE_AWAY
from services.garbage_collection import SELDOM
from services.settings import Settings

_PATIENCE: Final = 4.0
_LOCK = "SELECT pg_try_advisory_lock(hashtext('tonghop.rebuild'))"
_FAR: Final = 20 * CHUNK
"""Positions: of more than that the rest is still folded in bulk."""


_CUT: Final = DATABASE_AWAY


class UnansweredError(RebuildError):
    """The connection broke in the switch: whether that was made is not known."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"the connection broke in the switch to generation {number}, and nobody knows yet whether that is in use "
            f"now: run `tonghop rebuild --back --to {number}`, which leads there and nowhere else"
        )


class Rebuilt(NamedTuple):
    """What came of it: the generation that was made, the comparison, and the switch, None where there was none."""

    number: int
    comparison: Comparison
    switched: Switched | None


@asynccontextmanager
async def only_one(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection on which one rebuild or verification at a time works. Raises RebuildError for a second one."""
    often = gc.get_threshold()
    connection = await connect(settings.database_url, server_settings=SESSION)
    try:
        patience = time.monotonic() + _PATIENCE  # one that was killed holds it until PostgreSQL has looked
        while not await connection.fetchval(_LOCK):
            if time.monotonic() > patience:
                raise RebuildError("another rebuild or verification is at work on this database")
            await asyncio.sleep(_PATIENCE / 20)
        gc.set_threshold(*SELDOM)  # else it goes through the hierarchy over and over while that grows
        yield connection
    finally:
        gc.set_threshold(*often)
        connection.terminate()


async def rebuild(
    settings: Settings,
    progress: Progress,
    *,
    sizes: Sizes = SIZES,
    throttle: float | None = None,
    put_in_force: bool = True,
    accept: bool = False,
) -> Rebuilt:
    """Make a generation, or go on where one was stopped; compare it, and put it in use where nothing differs.

    With `accept` it is put in use although it differs: a changed rule or catalogue makes other figures. One that is
    not put in use stays as it is, and the next call begins from there. Raises RebuildError.
    """
    async with only_one(settings) as connection:
        number = await next_number(connection)
        generation = await _beside(connection, settings, sizes, number)
        await generation.open()
        await bring_up(generation, progress, throttle)
        try:
            comparison = await compare_at_checkpoint(generation)
            if not put_in_force or (comparison and not accept):
                return Rebuilt(number, comparison, None)
            await _catch_up(generation, progress)
            switched = await switch(generation, number, accept=accept)
        except DifferentError as differs:
            return Rebuilt(number, differs.comparison, None)
        await drop_all_but(connection, {switched.before, number})
        return Rebuilt(number, comparison, switched)


async def _beside(connection: asyncpg.Connection, settings: Settings, sizes: Sizes, number: int) -> Generation:
    """Name a generation beside the one in use."""
    source = LedgerSource(settings.database_url, settings.root, sizes)
    return Generation(source, connection, schema_of(number), schema_of((await read_checkpoint(connection)).generation))


async def go_back(
    settings: Settings, progress: Progress, *, to: int | None = None, sizes: Sizes = SIZES
) -> Rebuilt | None:
    """Put the generation that was in use before in use again, carried to the position of the one that is now.

    What differs is said and no reason to stay. With `to` this leads to that generation and to no other: None where it
    is in use already, so that whoever does not know how a call ended can make it again. Raises RebuildError where the
    generation is not kept, or needs other rules, and UnansweredError where the switch may have been made.
    """
    async with only_one(settings) as connection:
        if to is not None and (await read_checkpoint(connection)).generation == to:
            return None
        number = await previous(connection)
        if to not in {None, number}:
            raise RebuildError(f"generation {to} is not kept: the way back leads to {number}")
        generation = await _beside(connection, settings, sizes, number)
        await generation.take_up()
        await _catch_up(generation, progress)
        comparison = await compare_at_checkpoint(generation)
        try:
            return Rebuilt(number, comparison, await switch(generation, number, accept=True))
        except _CUT as error:
            raise UnansweredError(number) from error


async def bring_up(
    generation: Generation, progress: Progress, throttle: float | None = None, *, large_as_there: bool = False
) -> None:
    """Carry an opened generation from wherever it is to where the one in use stands, or nearly."""
    row = await generation.row()
    while row is not None and row.phase == FOLDING:
        last = await position_of(generation.writer)
        await generation.fold(last, progress, throttle)
        if await position_of(generation.writer) - last < _FAR:
            break
    await generation.count(progress, throttle, large_as_there=large_as_there)
    await _catch_up(generation, progress)


async def _catch_up(generation: Generation, progress: Progress) -> None:
    while True:
        last = await position_of(generation.writer)
        await generation.follow(last, progress)
        if await position_of(generation.writer) - last < CHUNK:
            return
