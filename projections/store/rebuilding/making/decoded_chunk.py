"""A chunk of the ledger, decoded: its plain facts, and the positions of whatever is to be decided one by one.

What is in it depends on the bodies alone, not on the hierarchy: so that any process can make it, in any order.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import asyncpg

from events.catalogue import CATALOGUE
from events.codec import Event, decode
from events.subjects import PREFIX
from projections.rules.kinds.plain_facts import Columns, PlainFacts, Several
from projections.store.rebuilding.chunks import IN_CHUNK, missing_in, rows_sql

_COLUMNS: Final = """position, publisher, id, type, bus_subject IS NULL AND aside.position IS NULL AS usual,
    first, subject, body"""
_PIVOTS: Final = frozenset(row.type for row in CATALOGUE.values() if row.kind in {"structure", "correction"})

GAP: Final = 100
"""Positions between two pivots up to which it costs less to fold what is in between than to stop there."""


class DecodedChunk(NamedTuple):
    """What the positions after ``after`` up to ``last`` hold.

    ``odd`` are the messages that are not the first word of a valid fact, in order, ``pivots`` those of them that may
    change the hierarchy or take something back.
    """

    after: int
    last: int
    plain: PlainFacts
    odd: list[int]
    pivots: list[int]

    def runs(self) -> list[tuple[int, int]]:
        """Return from where to where it is decided one by one: around pivots, and of nothing at the end."""
        return list(runs(self.pivots, self.last))

    def one_by_one(self) -> list[int]:
        """Return the positions of all messages that are decided one by one, in order."""
        return sorted({*self.odd, *(at for first, last in self.runs() for at in range(first, last + 1))})


async def read_decoded(connection: asyncpg.Connection, after: int, up_to: int, root: str, like: str) -> DecodedChunk:
    """Read and decode the messages of a stretch; ``like`` is in use and says what live work has set aside.

    Raises RebuildError where one is missing.
    """
    rows = await connection.fetch(rows_sql(_COLUMNS, IN_CHUNK, like), after, up_to)
    missing_in(rows, after, up_to)
    return decode_chunk(rows, after, up_to, root)


def decode_chunk(rows: Sequence[asyncpg.Record], after: int, last: int, root: str) -> DecodedChunk:
    """Decode the rows of a chunk, all of them by the contract's own codec."""
    chunk = DecodedChunk(after, last, PlainFacts({}, []), [], [])
    for position, publisher, id_, type_, usual, first, subject, body in rows:
        event = None
        try:
            if usual and first:
                event = decode(f"{PREFIX}.{publisher}.{type_}", body, root=root)
                named = isinstance(event, Event) and event.id == id_ and event.subject == subject
                if named and isinstance(event, Event) and chunk.plain.add(position, event):
                    continue
        except Exception:  # noqa: BLE001 - it raises again where it is decided, and is set aside there
            event = None
        chunk.odd.append(position)
        if first and (event is None or event.type in _PIVOTS):
            chunk.pivots.append(position)
    return chunk


def runs(pivots: Sequence[int], last: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of the pivots that are near each other, run by run; one that is empty at the end."""
    begun = before = 0
    for pivot in pivots:
        if begun and pivot - before > GAP:
            yield begun, before
            begun = 0
        begun, before = begun or pivot, pivot
    if begun:
        yield begun, before
    if before < last:
        yield last + 1, last


def packed(chunk: DecodedChunk) -> bytes:
    """Pack a chunk for another process of the same program."""
    columns, several = chunk.plain
    plain = {key: tuple(lists) for key, lists in columns.items()}, [tuple(each) for each in several]
    # later formats look for objects that come again, of which there are few
    return marshal.dumps((*chunk[:2], *plain, *chunk[3:]), 2)


def unpacked(data: bytes) -> DecodedChunk:
    """Unpack what the same program has packed."""
    after, last, columns, several, *positions = marshal.loads(data)  # noqa: S302 - a pipe of our own
    plain = PlainFacts({key: Columns(*lists) for key, lists in columns.items()}, [Several(*each) for each in several])
    return DecodedChunk(after, last, plain, *positions)
