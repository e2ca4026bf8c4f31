"""What counts of large and vast units is written through, with what is remembered of it from batch to batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from projections.store.batch.as_now_pasts import AsNowPasts
from projections.store.batch.breakdowns import Breakdowns
from projections.store.batch.running_sums import RunningSums


@dataclass(frozen=True, slots=True)
class Rollups:
    """Used in the transaction of who asks for it; of no use after one that was rolled back."""

    running: RunningSums = field(default_factory=RunningSums)
    breakdowns: Breakdowns = field(default_factory=Breakdowns)
    pasts: AsNowPasts = field(default_factory=AsNowPasts)

    @property
    def due(self) -> bool:
        """Whether there is anything to be done while nothing else is, as far as it is known."""
        return self.breakdowns.due or self.pasts.due
