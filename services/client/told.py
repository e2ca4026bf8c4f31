"""What is told of events that were sent (contract §8)."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from projections.answers.report.report_answers import Behind
from projections.answers.suspicion.suspicions import Suspicion

Status = Literal["accepted", "refused", "duplicate", "unsent"]
ACCEPTED: Final[Status] = "accepted"
REFUSED: Final[Status] = "refused"
DUPLICATE: Final[Status] = "duplicate"
UNSENT: Final[Status] = "unsent"


class EventTold(Struct, frozen=True):
    """What became of one event.

    ``status``: ``accepted``, it is in the log at ``position``; ``duplicate``, it was there already; ``refused``, it
    never will be, ``reason``, ``field`` and ``detail`` say why; ``unsent``, it is not known to be there: send it again.
    ``outcome`` is None until it is known (contract §2); ``reason`` and ``field`` say why it waits or is rejected.
    ``tried`` is given in a dry run alone: False where only the real thing decides.
    """

    publisher: str
    id: str
    status: Status
    position: int | None = None
    outcome: str | None = None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    tried: bool | None = None
    suspicious: tuple[Suspicion, ...] = ()

    @property
    def in_the_log(self) -> bool:
        """Whether the log has it."""
        return self.status in {ACCEPTED, DUPLICATE}


class SendReceipt(Struct, frozen=True):
    """What became of events that were sent, in the order in which they were given.

    ``receipts`` are the service's names for it, one for each thousand events (none over the bus, none where nothing was
    accepted). ``behind`` says why outcomes aren't known yet, where the projector is paused, stopped or behind.
    """

    items: tuple[EventTold, ...]
    receipts: tuple[str, ...] = ()
    behind: Behind | None = None

    @property
    def decided(self) -> bool:
        """Whether the outcome of all that is in the log is known."""
        return all(item.outcome is not None for item in self.items if item.in_the_log)
