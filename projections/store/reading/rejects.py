"""Whose events are rejected, how often and why: the publishers with most rejects first."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from msgspec import Meta

from events.identifiers import UNIT_ID_PATTERN
from projections.answers.report.report_answers import PublisherRejects
from projections.store.reading.snapshot import Snapshot


class RejectsKey(NamedTuple):
    """Where a page ends: a publisher's number of rejects, and its id (empty where the bus subject names none)."""

    rejected: int
    publisher: Annotated[str, Meta(pattern=rf"\A({UNIT_ID_PATTERN})?\Z")]


_PUBLISHERS = """
SELECT publisher, sum(n)::bigint AS rejected, max(last_position) AS last_position,
    array_agg(reason ORDER BY n DESC, reason) AS reasons, array_agg(n ORDER BY n DESC, reason) AS counts
FROM publisher_rejects
GROUP BY publisher
HAVING $1::bigint IS NULL OR sum(n) < $1 OR sum(n) = $1 AND publisher > $2
ORDER BY rejected DESC, publisher
LIMIT $3
"""


async def rejects(
    snapshot: Snapshot, *, after: RejectsKey | None, limit: int
) -> tuple[list[PublisherRejects], RejectsKey | None]:
    """Return a page of publishers, most rejects first, and where it ends if there are more."""
    rows = await snapshot.connection.fetch(_PUBLISHERS, *(after or (None, None)), limit + 1)
    page = [
        PublisherRejects(
            row["publisher"] or None,
            row["rejected"],
            dict(zip(row["reasons"], row["counts"], strict=True)),
            row["last_position"],
        )
        for row in rows[:limit]
    ]
    return page, RejectsKey(page[-1].rejected, page[-1].publisher or "") if len(rows) > limit else None
