"""Whether what the bus calls a duplicate is one's own: the ledger knows, of all else nobody is sure."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from fastapi import Request

from projections.store.reading.sent import told_under
from services.api.answering import Reader
from services.api.sent_outcomes import rows_at
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.publishing.lines import Line

if TYPE_CHECKING:
    from asyncpg import Record

_SURE_WITHIN: Final = 1.0


class OwnedInLedger:
    """Whether what the bus calls a duplicate is one's own: what the ledger has is, of all else nobody is sure."""

    def __init__(self, request: Request, reader: Reader) -> None:
        self._request = request
        self._reader = reader

    async def at(self, claimed: Sequence[tuple[int, Line, int]]) -> set[int]:
        """See `Owns`."""
        positions = [position for _, _, position in claimed]
        await self._reader.reach(max(positions), _SURE_WITHIN)
        rows: Mapping[int, Record] = {}
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
            rows = await self._reader.ask(self._request, None, lambda opened, _: rows_at(opened, positions))
        return {number for number, line, position in claimed if position in rows and _is_same(line, rows[position])}

    async def known(self, lines: Collection[tuple[int, Line]], *, just_sent: bool) -> dict[int, int]:
        """See `Owns`."""
        keys = [(line.publisher, line.id) for _, line in lines]
        found: dict[int, int] = {}
        for _ in range(5 if just_sent else 1):
            rows: Sequence[Record] = ()
            with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
                rows = await self._reader.ask(self._request, None, lambda opened, _: told_under(opened, keys))
            under = {(row["publisher"], row["id"]): row for row in rows}
            for number, line in lines:
                row = under.get((line.publisher, line.id))
                if row is not None and _is_same(line, row):
                    found[number] = row["position"]
            if len(found) == len(lines) or not just_sent:
                break
            await asyncio.sleep(_SURE_WITHIN / 5)
        return found


def _is_same(line: Line, row: Record) -> bool:
    known = (row["publisher"], row["id"])
    return known == (line.publisher, line.id) and line.message_id == f"{line.publisher}:{line.id}:{row['digest']}"
