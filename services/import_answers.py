"""What sheets that are sent over HTTP are answered, and what is taken to mend one (contract, section 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from projections.answers.suspicion.suspicions import Suspicion
from services.send_answers import SentItem
from services.sheets.results import PassedOver, ReadColumn

READY, DUPLICATE, DIFFERS, TAKEN_BACK = "ready", "duplicate", "differs", "taken_back"
WILL_WAIT, SUSPICIOUS, REFUSED = "will_wait", "suspicious", "refused"
STATUSES: Final = (READY, DUPLICATE, DIFFERS, TAKEN_BACK, WILL_WAIT, SUSPICIOUS, REFUSED)


class RowEvent(msgspec.Struct, frozen=True):
    """The event that a row is, or would be."""

    publisher: str
    id: str


class ImportRow(msgspec.Struct, frozen=True):
    """A row of a sheet by its number there, and what would become of it now; `cells` are texts by the columns' names.

    `again` and `replace` stand where the clerk said so, `suspicious` where there is any, `sent` once it was sent.
    """

    row: int
    status: str
    column: str | None
    reason: str | None
    detail: str | None
    cells: dict[str, str]
    event: RowEvent | None
    again: bool | UnsetType = UNSET
    replace: bool | UnsetType = UNSET
    suspicious: tuple[Suspicion, ...] | UnsetType = UNSET
    sent: SentItem | UnsetType = UNSET


class ImportTold(msgspec.Struct, frozen=True):
    """What is told of a sheet as a whole: its columns, rows that are none, and as what its text was read."""

    columns: tuple[ReadColumn, ...]
    passed_over: list[PassedOver]
    encoding: str | None
    separator: str | None


class ImportHead(msgspec.Struct, frozen=True):
    """A sheet in a list. `counts` has its rows by status, as each thousand was last looked at."""

    import_: str = msgspec.field(name="import")
    unit: str
    type: str
    made_at: dt.datetime
    until: dt.datetime
    rows: int
    counts: dict[str, int]
    receipt: str | None


class ImportList(msgspec.Struct, frozen=True):
    """The sheets of the account that asks, the newest first."""

    imports: list[ImportHead]
    next: str | None


class Import(msgspec.Struct, frozen=True):
    """A sheet with a thousand of its rows; it is kept until `until`, and `receipt` says what became of what was sent.

    `counts` has all rows by status: those of this page as of now, the others' as they were last looked at.
    """

    import_: str = msgspec.field(name="import")
    unit: str
    type: str
    made_at: dt.datetime
    until: dt.datetime
    encoding: str | None
    separator: str | None
    columns: tuple[ReadColumn, ...]
    passed_over: list[PassedOver]
    counts: dict[str, int]
    rows: list[ImportRow]
    next: str | None
    receipt: str | None
    position: int


class Mending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What mends a row: texts by columns (an empty one empties the cell), and what the clerk decides.

    `again`: one that was taken back is sent once more. `replace`: what differs from an event that holds takes its
    place; false, as at first: the one that holds is kept.
    """

    cells: dict[str, str] = {}
    again: bool | UnsetType = UNSET
    replace: bool | UnsetType = UNSET


def counts_of(pages: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Add up the counts of pages, and give that of every status, zeros included."""
    return {status: sum(page.get(status, 0) for page in pages) for status in STATUSES}
