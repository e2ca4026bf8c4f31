"""The rows of an answer page by page, however they come: all at once, or while they are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from itertools import islice
from typing import Final

from projections.answers.tables.answer_table import Cells

PAGE: Final = 500
"""Rows that are handed on at a time."""


async def pages_of(rows: Iterable[Cells] | AsyncIterable[Iterable[Cells]]) -> AsyncIterator[list[Cells]]:
    """Yield rows page by page, and let others get their turn between two of them."""
    if isinstance(rows, AsyncIterable):
        async for page in rows:
            yield list(page)
        return
    left = iter(rows)
    while page := list(islice(left, PAGE)):
        yield page
        await asyncio.sleep(0)
