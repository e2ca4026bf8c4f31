"""What `/v1` answers to what is sent, and of sheets and receipts (contract, section 8): as far as pages show it."""

from __future__ import annotations

import datetime as dt

import msgspec
from msgspec import UNSET, UnsetType

from projections.answers.report.report_answers import Behind
from projections.answers.suspicion.suspicions import Suspicion
from services.sheets.results import PassedOver, ReadColumn

ACCEPTED, REFUSED, DUPLICATE, UNSENT = "accepted", "refused", "duplicate", "unsent"


class ItemTold(msgspec.Struct, frozen=True):
    """What became of one event that was sent, or would become of it; `row` is its number in a sheet."""

    index: int
    publisher: str | None
    id: str | None
    status: str
    position: int | None = None
    outcome: str | None = None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    tried: bool | None = None
    suspicious: tuple[Suspicion, ...] = ()
    row: int | None = None

    @property
    def undecided(self) -> bool:
        """Tell whether the log has it, and has not been read so far."""
        return self.status in {ACCEPTED, DUPLICATE} and self.outcome is None

    @property
    def state(self) -> str:
        """Return what became of it in one word: its outcome, or that it has none yet, or its status."""
        if self.outcome is not None:
            return self.outcome
        return "undecided" if self.undecided else self.status


class ReceiptTold(msgspec.Struct, frozen=True):
    """What became of the events of a request, in its order; `receipt` is null where nothing was accepted."""

    receipt: str | None
    items: list[ItemTold]
    behind: Behind | None = None
    next: str | None = None
    counts: dict[str, int] | UnsetType = UNSET


class ReceiptLine(msgspec.Struct, frozen=True):
    """A receipt in a list."""

    receipt: str
    made_at: dt.datetime
    items: int
    accepted: int


class ReceiptLines(msgspec.Struct, frozen=True):
    """One's own receipts, the newest first."""

    receipts: list[ReceiptLine]
    next: str | None


class SheetLine(msgspec.Struct, frozen=True):
    """A sheet in a list; `counts` has its rows by status."""

    import_: str = msgspec.field(name="import")
    unit: str
    type: str
    made_at: dt.datetime
    until: dt.datetime
    rows: int
    counts: dict[str, int]
    receipt: str | None


class SheetLines(msgspec.Struct, frozen=True):
    """One's own sheets, the newest first."""

    imports: list[SheetLine]
    next: str | None


class KeyTold(msgspec.Struct, frozen=True):
    """The event that a row is, or would be."""

    publisher: str
    id: str


class RowTold(msgspec.Struct, frozen=True):
    """A row of a sheet: what it says, and what would become of it now."""

    row: int
    status: str
    column: str | None
    reason: str | None
    detail: str | None
    cells: dict[str, str]
    event: KeyTold | None
    again: bool = False
    replace: bool = False
    suspicious: tuple[Suspicion, ...] = ()
    sent: ItemTold | None = None


class SheetTold(msgspec.Struct, frozen=True):
    """A sheet with a thousand of its rows."""

    import_: str = msgspec.field(name="import")
    unit: str
    type: str
    made_at: dt.datetime
    until: dt.datetime
    encoding: str | None
    columns: list[ReadColumn]
    passed_over: list[PassedOver]
    counts: dict[str, int]
    rows: list[RowTold]
    next: str | None
    receipt: str | None
    position: int


class SheetRefusal(msgspec.Struct, frozen=True):
    """What a refused sheet is told beside the problem: a code, and the columns that it is about."""

    reason: str = ""
    columns: list[str] = []


def path_of_event(item: ItemTold) -> str:
    """Return where the event of an item has its page."""
    return f"/su-kien/{item.publisher}/{item.id}"
