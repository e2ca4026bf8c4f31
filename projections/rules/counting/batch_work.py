"""One batch's work on the state: what events that hold do, each thing once, and the changes that come of it.

The kinds of events (`projections.rules.kinds`) say what is to be done; here it is done, in the state and in the rows
to be written, so that the two can't come apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from events.codec import Event
from projections.rules.counting.batch_changes import (
    Deltas,
    Enlargement,
    FactColumns,
    FactRow,
    FormerFactRow,
    Step,
    Structure,
)
from projections.rules.counting.counting import Counting
from projections.rules.counting.grants import GrantRow
from projections.rules.counting.moves import enlargements, reattribution, structure_rows
from projections.rules.counting.parked_counts import ParkedCounts
from projections.rules.counting.plans import PlanRow
from projections.rules.counting.state import Recorded, State
from projections.rules.deciding.decision import Waits
from projections.rules.deciding.parking import Parked
from projections.rules.hierarchy.unit import Move, Unit, UnitStatement


@dataclass(slots=True)
class Done:
    """What was done in a batch so far."""

    steps: list[Step] = field(default_factory=list)
    former: list[FormerFactRow] = field(default_factory=list)
    structure: Structure = field(default_factory=Structure)
    plans_made: list[PlanRow] = field(default_factory=list)
    plans_unmade: list[int] = field(default_factory=list)
    grants_made: list[GrantRow] = field(default_factory=list)
    grants_unmade: list[int] = field(default_factory=list)
    parked: dict[int, tuple[int, int]] = field(default_factory=dict)
    large: list[int] = field(default_factory=list)
    vast: list[int] = field(default_factory=list)
    bent: set[int] = field(default_factory=set)


class BatchWork:
    """Carries the state forward event by event; nobody else does meanwhile.

    ``now`` is the position of the message in hand. ``recorded`` are the first messages under the keys that the batch
    names, ``references`` the facts, plans and events of access that hold and refer to a unit, as of before the batch;
    of a state that does not count all but the facts.
    """

    def __init__(self, state: State, recorded: dict[tuple[str, str], Recorded], references: Mapping[str, int]) -> None:
        self.now = 0
        self.state = state
        self.hierarchy = state.hierarchy
        self.recorded = recorded
        self._references = references
        self._counting = Counting(state)
        self._deltas = Deltas()
        self._done = Done()
        self._parked = ParkedCounts(state, self._done.parked)
        self._touched: set[int] = set()
        self._first_new = state.hierarchy.next_no
        self._kept_for: dict[int, int] = {}

    def finish(self) -> Done:
        """Close the batch and return what was done."""
        self._flush()
        structure = self._done.structure
        structure.known_before = {no for no in self._touched if no < self._first_new}
        structure.forgotten = {no for no in self._touched if no not in self.hierarchy.by_no}
        structure_rows(self.hierarchy, structure, self._touched)
        return self._done

    # -- facts, plans and access -----------------------------------------------------------------------------------

    def count(self, rows: Sequence[FactRow]) -> None:
        """Count facts from now on."""
        if not self.state.counts:
            self._deltas.counted += rows
            self.state.facts_of.update([row.unit for row in rows])
            return
        for row in rows:
            self._counting.add(self._deltas, row, self._lineage(row))
        self.state.has_facts = True

    def count_one(self, row: FactRow, lineage: tuple[int, ...]) -> None:
        """Count one fact from now on, of whose unit the raw lineage is known."""
        if self.state.counts:
            self._counting.add(self._deltas, row, lineage)
            self.state.has_facts = True
        else:
            self.count((row,))

    def count_at_once(self, facts: FactColumns) -> None:
        """Count many facts from now on, in a state that does not count."""
        self._deltas.at_once.append(facts)
        self.state.facts_of.update(facts.units)

    def uncount(self, rows: Sequence[FactRow]) -> None:
        """Count facts no longer, and keep that they were counted."""
        by_no = self.hierarchy.by_no
        self._done.former += [
            FormerFactRow(row.position, row.measure, by_no[row.unit].id, row.day, row.facets) for row in rows
        ]
        if not self.state.counts:
            self.state.facts_of.subtract([row.unit for row in rows])
            return
        for row in rows:
            self._counting.take_off(self._deltas, row, self._lineage(row))

    def make_plan(self, row: PlanRow) -> None:
        """Keep a plan from now on."""
        self._done.plans_made.append(row)
        self._keep(row.unit, 1)

    def unmake_plan(self, position: int, unit: int) -> None:
        """Keep the plan of a position no longer; ``unit`` is its subject."""
        self._done.plans_unmade.append(position)
        self._keep(unit, -1)

    def make_grant(self, row: GrantRow) -> None:
        """Keep an event of access from now on."""
        self._done.grants_made.append(row)
        self._keep(row.unit, 1)

    def unmake_grant(self, position: int, unit: int) -> None:
        """Keep the event of access of a position no longer; ``unit`` is its subject."""
        self._done.grants_unmade.append(position)
        self._keep(unit, -1)

    def is_referred_to(self, unit: Unit) -> bool:
        """Tell whether a fact, a plan or an event of access that holds refers to a unit."""
        found = self._references.get(unit.id, 0) + self._kept_for.get(unit.no, 0)
        if not self.state.counts:
            return found + self.state.facts_of[unit.no] > 0
        for step in (*self._done.steps, self._deltas):
            if isinstance(step, Deltas):
                found += sum(row.unit == unit.no for row in step.counted)
                found -= sum(row.unit == unit.no for row in step.uncounted)
        return found > 0

    def _lineage(self, row: FactRow) -> tuple[int, ...]:
        return self.hierarchy.lineage(self.hierarchy.by_no[row.unit], row.day)

    def _keep(self, unit: int, by: int) -> None:
        self._kept_for[unit] = self._kept_for.get(unit, 0) + by

    # -- structure -------------------------------------------------------------------------------------------------

    def establish(self, id_: str, statement: UnitStatement) -> Unit:
        """Found a unit."""
        unit = self.hierarchy.establish(id_, statement)
        self._enlarge(self.hierarchy.lineage_now(unit))
        self._done.structure.said.append(statement)
        self._touched.add(unit.no)
        return unit

    def forget(self, unit: Unit) -> None:
        """Take an establishment back that nothing refers to."""
        self._flush()
        self._parked.forget(unit)
        self.state.large.discard(unit.no)
        self.state.running.discard(unit.no)
        self.state.vast.discard(unit.no)
        self.hierarchy.forget(unit)
        self._unsaid(unit.founding)

    def say(self, statement: UnitStatement) -> None:
        """Let a statement other than an establishment hold."""
        self._follow(self.hierarchy.add(statement))
        self._done.structure.said.append(statement)
        self._touched.add(statement.unit)

    def unsay(self, statement: UnitStatement) -> None:
        """Take a statement other than an establishment back."""
        self._follow(self.hierarchy.remove(statement))
        self._unsaid(statement)

    # -- parking ---------------------------------------------------------------------------------------------------

    def park(self, position: int, event: Event, waits: Waits) -> None:
        """Let an event wait."""
        unit = self.hierarchy.by_id.get(event.subject)
        parked = Parked(position, event, waits, unit.no if unit is not None else None)
        self.state.parking.put(parked)
        self._parked.count(parked.subject, 1)

    def unpark(self, position: int) -> Parked | None:
        """Take an event out of the parking, so that it can be tried again or waits no longer."""
        parked = self.state.parking.take(position)
        if parked is not None:
            self._parked.count(parked.subject, -1)
        return parked

    # -- what follows ----------------------------------------------------------------------------------------------

    def _unsaid(self, statement: UnitStatement) -> None:
        structure = self._done.structure
        if statement in structure.said:
            structure.said.remove(statement)
        else:
            structure.unsaid.append(statement.position)
        self._touched.add(statement.unit)

    def _follow(self, move: Move) -> None:
        """Let all follow that hangs on where a unit is; each takes the move, and none asks what another has done."""
        self._parked.follow(move)
        self._done.bent |= self.state.past.follow(move)
        step = reattribution(self.state, move) if self.state.has_facts else None
        if step is not None:
            self._step(step)
        self._enlarge(move.after.lineage_now)

    def _enlarge(self, grown: tuple[int, ...]) -> None:
        """Mark those who have grown large or vast; what was counted before is counted by what they were."""
        for step in enlargements(self.state, grown):
            if self.state.has_facts:
                self._step(step)
            if isinstance(step, Enlargement):
                self.state.large.add(step.unit)
                self.state.running.add(step.unit)
                self._done.large.append(step.unit)
            else:
                self.state.vast.add(step.unit)
                self._done.vast.append(step.unit)

    def _step(self, step: Step) -> None:
        """Let a step follow all that was counted before it."""
        self._flush()
        self._done.steps.append(step)

    def _flush(self) -> None:
        if self._deltas:
            if self.state.counts:
                self._counting.close(self._deltas)
            self._done.steps.append(self._deltas)
            self._deltas = Deltas()
