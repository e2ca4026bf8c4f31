"""Long lists in pages of a hundred: which rows are shown, and which of how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from services.pages.page import Page

Item = TypeVar("Item")

LONGEST: Final = 100
NUMBER: Final = "trang"
"""The parameter that says which page, from 1 on."""


class Pages(NamedTuple, Generic[Item]):
    """A part of a list: ``first`` and ``last`` are counted from 1; the pages before and after, None where none is."""

    rows: Sequence[Item]
    first: int
    last: int
    of: int
    before: str | None
    after: str | None


def begin_of(number: str | None) -> int:
    """Return after how many rows the page of a number begins, the first where it is none."""
    known = number is not None and number.isdecimal() and len(number) < len(str(10**9))
    return (max(int(number or 1), 1) - 1) * LONGEST if known else 0


def paged(page: Page, rows: Sequence[Item]) -> Pages[Item]:
    """Return the part of a list that the address asks for by `trang`, the first or last where it is none of them."""
    begin = min(begin_of(page.query.get(NUMBER)), max(len(rows) - 1, 0) // LONGEST * LONGEST)
    return pages_of(page, rows[begin : begin + LONGEST], begin, len(rows))


def pages_of(page: Page, shown: Sequence[Item], begin: int, of: int) -> Pages[Item]:
    """Return the page of so many rows that begins after some of them."""
    begin = max(begin, 0)
    number, last = begin // LONGEST + 1, min(begin + LONGEST, of)
    before = page.link(trang=None if number == 2 else number - 1) if number > 1 else None  # noqa: PLR2004
    after = page.link(trang=number + 1) if last < of else None
    return Pages(shown, begin + 1 if of else 0, last, of, before, after)
