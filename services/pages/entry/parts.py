"""A thousand rows of `/v1` in pages of a hundred: the cursor of the thousand goes along from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

from services.pages.page import Page
from services.pages.paging import Pages, paged

Item = TypeVar("Item")
CURSOR = "cursor"


def parts_of(page: Page, rows: Sequence[Item]) -> Pages[Item]:
    """Return the part that the address asks for of the rows that its cursor leads to."""
    found, cursor = paged(page, rows), page.query.get(CURSOR)
    if cursor is None:
        return found
    before, after = (_with(address, cursor) for address in (found.before, found.after))
    return found._replace(before=before, after=after)


def _with(address: str | None, cursor: str) -> str | None:
    if address is None:
        return None
    return f"{address}{'&' if '?' in address else '?'}{CURSOR}={quote(cursor, safe='')}"
