"""How many parked events each unit has, itself and below it on the last known hierarchy (contract §5, `parked`)."""

from __future__ import annotations

from projections.rules.counting.state import State
from projections.rules.hierarchy.unit import Move, Unit


class ParkedCounts:
    """Keeps the state's counts; ``changed`` collects what one batch adds to them: unit to (own, below)."""

    def __init__(self, state: State, changed: dict[int, tuple[int, int]]) -> None:
        self._state = state
        self._changed = changed

    def count(self, subject: int | None, n: int) -> None:
        """Count ``n`` events more under their subject; those whose subject is not known count nowhere."""
        if subject is None:
            return
        self._add(subject, n, 0)
        for no in self._state.hierarchy.lineage_now(self._state.hierarchy.by_no[subject]):
            self._add(no, 0, n)

    def follow(self, move: Move) -> None:
        """Follow a unit that was moved, with all that waits at and below it."""
        no = move.unit.no
        n = self._state.parked_own.get(no, 0) + self._state.parked_below.get(no, 0)
        if n and move.leads_elsewhere:
            for upper in move.before.lineage_now:
                self._add(upper, 0, -n)
            for upper in move.after.lineage_now:
                self._add(upper, 0, n)

    def forget(self, unit: Unit) -> None:
        """Count no longer what is parked under a unit that is about to be forgotten."""
        waiting = self._state.parked_own.pop(unit.no, 0)
        for no in self._state.hierarchy.lineage_now(unit):
            self._add(no, 0, -waiting)
        self._changed.pop(unit.no, None)
        for parked in self._state.parking.events.values():
            if parked.subject == unit.no:
                parked.subject = None
        self._state.parked_below.pop(unit.no, None)

    def _add(self, no: int, own: int, below: int) -> None:
        for counts, n in ((self._state.parked_own, own), (self._state.parked_below, below)):
            if n:
                total = counts.get(no, 0) + n
                if total:
                    counts[no] = total
                else:
                    del counts[no]
        was = self._changed.get(no, (0, 0))
        self._changed[no] = (was[0] + own, was[1] + below)
