"""The events under a number as a table, a line each: a page of them, or all, while they are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Struct, UnsetType

from events.catalogue import DIMENSIONS
from events.words import DIMENSIONS as WORDS
from projections.answers.report.report_answers import Behind, CountedEvent, UnitName
from projections.answers.tables.answer_table import (
    KIND,
    AnswerTable,
    Cell,
    Cells,
    TableColumn,
    TablePart,
    behind_note,
    column,
    stated,
)

TITLE: Final = "Các sự kiện dưới một con số"
_FIELDS: Final = ("position", "publisher", "id", "type", "unit")
_MORE: Final = ("day", "measure", "time")
_COLUMNS: Final = (
    column(KIND),
    *map(column, (*_FIELDS, "name", "level", *_MORE)),
    *(TableColumn(f"facets.{dimension}", WORDS[dimension].capitalize()) for dimension in DIMENSIONS),
)
_PART: Final = TablePart(frozenset({"event"}), None, tuple(each.name for each in _COLUMNS[1:]))


class NamedPage(NamedTuple):
    """A page of events, and the units that they are about."""

    events: Sequence[CountedEvent]
    units: Sequence[UnitName]


class EventListing(Struct, frozen=True):
    """The events under a number with what a file says of them: ``pages`` of them, in order, as they are read.

    ``next`` is where the following page begins, where this is one page alone.
    """

    unit: UnitName
    first: dt.date
    last: dt.date
    basis: str
    position: int
    as_of: dt.datetime | None
    pages: Any
    """An AsyncIterator of NamedPage; msgspec knows no such type."""
    next: str | None = None
    behind: Behind | UnsetType = UNSET


def events_table(answer: EventListing) -> AnswerTable:
    """Return the table of events; each dimension has a column, and what an event doesn't say of it is empty."""
    more = () if answer.next is None else (f"Đây là một trang; trang sau: cursor={answer.next}",)
    said = stated(
        answer.unit,
        first=answer.first,
        last=answer.last,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
        others={"next": answer.next},
    )
    return AnswerTable(TITLE, said, _COLUMNS, _rows(answer.pages), (*behind_note(answer.behind), *more), (_PART,))


async def _rows(pages: AsyncIterator[NamedPage]) -> AsyncIterator[Iterable[Cells]]:
    async for page in pages:
        yield _lines(page)


def _lines(page: NamedPage) -> Iterator[Cells]:
    named = {unit.id: unit for unit in page.units}
    for event in page.events:
        cells: list[Cell] = ["event", *(getattr(event, field) for field in _FIELDS)]
        unit = named.get(event.unit)
        cells += [None, None] if unit is None else [unit.name, unit.level]
        cells += [getattr(event, field) for field in _MORE]
        yield [*cells, *(event.facets.get(dimension) for dimension in DIMENSIONS)]
