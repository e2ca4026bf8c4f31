"""What was read of a sheet: its columns, and each row as a draft of an event or as what is to be mended."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from events.catalogue import CATALOGUE
from events.envelope import Event
from projections.bilingual import Bilingual
from services.sheets.event_ids import numbered


class ReadColumn(Struct, frozen=True):
    """A column that was read: its field's name, its head in Vietnamese, and where it is in the sheet (`C`)."""

    name: str
    head: str
    letter: str


class Draft(Struct, frozen=True):
    """An event but for its number and its time: what a row says. `stem` is its id without the number."""

    unit: str
    stem: str
    data: dict[str, Any]


class Fault(Struct, frozen=True):
    """Why a row is no event: the column (`name` of the field, `head` for people), a code, and what to do."""

    column: str
    head: str
    reason: str
    detail: Bilingual


class ReadRow(Struct, frozen=True):
    """A row by its number in the sheet; `cells` are texts by the names of the columns, as people would type them.

    Either `draft` or `fault` is there. Of a row with a fault what may be a person's name is not among the cells. `twin`
    is an earlier row of this sheet with the same id, `alike` whether the two say the same.
    """

    row: int
    cells: dict[str, str]
    draft: Draft | None = None
    fault: Fault | None = None
    twin: int | None = None
    alike: bool = False


class PassedOver(Struct, frozen=True):
    """A row that was not taken; blank ones are not told.

    `why` is `total`, `example`, `numbers` (of the columns), `head` (once more) or `foot`.
    """

    row: int
    why: str


class ResultRow(NamedTuple):
    """A row with its result in words; `cells` are texts by the names of the columns, `event` is publisher and id."""

    row: int
    cells: Mapping[str, str]
    result: str
    column: str = ""
    detail: str = ""
    event: str = ""
    good: bool = True


ROWS_A_PAGE: Final = 1_000
MAX_PAGE: Final = 64 * 1024 * 1024
"""Bytes of a page before it is packed: whatever has read a stranger's file is believed nothing."""
_QUICKLY: Final = 1


class SheetReading(Struct, frozen=True, tag=True, tag_field="what"):
    """A sheet that was read; `encoding` and `separator` of one that is a text, else None.

    `count` is how many rows there are. They stay packed, `ROWS_A_PAGE` in each of `pages`, until they are asked for:
    50,000 of them unpacked are 300 MB.
    """

    type: str
    columns: tuple[ReadColumn, ...]
    count: int
    pages: list[bytes]
    passed_over: list[PassedOver]
    encoding: str | None = None
    separator: str | None = None

    def rows(self) -> Iterator[ReadRow]:
        """Give the rows in their order, a page unpacked at a time."""
        for page in self.pages:
            yield from page_unpacked(page)


def page_packed(rows: Sequence[ReadRow]) -> bytes:
    """Write rows as they are kept: 50,000 of them are 25 MB, packed 4."""
    return zlib.compress(_pack(rows), _QUICKLY)


def page_unpacked(page: bytes) -> list[ReadRow]:
    """Read the rows of a page. Raises ValueError where it is none, or one that would grow beyond MAX_PAGE."""
    growing = zlib.decompressobj()
    try:
        found = growing.decompress(page, MAX_PAGE)
    except zlib.error as error:
        raise ValueError("no page") from error
    if growing.unconsumed_tail:
        raise ValueError("a page that grows without end")
    return _unpack(found)


def packed(rows: Iterable[ReadRow]) -> tuple[int, list[bytes]]:
    """Pack rows into pages as they come, and count them."""
    count, pages, left = 0, [], iter(rows)
    while page := list(islice(left, ROWS_A_PAGE)):
        count += len(page)
        pages.append(page_packed(page))
    return count, pages


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(list[ReadRow]).decode


def event_of(draft: Draft, event_type: str, number: int, time: datetime) -> Event:
    """Make the event of a draft: its `number` is 1, or one more for each time that it was taken back.

    Raises ValueError where the draft is none of this type.
    """
    data = msgspec.convert(draft.data, CATALOGUE[event_type].data)
    return Event(draft.unit, numbered(draft.stem, number), event_type, draft.unit, time, data)
