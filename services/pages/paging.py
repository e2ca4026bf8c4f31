"""Long lists in pages of a hundred: which rows are shown, and which of how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from services.pages.page import Page

Item = TypeVar("Item")

LONGEST: Final = 100


class Pages(NamedTuple, Generic[Item]):
    """A part of a list: ``first`` and ``last`` are counted from 1; the pages before and after, None where none is."""

    rows: Sequence[Item]
    first: int
    last: int
    of: int
    before: str | None
    after: str | None


def paged(page: Page, rows: Sequence[Item]) -> Pages[Item]:
    """Return the part of a list that the address asks for by `trang`, the first where it is none of the list's."""
    asked = page.query.get("trang", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < len(str(10**9)) else 1
    last = max((len(rows) + LONGEST - 1) // LONGEST, 1)
    number = min(max(number, 1), last)
    begin = (number - 1) * LONGEST
    shown = rows[begin : begin + LONGEST]
    before = page.link(trang=None if number == 2 else number - 1) if number > 1 else None  # noqa: PLR2004
    after = page.link(trang=number + 1) if number < last else None
    return Pages(shown, begin + 1 if shown else 0, begin + len(shown), len(rows), before, after)
