"""What sending over HTTP is answered, and what it takes beside events (contract, section 8)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from projections.answers.report.report_answers import Behind
from projections.answers.suspicion.suspicions import Suspicion

ACCEPTED, REFUSED, DUPLICATE, UNSENT = "accepted", "refused", "duplicate", "unsent"


class SentItem(msgspec.Struct, frozen=True):
    """What became of one event of a request.

    ``status`` is ``accepted``, ``refused``, ``duplicate`` or ``unsent``. ``outcome`` is null until the log is read so
    far; what was not sent has none. ``tried`` stands in a dry run alone: false where only the real thing decides.
    ``suspicious`` stands where there is any: of what is counted, or would be. ``row`` is its number in the sheet that
    it was sent in.
    """

    index: int
    publisher: str | None
    id: str | None
    status: str
    position: int | UnsetType | None = UNSET
    outcome: str | UnsetType | None = UNSET
    reason: str | None = None
    field: str | UnsetType | None = UNSET
    detail: str | UnsetType | None = UNSET
    tried: bool | UnsetType = UNSET
    suspicious: tuple[Suspicion, ...] | UnsetType = UNSET
    row: int | UnsetType = UNSET

    @property
    def undecided(self) -> bool:
        """Tell whether the log has it, and has not been read so far."""
        return self.status in {ACCEPTED, DUPLICATE} and not self.outcome

    @property
    def state(self) -> str:
        """Return what became of it in one word: its outcome, or that it has none yet, or its status."""
        return self.outcome or ("undecided" if self.undecided else self.status)


class SentAnswer(msgspec.Struct, frozen=True):
    """What became of the events of a request, in its order; `receipt` is null where nothing was accepted.

    `behind` says why outcomes are not known yet, where the projector is paused or stopped, or was waited for in vain.
    Of a sheet there is a thousand a page, `next` is the cursor of the next one, and `counts` has all by status.
    """

    receipt: str | None
    items: list[SentItem]
    behind: Behind | None
    next: str | UnsetType | None = UNSET
    counts: dict[str, int] | UnsetType = UNSET


class OwnReceipt(msgspec.Struct, frozen=True):
    """A receipt of what an account sent: when, how many events there were, how many were accepted."""

    receipt: str
    made_at: dt.datetime
    items: int
    accepted: int


class OwnReceipts(msgspec.Struct, frozen=True):
    """The receipts of the account that asks, the newest first."""

    receipts: list[OwnReceipt]
    next: str | None


class Retraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an event is taken back."""

    reason: str


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data that an event should have had, and why it is taken back."""

    data: dict[str, Any]
    reason: str
