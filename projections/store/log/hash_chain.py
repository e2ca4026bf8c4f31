"""The hash chain in PostgreSQL: keeping links, chaining a ledger that has none, computing it anew from the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final, NamedTuple

import asyncpg

from projections.rules.log.hash_chain import SPACING, START, Link, extend
from projections.rules.log.message import GapError
from projections.store.checkpoint import position_of
from projections.store.log.kept_log import read_kept

Tell = Callable[[int], None]
"""Told the position reached."""

PAGE: Final = 2 * SPACING
"""Messages in memory at once: at most 16 KiB each."""

_KEEP = """
WITH gone AS (DELETE FROM chain WHERE position = $1 AND position % $2 <> 0)
INSERT INTO chain (position, hash) SELECT * FROM unnest($3::bigint[], $4::bytea[])
ON CONFLICT (position) DO UPDATE SET hash = excluded.hash
"""

_LAST = """
SELECT position, hash FROM chain WHERE position <= $1 AND (NOT $2 OR position % $3 = 0) ORDER BY position DESC LIMIT 1
"""

_STRAYS = """
SELECT chain.position FROM chain, checkpoint
WHERE chain.position > checkpoint.position OR (chain.position % $1 <> 0 AND chain.position <> checkpoint.position)
ORDER BY 1
"""

_HEAD = "SELECT checkpoint.position, chain.hash FROM checkpoint LEFT JOIN chain USING (position)"


class Broken(NamedTuple):
    """The first link that is not what the ledger gives; ``kept`` is None where there is none.

    What was changed is among the messages after ``sound`` up to the link's position, or the link itself.
    """

    sound: int
    computed: Link
    kept: bytes | None


async def keep(connection: asyncpg.Connection, after: int, links: Sequence[Link]) -> None:
    """Keep the links of the messages after a position; that of the position itself goes unless it is a lasting one.

    The caller owns the transaction.
    """
    await connection.execute(_KEEP, after, SPACING, *(list(column) for column in zip(*links, strict=True)))


async def catch_up(connection: asyncpg.Connection, tell: Tell | None = None) -> None:
    """Chain what the ledger has up to the checkpoint and the chain lacks, page by page, each in its own transaction.

    Can be interrupted at any moment and goes on from there. Raises GapError.
    """
    position = await position_of(connection)
    before = await last_link(connection, position)
    async for links in compute(connection, before, position):
        await keep(connection, before.position, links)
        before = links[-1]
        if tell is not None:
            tell(before.position)


async def chain_at(connection: asyncpg.Connection, position: int) -> bytes:
    """Return the hash that is kept at a position where one has to be, the checkpoint; raises GapError."""
    if position == 0:
        return START.hash
    value: bytes | None = await connection.fetchval("SELECT hash FROM chain WHERE position = $1", position)
    if value is None:
        raise GapError(f"the hash chain does not reach position {position} of the ledger")
    return value


async def last_link(connection: asyncpg.Connection, position: int, *, lasting: bool = False) -> Link:
    """Return the last link at or before a position; ``lasting``, of those that are never taken away."""
    row = await connection.fetchrow(_LAST, position, lasting, SPACING)
    return START if row is None else Link(*row)


async def compute(connection: asyncpg.Connection, before: Link, last: int) -> AsyncIterator[list[Link]]:
    """Compute the chain anew from the ledger, from a link up to a position, a page of links at a time.

    The columns that it covers never change, so a page is a snapshot of its own. Raises GapError.
    """
    async for messages in read_kept(connection, last, before.position, part=PAGE):
        links = extend(before, messages)
        yield links
        before = links[-1]


async def hash_at(connection: asyncpg.Connection, position: int, before: Link, tell: Tell | None = None) -> bytes:
    """Return the hash at a position, computed from a link at or before it; raises GapError."""
    async for links in compute(connection, before, position):
        before = links[-1]
        if tell is not None:
            tell(before.position)
    return before.hash


async def head(connection: asyncpg.Connection) -> tuple[int, bytes | None]:
    """Return the position of the figures and the hash that is kept there, None where none is (yet)."""
    row = await connection.fetchrow(_HEAD)
    assert row is not None, "the migration wrote the row, and nothing deletes it"  # noqa: S101
    position, value = row
    return position, START.hash if position == 0 else value


async def first_broken(connection: asyncpg.Connection, first: int, tell: Tell) -> Broken | None:
    """Compute the chain anew up to the checkpoint, hold it to the links that are kept, and return the first difference.

    Begins at the last lasting link before the position ``first``, which is taken as right. Raises GapError.
    """
    last, _ = await head(connection)
    before = await last_link(connection, min(first - 1, last), lasting=True)
    return (await held(connection, before, last, tell))[1]


async def held(connection: asyncpg.Connection, before: Link, last: int, tell: Tell) -> tuple[Link, Broken | None]:
    """Compute the chain anew from a link up to a position and hold it to the links that are kept.

    Returns the last link that was computed, and the first difference, where it ends. Raises GapError.
    """
    end, kept_end = await head(connection)
    sound = before.position
    async for links in compute(connection, before, last):
        lasting = [link.position for link in links if link.position % SPACING == 0]
        kept = await _kept(connection, lasting)
        if links[-1].position == end:
            kept[end] = kept_end
        for link in links:
            if link.position != end and link.position % SPACING:
                continue  # the end of a page that is no multiple is nobody's link
            if link.hash != kept.get(link.position):
                return link, Broken(sound, link, kept.get(link.position))
            sound = link.position
        before = links[-1]
        tell(before.position)
    return before, None


async def strays(connection: asyncpg.Connection) -> list[int]:
    """Return the positions of links that nobody keeps: beyond the head, or where neither it nor a lasting one is."""
    return [position for (position,) in await connection.fetch(_STRAYS, SPACING)]


async def _kept(connection: asyncpg.Connection, positions: Iterable[int]) -> dict[int, bytes | None]:
    rows = await connection.fetch(
        "SELECT position, hash FROM chain WHERE position = ANY($1::bigint[])", list(positions)
    )
    return dict(map(tuple, rows))
