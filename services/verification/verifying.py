"""Verification: everything counted anew from the ledger and compared, and repaired on request (decision 0016)."""

from __future__ import annotations

from typing import Final, NamedTuple

from nats.aio.client import Client

from projections.rules.counting.state import SIZES, Sizes
from projections.rules.log.message import Message
from projections.store.checkpoint import position_of, read_checkpoint
from projections.store.connecting import connect
from projections.store.fingerprint import rules
from projections.store.generations import schema_of
from projections.store.log.kept_log import kept_messages
from projections.store.rebuilding.chunks import RebuildError, set_aside_up_to
from projections.store.rebuilding.comparing.compare_generations import Comparison
from projections.store.rebuilding.comparing.repairing import Repair, repair_rows, repairs
from projections.store.rebuilding.generation_schema import drop_schema
from projections.store.rebuilding.making.generation import Generation, LedgerSource, Progress
from projections.store.rebuilding.switching import compare_at_checkpoint
from projections.store.succession import replaced_at
from services.connecting.bus import connect_once
from services.log.gaps import read_range
from services.settings import Settings
from services.verification.rebuilding import bring_up, only_one

SCHEMA: Final = "verified"
LOG: Final = "log"
"""The phase in which the stream is read."""
_CHUNK: Final = 10_000


class Verified(NamedTuple):
    """What differed, what of it was repaired (None where that was not asked for), and the messages unlike the stream's.

    ``unlike`` are positions at which the ledger has another message than the stream, or one of them has none; None
    where the stream was not asked. ``aside`` are the messages that live work could not process: that they are refused
    is taken from the ledger, so it is told.
    """

    comparison: Comparison
    repaired: Comparison | None
    unlike: list[int] | None
    aside: list[int]


async def verify(
    settings: Settings, progress: Progress, *, sizes: Sizes = SIZES, repair: bool = False, from_log: bool = False
) -> Verified:
    """Decide and count everything anew from the bodies in the ledger, and compare every row with the live one.

    With `from_log` the ledger is first held against the stream, byte for byte. Raises RebuildError, and what the
    servers' clients raise where they are away.
    """
    unlike = await _unlike_the_log(settings, progress) if from_log else None
    async with only_one(settings) as connection:
        if repair and (at := await replaced_at(connection, rules())) is not None:
            raise RebuildError(
                f"since position {at} the figures are made by other rules, in the place of this version's: "
                "repair them by the version that made them"
            )
        number = (await read_checkpoint(connection)).generation
        source = LedgerSource(settings.database_url, settings.root, sizes)
        generation = Generation(source, connection, SCHEMA, schema_of(number))
        async with connection.transaction():
            await drop_schema(connection, SCHEMA)  # one that was stopped has looked at names that nobody keeps
        await generation.open()
        await bring_up(generation, progress, large_as_there=True)
        comparison = await compare_at_checkpoint(generation, with_ledger=True)
        repaired = await repair_rows(generation) if repair and comparison else None
        aside = await set_aside_up_to(connection, comparison.position, generation.like)
        async with connection.transaction():
            await drop_schema(connection, SCHEMA)
    return Verified(comparison, repaired, unlike, aside)


async def latest_repairs(settings: Settings, limit: int) -> list[Repair]:
    """Return the latest repairs, the last one first."""
    connection = await connect(settings.database_url)
    try:
        return await repairs(connection, limit)
    finally:
        connection.terminate()


async def _unlike_the_log(settings: Settings, progress: Progress) -> list[int]:
    client = await connect_once(settings, "tonghop verify")
    try:
        return await _compare_with_log(settings, client, progress)
    finally:
        await client.close()


async def _compare_with_log(settings: Settings, client: Client, progress: Progress) -> list[int]:
    unlike: list[int] = []
    async with only_one(settings) as connection:
        last = await position_of(connection)
        for first in range(1, last + 1, _CHUNK):
            until = min(last, first + _CHUNK - 1)
            kept = {message.position: message for message in await kept_messages(connection, first, until)}
            log = {message.position: message for message in await read_range(client, settings.stream, first, until)}
            unlike += [at for at in range(first, until + 1) if not _same(kept.get(at), log.get(at))]
            progress(LOG, until, last)
    return unlike


def _same(one: Message | None, other: Message | None) -> bool:
    return one is not None and one == other
