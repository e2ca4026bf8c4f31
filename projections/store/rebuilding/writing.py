"""Writing what was decided of a stretch: facts and structure, nothing that is counted."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Sequence
from typing import Final

import asyncpg

from events.vocabulary import Outcome
from projections.core.changes import FactRow
from projections.store.rebuilding.deciding import Decided
from projections.store.writing import add_tally, write_read_models

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = struct.pack(">h", -1)
"""What begins and ends a binary COPY (PostgreSQL, COPY, File Formats)."""


async def write_decided(connection: asyncpg.Connection, decided: Decided) -> None:
    """Write it into the generation that the transaction sees; the caller owns it and its fence."""
    if decided.facts:
        await connection.copy_to_table("fact", columns=FactRow._fields, source=_binary(decided.facts), format="binary")
    await add_tally(connection, {(type_, Outcome.COUNTED, ""): n for type_, n in decided.counted.items() if n})
    for changes in decided.folded:
        await write_read_models(connection, changes)


async def _binary(rows: Sequence[bytes]) -> AsyncIterator[bytes]:
    yield _HEADER
    yield b"".join(rows)
    yield _TRAILER
