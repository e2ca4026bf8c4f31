"""Writing what was decided of a chunk: facts and structure, nothing that is counted."""

from __future__ import annotations

import asyncpg

from events.vocabulary import Outcome
from projections.rules.counting.batch_changes import FactRow
from projections.store.batch.copying import sending, whole
from projections.store.batch.writing import add_tally, write_read_models
from projections.store.rebuilding.making.deciding import Decided


async def write_decided(connection: asyncpg.Connection, decided: Decided) -> None:
    """Write it into the generation that the transaction sees; the caller owns it and its fence."""
    if decided.facts:
        source = sending(whole(decided.facts))
        await connection.copy_to_table("fact", columns=FactRow._fields, source=source, format="binary")
    await add_tally(connection, {(type_, Outcome.COUNTED, ""): n for type_, n in decided.counted.items() if n})
    for changes in decided.folded:
        await write_read_models(connection, changes)
