"""What was read of a sheet: its columns, and each row as a draft of an event or as what is to be mended."""

from datetime import datetime
from typing import Any

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

    Either `draft` or `fault` is there. `twin` is an earlier row of this sheet with the same id, `alike` whether the two
    say the same.
    """

    row: int
    cells: dict[str, str]
    draft: Draft | None = None
    fault: Fault | None = None
    twin: int | None = None
    alike: bool = False


class PassedOver(Struct, frozen=True):
    """A row that was not taken: `total`, `example`, `numbers` (of the columns) or `foot`; blank ones are not told."""

    row: int
    why: str


class Reading(Struct, frozen=True, tag=True, tag_field="what"):
    """A sheet that was read; `encoding` and `separator` of one that is a text, else None."""

    type: str
    columns: tuple[ReadColumn, ...]
    rows: list[ReadRow]
    passed_over: list[PassedOver]
    encoding: str | None = None
    separator: str | None = None


def event_of(draft: Draft, event_type: str, number: int, time: datetime) -> Event:
    """Make the event of a draft: its `number` is 1, or one more for each time that it was taken back.

    Raises ValueError where the draft is none of this type.
    """
    data = msgspec.convert(draft.data, CATALOGUE[event_type].data)
    return Event(draft.unit, numbered(draft.stem, number), event_type, draft.unit, time, data)
