"""The ledger read chunk by chunk, as what is decided anew: bodies, and the keys that they got when they came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg

from events.codec import Event, Refusal
from events.vocabulary import Reason
from projections.rules.counting.batch_changes import Changes
from projections.rules.folding.fold import EventKey
from projections.rules.log.asides import Asides
from projections.rules.log.kept_message import bus_subject_of
from projections.rules.log.message import Message
from projections.rules.log.set_aside import PREFIX
from projections.store.rebuilding.row_difference import RowDifference

CHUNK: Final = 10_000
"""Positions at once: ranges of the primary key, so that no snapshot is held for as long as all of it takes."""

IN_CHUNK: Final = "position > $1 AND position <= $2"
_SOME: Final = "position = ANY($1::bigint[])"

# Live work has set it aside: so says the generation in use, and no other knows.
_ASIDE: Final = f"outcome = 'rejected' AND reason = '{Reason.MALFORMED}' AND starts_with(detail, '{PREFIX}')"
_ASIDES: Final = f"SELECT position FROM {{like}}.verdict WHERE {_ASIDE} AND position <= $1 ORDER BY position"
_ROWS: Final = f"""
SELECT {{columns}}
FROM ledger LEFT JOIN (
    SELECT position, detail FROM {{like}}.verdict WHERE {_ASIDE} AND {{where}}
) AS aside USING (position)
WHERE {{where}} ORDER BY position
"""
_COLUMNS: Final = """position, published_at, bus_subject, publisher, id, type, subject, aside.detail, first,
    aside.position IS NOT NULL AS aside, body"""


class RebuildError(RuntimeError):
    """A generation can't be made, compared or put in use; the message says why and what to do."""


def rows_sql(columns: str, where: str, like: str) -> str:
    """Ask for columns of rows of the ledger, and of ``aside``: what the generation ``like`` has set aside of them."""
    return _ROWS.format(columns=columns, where=where, like=like)


async def set_aside_up_to(connection: asyncpg.Connection, position: int, like: str) -> list[int]:
    """Return the positions of the messages that live work has set aside, by the generation ``like``, in use."""
    return [at for (at,) in await connection.fetch(_ASIDES.format(like=like), position)]


def missing_in(rows: Sequence[asyncpg.Record], after: int, last: int) -> None:
    """Raise RebuildError unless the rows have every position after the one up to the other."""
    if len(rows) < last - after:
        missing = min(set(range(after + 1, last + 1)) - {row["position"] for row in rows})
        raise RebuildError(f"position {missing} is missing in the ledger: bring it back from the stream first")


class LedgerBatch:
    """Messages of the ledger that are decided anew as one batch: read, some of them refused, and held against its rows.

    ``like`` is the generation in use; ``asides`` are those that could not be decided here either.
    """

    def __init__(self, connection: asyncpg.Connection, like: str, asides: Asides) -> None:
        self._connection = connection
        self._like = like
        self._asides = asides
        self._row_at: dict[int, asyncpg.Record] = {}

    async def read_chunk(self, after: int, up_to: int) -> list[Message]:
        """Read a chunk, nothing at the end of the ledger. Raises RebuildError where a message is missing."""
        last = min(up_to, after + CHUNK)
        rows = await self._connection.fetch(rows_sql(_COLUMNS, IN_CHUNK, self._like), after, last)
        missing_in(rows, after, last)
        return self._taken(rows)

    async def read(self, positions: Sequence[int]) -> list[Message]:
        """Read some messages, in order."""
        if not positions:
            return []
        return self._taken(await self._connection.fetch(rows_sql(_COLUMNS, _SOME, self._like), positions))

    def said_before(self) -> set[EventKey]:
        """Return the keys of those that the ledger says were used before."""
        return {(row["publisher"], row["id"]) for row in self._row_at.values() if not row["first"]}

    def instead(self, position: int, event: Event | Refusal) -> Event | Refusal:
        """Refuse what live work has set aside, with its words: it was told so, and may have been said anew since.

        What got no key then has none for ever.
        """
        row = self._row_at[position]
        if not row["aside"]:
            return self._asides.instead_of(position, event)
        names = (None,) * 4 if row["id"] is None else (event.publisher, event.id, event.type, event.subject)
        return Refusal(Reason.MALFORMED, None, row["detail"], *names)

    def misnamed(self, changes: Changes) -> list[RowDifference]:
        """Return the messages of which the ledger says another type or subject than they have.

        Raises RebuildError where one was decided under another key than the ledger has it under.
        """
        found = []
        for decided in changes.ledger:
            row = self._row_at[decided.position]
            if (row["first"], row["publisher"], row["id"]) != (decided.first, decided.publisher, decided.id):
                raise RebuildError(
                    f"position {decided.position} has another key by its body than in the ledger: keys are for ever "
                    "(contract §1); verify the ledger against the stream"
                )
            says = {"type": row["type"], "subject": row["subject"]}
            has = {"type": decided.type, "subject": decided.subject}
            if says != has:
                found.append(RowDifference("ledger", {"position": decided.position}, says, has))
        return found

    def _taken(self, rows: Sequence[asyncpg.Record]) -> list[Message]:
        """Give the messages of rows; their headers decide nothing and are left out."""
        self._row_at.update((row["position"], row) for row in rows)
        return [
            Message(
                row["position"],
                row["published_at"],
                bus_subject_of(row["publisher"], row["type"], row["bus_subject"]),
                None,
                row["body"],
            )
            for row in rows
        ]
