"""The events at some positions, as an answer names them as its sources."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from projections.answers.past.structure_answers import Source
from projections.store.reading.snapshot import Snapshot

_SOURCES: Final = "SELECT position, publisher, id, type FROM ledger WHERE position = ANY($1::bigint[])"


async def sources_at(snapshot: Snapshot, positions: Collection[int]) -> dict[int, Source]:
    """Return the events at the positions."""
    return {row["position"]: Source(*row) for row in await snapshot.connection.fetch(_SOURCES, list(positions))}
