"""Carrying out: trying an event against the state, and doing what follows where it holds (contract §1 and §2)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from events.catalogue import CATALOGUE
from events.codec import Event, decode
from events.contributions import contributions
from events.vocabulary import Outcome, Reason
from projections.rules.counting.batch_changes import Deltas, Enlargement, FactRow, Step, Structure
from projections.rules.counting.counting import Counting
from projections.rules.counting.moves import enlargements, reattribution, structure_rows
from projections.rules.counting.parked_counts import ParkedCounts
from projections.rules.counting.plans import PlanRow, plan_row
from projections.rules.counting.state import Recorded, State
from projections.rules.deciding.decision import (
    Key,
    Refused,
    Waits,
    target_of,
    verdict_on_structure,
    wait_of_fact_or_plan,
    wait_of_retraction,
)
from projections.rules.deciding.parking import Parked
from projections.rules.deciding.tree_rules import against_the_tree, against_the_tree_without
from projections.rules.hierarchy.unit import Move, Unit, UnitStatement, holds_from

Retracted = tuple[Recorded, tuple[str, str | None], int]
"""A retracted event, its outcome and reason until then, and the position of the retraction."""


@dataclass(slots=True)
class Ruling:
    """What became of an event. ``news`` are the keys that others may wait for, ``retracts`` what it took back."""

    outcome: str
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    waits: bool = False
    news: tuple[Key, ...] = ()
    retracts: tuple[Retracted, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether the event holds from now on."""
        return self.outcome in {Outcome.COUNTED, Outcome.APPLIED}


_COUNTED = Ruling(Outcome.COUNTED)


@dataclass(slots=True)
class BatchWork:
    """What was done in a batch so far."""

    steps: list[Step] = field(default_factory=list)
    structure: Structure = field(default_factory=Structure)
    plans_made: list[PlanRow] = field(default_factory=list)
    plans_unmade: list[int] = field(default_factory=list)
    parked: dict[int, tuple[int, int]] = field(default_factory=dict)
    large: list[int] = field(default_factory=list)
    vast: list[int] = field(default_factory=list)
    bent: set[int] = field(default_factory=set)


