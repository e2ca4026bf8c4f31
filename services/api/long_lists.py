"""Lists that a file has whole: read page by page in one snapshot; where they are too long, refused with the length."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Final, Protocol

from projections.answers.report.report_answers import CountedEvent
from projections.answers.report.report_question import Question
from projections.store.reading.events import CountedEventKey
from projections.store.reading.report import report
from projections.store.reading.snapshot import Snapshot
from services.api.problems import too_long

MOST_ROWS: Final = 100_000
"""Rows of a list that one file may have."""
PAGE: Final = 1_000
"""Rows that are read at a time."""


class ReadEvents(Protocol):
    """Reads a page of events, and where the next begins."""

    def __call__(
        self, *, after: CountedEventKey | None, limit: int
    ) -> Awaitable[tuple[list[CountedEvent], CountedEventKey | None]]:
        """Read the events after a key."""
        ...


async def one_page(page: list[CountedEvent]) -> AsyncIterator[list[CountedEvent]]:
    """Give a page that was read."""
    yield page


async def all_pages(read: ReadEvents) -> AsyncIterator[list[CountedEvent]]:
    """Read page after page; a 422 Problem where they turn out to be too many."""
    after, rows = None, 0
    while True:
        page, after = await read(after=after, limit=PAGE)
        rows += len(page)
        require_fewer("sự kiện", rows)
        yield page
        if after is None:
            return


async def require_fewer_events(snapshot: Snapshot, question: Question, most: int | None = None) -> None:
    """Raise a 422 Problem with the length where a number counts more events than a file, or its form, may have."""
    require_fewer("sự kiện", sum((await report(snapshot, question)).total.values()), most)


def require_fewer(what: str, rows: int, most: int | None = None) -> None:
    """Raise a 422 Problem with the length where a list has more rows than a file, or its form, may have."""
    most = MOST_ROWS if most is None else min(most, MOST_ROWS)
    if rows > most:
        raise too_long(what, rows, most)