class CarryingOut:
    """One batch's work on the state. ``now`` is the position of the message in hand."""

    def __init__(self, state: State, recorded: dict[tuple[str, str], Recorded], references: Mapping[str, int]) -> None:
        self.now = 0
        self._state = state
        self._hierarchy = state.hierarchy
        self._recorded = recorded
        self._references = references
        self._counting = Counting(state)
        self._deltas = Deltas()
        self._work = BatchWork()
        self._parked = ParkedCounts(state, self._work.parked)
        self._touched: set[int] = set()
        self._first_new = state.hierarchy.next_no
        self._plan_references: dict[int, int] = {}

    def attempt(self, position: int, event: Event) -> Ruling:
        """Try an event; where it holds, do what follows, where it waits, park it."""
        kind = CATALOGUE[event.type].kind
        if kind == "fact":
            return self._fact(position, event)
        if kind == "structure":
            return self._structure(position, event)
        if kind == "plan":
            return self._plan(position, event)
        return self._retraction(position, event)

    def unpark(self, position: int) -> Parked | None:
        """Take an event out of the parking so that it can be tried again."""
        parked = self._state.parking.take(position)
        if parked is not None:
            self._parked.count(parked.subject, -1)
        return parked

    def finish(self) -> BatchWork:
        """Close the batch and return its work."""
        self._flush()
        structure = self._work.structure
        structure.known_before = {no for no in self._touched if no < self._first_new}
        structure.forgotten = {no for no in self._touched if no not in self._hierarchy.by_no}
        structure_rows(self._hierarchy, structure, self._touched)
        return self._work

    # -- kinds of events -------------------------------------------------------------------------------------------

    def _fact(self, position: int, event: Event) -> Ruling:
        if (waits := wait_of_fact_or_plan(event, self._hierarchy)) is not None:
            return self._park(position, event, waits)
        for row in self._fact_rows(position, event):
            self._counting.add(self._deltas, row)
        self._state.has_facts = self._state.counts
        return _COUNTED

    def _plan(self, position: int, event: Event) -> Ruling:
        if (waits := wait_of_fact_or_plan(event, self._hierarchy)) is not None:
            return self._park(position, event, waits)
        unit = self._hierarchy.by_id[event.subject].no
        self._work.plans_made.append(plan_row(position, unit, event))
        self._plan_references[unit] = self._plan_references.get(unit, 0) + 1
        return Ruling(Outcome.APPLIED)

    def _structure(self, position: int, event: Event) -> Ruling:
        verdict = verdict_on_structure(event, self._hierarchy, self._state.root)
        if isinstance(verdict, Waits):
            return self._park(position, event, verdict)
        if verdict is not None:
            return self._reject(verdict)
        statement = self._statement(position, event)
        refused = against_the_tree(statement, self._hierarchy, self._state.sizes.depths)
        if refused is not None:
            return self._reject(refused)
        if statement.kind == "established":
            unit = self._hierarchy.establish(event.subject, statement)
            self._enlarge(self._hierarchy.lineage_now(unit))
        else:
            unit = self._hierarchy.by_no[statement.unit]
            self._follow(self._hierarchy.add(statement))
        self._work.structure.said.append(statement)
        self._touched.add(unit.no)
        return Ruling(Outcome.APPLIED, news=(unit.id,))

    def _retraction(self, position: int, event: Event) -> Ruling:
        key = target_of(event)
        target = self._recorded.get(key)
        if target is None:
            keys: frozenset[Key] = frozenset({key, event.subject})
            detail = f"no event {key[1]} of {key[0]} is known"
            return self._park(position, event, Waits(Reason.UNKNOWN_EVENT, "data.id", detail, keys))
        if target.type == "event.retracted" or target.outcome not in {
            Outcome.COUNTED,
            Outcome.APPLIED,
            Outcome.PARKED,
        }:
            what = "a retraction" if target.type == "event.retracted" else target.outcome
            return self._reject(Refused(Reason.ALREADY_DONE, "data.id", f"the event is {what} already"))
        told = self._event(target)
        waits = wait_of_retraction(event, told, self._hierarchy)
        if waits is not None:
            return self._park(position, event, waits)
        return self._take_back(position, target, told)

    # -- doing and undoing -----------------------------------------------------------------------------------------

    def _take_back(self, position: int, target: Recorded, told: Event) -> Ruling:
        news: tuple[Key, ...] = ((target.publisher, target.id),)
        was: tuple[str, str | None] = (target.outcome, None)
        kind = CATALOGUE[told.type].kind
        if target.outcome == Outcome.PARKED:
            parked = self.unpark(target.position)
            was = (target.outcome, parked.waits.reason if parked is not None else None)
        elif kind == "fact":
            for row in self._fact_rows(target.position, told):
                self._counting.add(self._deltas, row, retracted=True)
        elif kind == "plan":
            unit = self._hierarchy.by_id[told.subject].no
            self._work.plans_unmade.append(target.position)
            self._plan_references[unit] = self._plan_references.get(unit, 0) - 1
        else:
            refused = self._unsay(target.position, told)
            if refused is not None:
                return self._reject(refused)
            news = (*news, told.subject)
        target.outcome = Outcome.RETRACTED
        return Ruling(Outcome.APPLIED, news=news, retracts=((target, was, position),))

    def _unsay(self, position: int, told: Event) -> Refused | None:
        unit = self._hierarchy.by_id[told.subject]
        statement = next(s for s in unit.statements() if s.position == position)
        if statement.kind == "established":
            if self._hierarchy.in_use(unit) or self._is_referred_to(unit):
                return Refused(Reason.IN_USE, "data.id", f"something that holds refers to {unit.id}")
            self._forget(unit)
        else:
            refused = against_the_tree_without(statement, self._hierarchy, self._state.sizes.depths)
            if refused is not None:
                return refused
            self._follow(self._hierarchy.remove(statement))
        said = self._work.structure.said
        if statement in said:
            said.remove(statement)
        else:
            self._work.structure.unsaid.append(position)
        self._touched.add(unit.no)
        return None

    def _follow(self, move: Move) -> None:
        """Let all follow that hangs on where a unit is; each takes the move, and none asks what another has done."""
        self._parked.follow(move)
        self._work.bent |= self._state.past.follow(move)
        step = reattribution(self._state, move) if self._state.has_facts else None
        if step is not None:
            self._step(step)
        self._enlarge(move.after.lineage_now)

    def _enlarge(self, grown: tuple[int, ...]) -> None:
        """Mark those who have grown large or vast; what was counted before is counted by what they were."""
        for step in enlargements(self._state, grown):
            if self._state.has_facts:
                self._step(step)
            large = isinstance(step, Enlargement)
            (self._state.large if large else self._state.vast).add(step.unit)
            (self._work.large if large else self._work.vast).append(step.unit)

    def _step(self, step: Step) -> None:
        """Let a step follow all that was counted before it."""
        self._flush()
        self._work.steps.append(step)

    def _forget(self, unit: Unit) -> None:
        self._flush()
        self._parked.forget(unit)
        self._state.large.discard(unit.no)
        self._state.vast.discard(unit.no)
        self._hierarchy.forget(unit)

    def _flush(self) -> None:
        if self._deltas:
            self._counting.close(self._deltas)
            self._work.steps.append(self._deltas)
            self._deltas = Deltas()

    def _park(self, position: int, event: Event, waits: Waits) -> Ruling:
        unit = self._hierarchy.by_id.get(event.subject)
        parked = Parked(position, event, waits, unit.no if unit is not None else None)
        self._state.parking.put(parked)
        self._parked.count(parked.subject, 1)
        return Ruling(Outcome.PARKED, waits.reason, waits.field, waits.detail, waits=True)

    def _fact_rows(self, position: int, event: Event) -> list[FactRow]:
        by_id = self._hierarchy.by_id
        return [FactRow(by_id[c.unit].no, c.day, c.measure, position, c.facets) for c in contributions(event)]

    def _event(self, recorded: Recorded) -> Event:
        if recorded.event is None:
            event = decode(recorded.bus_subject, recorded.body, root=self._state.root)
            if not isinstance(event, Event):
                raise AssertionError(f"position {recorded.position} holds but can't be read")
            recorded.event = event
        return recorded.event

    def _statement(self, position: int, event: Event) -> UnitStatement:
        data = cast("Any", event.data)
        by_id = self._hierarchy.by_id
        kind = sys.intern(event.type.removeprefix("unit."))  # kept for as long as it holds
        named = {
            field: by_id[unit].no
            for field in ("parent", "successor")
            if (unit := getattr(data, field, None)) is not None and unit is not msgspec.UNSET
        }
        no = self._hierarchy.next_no if kind == "established" else by_id[event.subject].no
        name, level = getattr(data, "name", None), getattr(data, "level", None)
        return UnitStatement(position, no, kind, holds_from(data.since), name=name, level=level, **named)

    def _is_referred_to(self, unit: Unit) -> bool:
        found = self._references.get(unit.id, 0) + self._plan_references.get(unit.no, 0)
        for step in (*self._work.steps, self._deltas):
            if isinstance(step, Deltas):
                found += sum(row.unit == unit.no for row in step.counted)
                found -= sum(row.unit == unit.no for row in step.uncounted)
        return found > 0

    @staticmethod
    def _reject(refused: Refused) -> Ruling:
        return Ruling(Outcome.REJECTED, refused.reason, refused.field, refused.detail)
