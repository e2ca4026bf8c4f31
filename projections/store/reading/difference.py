"""Explaining a difference: of bases by the units that moved, of two positions by what the log said in between."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

import numpy as np

from projections.answers.past.contributions import FactArrays, at_or_below
from projections.answers.past.day_numbers import number_of
from projections.answers.past.difference import (
    ContributionTally,
    Grouped,
    Moment,
    explained,
    grouped,
    largest,
    reorganised,
)
from projections.answers.past.difference_answers import Contribution, Difference
from projections.answers.past.raw_tree import Numbers
from projections.answers.past.structure_answers import Source
from projections.answers.past.units_then import Units
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Basis, Question, QuestionPart
from projections.rules.hierarchy.unit import EVER, UnitStatement
from projections.store.reading.as_now import terms_of
from projections.store.reading.binary_columns import columns
from projections.store.reading.find_unit import LAST_KNOWN, find, names_on
from projections.store.reading.known_then import MOST_UNITS, Then, known_then
from projections.store.reading.report import report
from projections.store.reading.said_then import HeldStatement, known_of, said_between, statements_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sources import sources_at
from projections.store.reading.sums import add_up, numbers
from projections.store.reading.units_below import children

_ELSEWHERE: Final = 0
"""The number of one unit in the place of all that are never below the one asked about."""
_NOBODY: Final = 0
"""In the place of all units that are no more: nobody knows their names."""

_ASKED: Final = "day BETWEEN $3 AND $4 AND measure = ANY($5::smallint[])"
_COLUMNS: Final = "fact.position, fact.unit, day, measure"
_FORMER_COLUMNS: Final = "former_fact.position, coalesce(unit.no, 0), day, measure"
_FORMER: Final = "former_fact LEFT JOIN unit ON unit.id = former_fact.unit"
_WIDTHS: Final = (8, 4, 4, 2)
_LET_GO_AFTER: Final = """
EXISTS (SELECT FROM verdict WHERE verdict.position = fact.position AND held_at > {position} AND held_at > position)
"""
# What came to hold after $1 up to $2 and still held there.
_GAINED: Final = f"""
SELECT {_COLUMNS} FROM fact WHERE position > $1 AND position <= $2 AND {_ASKED}
    AND NOT {_LET_GO_AFTER.format(position="$2")}
UNION ALL SELECT {_COLUMNS} FROM verdict JOIN fact USING (position)
    WHERE held_at > $1 AND held_at <= $2 AND held_at > verdict.position AND verdict.position <= $1 AND {_ASKED}
"""
_GAINED_FORMER: Final = f"""
SELECT {_FORMER_COLUMNS}, former_fact.unit FROM {_FORMER}
WHERE held_at > $1 AND held_at <= $2 AND retracted_at > $2 AND {_ASKED} ORDER BY position
"""
# What held at $1 and was taken back up to $2.
_LOST: Final = f"""
SELECT {_FORMER_COLUMNS}, former_fact.unit FROM {_FORMER}
WHERE held_at <= $1 AND retracted_at > $1 AND retracted_at <= $2 AND {_ASKED} ORDER BY position
"""
# What held at $1 and still did at $2.
_KEPT: Final = f"""
SELECT {_COLUMNS} FROM fact WHERE position <= $1 AND $2::bigint IS NOT NULL AND {_ASKED}
    AND NOT {_LET_GO_AFTER.format(position="$1")}
"""
_KEPT_OF_UNITS: Final = f"{_KEPT} AND unit = ANY($6::integer[])"
_KEPT_FORMER: Final = f"""
SELECT {_FORMER_COLUMNS}, former_fact.unit FROM {_FORMER}
WHERE held_at <= $1 AND retracted_at > $2 AND {_ASKED}
"""
_TAKEN_BACK_BY: Final = "SELECT position, retracted_by FROM verdict WHERE position = ANY($1::bigint[])"


async def difference_of_bases(snapshot: Snapshot, question: Question, against: Basis, limit: int) -> Difference:
    """Explain the total on one basis by that on the other: the units that moved in or out. Raises UnknownUnitError.

    A unit that is dissolved as last known keeps its own facts only: all its children of those days moved out.
    """
    one = await report(snapshot, question._replace(by="none"))
    other = await report(snapshot, question._replace(by="none", basis=against))
    tally = ContributionTally(question.measures)
    if question.basis != against:
        sign = 1 if against == "as-now" else -1
        moved = await _moved(snapshot, question)
        last = question.days.last
        names = await names_on(snapshot, {(part.place.no, last) for part in moved})
        rows = [part._replace(row=row, sign=1) for row, part in enumerate(moved)]
        figures = await add_up(snapshot, rows, question.measures, len(rows))
        for row, part in enumerate(moved):
            came = sign * part.sign
            tally.add(
                Contribution(
                    change="moved_in" if came > 0 else "moved_out",
                    unit=names[part.place.no, last],
                    first=part.days.first,
                    last=part.days.last,
                    values={measure: came * n for measure, n in figures[row].items()},
                )
            )
    return explained(tally, limit, one, other)


async def difference_of_positions(
    snapshot: Snapshot, question: Question, position: int, against: int, limit: int, *, by_event: bool = True
) -> Difference:
    """Explain the total as known at one position by that at a later one. Raises UnknownUnitError.

    Without ``by_event`` what was counted and what was retracted is summed by unit, and no such event is named.
    """
    question = question._replace(by="none", detail="", split=())
    opened, before = await known_then(snapshot, position, question.unit)
    one = await report(opened, question)
    opened_after, after = await known_then(snapshot, against, question.unit, before.since)
    other = await report(opened_after, question)
    between = _Between(snapshot, question, before, after, limit, by_event=by_event)
    found = await find(opened, question.unit, LAST_KNOWN)
    await between.tell("retracted", -1, await between.former(_LOST), before, found)
    if not found.root:  # what is known is below the root, whatever is said
        await between.tell_moments(found)
    gained = await between.held(_GAINED)
    gained += await between.former(_GAINED_FORMER)
    await between.tell("counted", 1, gained, after, await find(opened_after, question.unit, LAST_KNOWN))
    return explained(between.tally, limit, one, other)


class _Facts(NamedTuple):
    """Facts, column by column, with the positions of their events."""

    position: Numbers
    facts: FactArrays

    def __add__(self, more: _Facts) -> _Facts:  # type: ignore[override]
        return _of_columns([np.concatenate(pair) for pair in zip(self.columns(), more.columns(), strict=True)])

    def columns(self) -> list[Numbers]:
        return [self.position, *self.facts[:3]]


def _of_columns(found: list[Numbers]) -> _Facts:
    position, unit, day, measure = found
    return _Facts(position, FactArrays(unit, day, measure, np.zeros(0, np.int64)))


class _Between:
    """What the log said between two positions, as far as it changes the total of a unit."""

    def __init__(
        self, snapshot: Snapshot, question: Question, before: Then, after: Then, limit: int, *, by_event: bool
    ) -> None:
        self.tally = ContributionTally(question.measures)
        self._snapshot = snapshot
        self._question = question
        self._before = before
        self._after = after
        self._limit = limit
        self._by_event = by_event
        self._asked = (before.position, after.position, *question.days, numbers(question.measures))

    async def held(self, query: str, *more: object) -> _Facts:
        """Read facts that hold to this day."""
        return _of_columns(await columns(self._snapshot.connection, query, (*self._asked, *more), _WIDTHS))

    async def former(self, query: str) -> _Facts:
        """Read facts that were taken back; a unit that is no more has the number that it is given for this answer."""
        rows = await self._snapshot.connection.fetch(query, *self._asked)
        given = self._before.since.numbers
        told = [(position, no or given[id_], number_of(day), measure) for position, no, day, measure, id_ in rows]
        return _of_columns(list(np.array(told, np.int64).reshape(len(told), len(_WIDTHS)).T))

    async def tell(self, change: str, sign: int, found: _Facts, then: Then, unit: KnownUnit) -> None:
        """Count what came or went where it made its difference: event by event, or unit by unit."""
        gone, now = unit.place.dissolved, self._question.basis == "as-now"
        counts = at_or_below(then.tree, unit.place.no, found.facts, None if gone is None else number_of(gone), now=now)
        if self._by_event:
            keys = found.position[counts]
        else:
            keys = found.facts.unit[counts]
            keys = np.where(keys < len(then.now), keys, _NOBODY)
        groups = grouped(keys, found.facts.measure[counts], numbers(self._question.measures))
        listed, left, number = largest(groups, self._limit)
        self.tally.leave(number, self._values(sign * left))
        told = await (self._told_by_event if self._by_event else self._told_by_unit)(change, listed)
        for (said, name), each in zip(told, listed.counts, strict=True):
            values = self._values(sign * each)
            self.tally.add(Contribution(change=change, unit=name, said=said, values=values))

    def _values(self, counts: Numbers) -> dict[str, int]:
        return dict(zip(self._question.measures, counts.tolist(), strict=True))

    async def _told_by_event(self, change: str, groups: Grouped) -> list[tuple[list[Source], None]]:
        events = groups.keys.tolist()
        by = {}
        if change == "retracted":
            rows = await self._snapshot.connection.fetch(_TAKEN_BACK_BY, events)
            by = {position: retraction for position, retraction in rows}  # noqa: C416 - records are not pairs to a checker
        sources = await sources_at(self._snapshot, {*events, *by.values()})
        return [([sources[at] for at in (event, by.get(event)) if at is not None], None) for event in events]

    async def _told_by_unit(self, _: str, groups: Grouped) -> list[tuple[list[Source], UnitName | None]]:
        last, units = self._question.days.last, groups.keys.tolist()
        names = await names_on(self._snapshot, {(no, last) for no in units})
        return [([], names.get((no, last))) for no in units]

    async def tell_moments(self, unit: KnownUnit) -> None:
        """Count what each change of the hierarchy made of the facts that held throughout."""
        said = await self._said_between()
        concerned = self._ever_below(unit.place.no, said)
        said = [
            held._replace(statement=_within(concerned, held.statement))
            for held in said
            if held.statement.unit in concerned
        ]
        moments = _moments(said, self._before.position, self._after.position)
        if not moments:
            return
        units = await self._units(concerned)
        kept = await (
            self.held(_KEPT_OF_UNITS, sorted(concerned)) if len(concerned) <= MOST_UNITS else self.held(_KEPT)
        )
        kept += await self.former(_KEPT_FORMER)
        below = np.isin(kept.facts.unit, sorted(concerned))
        effects = await asyncio.to_thread(
            reorganised, units, self._question, unit.place.no, moments, kept.facts.where(below)
        )
        sources = await sources_at(self._snapshot, {at for effect in effects for at in effect.events})
        for effect in effects:
            told = [sources[at] for at in effect.events]
            self.tally.add(Contribution(change="reorganised", said=told, values=effect.values))

    async def _said_between(self) -> list[HeldStatement]:
        """Return all statements that began or ceased to hold in between, about whatever unit."""
        return await said_between(self._snapshot, self._before.position, self._after.position, self._before.since)

    def _ever_below(self, unit: int, said: list[HeldStatement]) -> set[int]:
        """Return the unit and all that are below it on any day, as known at either position or at any in between."""
        found = self._before.tree.ever_below(unit)
        hung = [
            (held.statement.unit, upper)
            for held in said
            for upper in (held.statement.parent, held.statement.successor)
            if upper is not None
        ]
        size = max([len(found), len(self._after.tree), *(1 + max(pair) for pair in hung)])
        found = np.concatenate((found, np.zeros(size - len(found), np.bool_)))
        number = -1
        while number != (number := int(np.count_nonzero(found))):
            found = self._after.tree.ever_below_too(self._before.tree.ever_below_too(found))
            for lower, upper in hung:
                found[lower] |= found[upper]
        return set(np.flatnonzero(found).tolist())

    async def _units(self, concerned: set[int]) -> Units:
        """Make these units as they were known before; all that is not among them is one unit that is elsewhere."""
        _, said = await statements_of(self._snapshot, self._before.position, concerned, self._before.since)
        elsewhere = UnitStatement(0, _ELSEWHERE, "established", EVER, None, "", "central")
        known = [_within(concerned, statement) for statement in known_of(said)]
        return Units({no: str(no) for no in (_ELSEWHERE, *concerned)}, [elsewhere, *known])


def _within(concerned: set[int], said: UnitStatement) -> UnitStatement:
    def here(upper: int | None) -> int | None:
        return upper if upper is None or upper in concerned else _ELSEWHERE

    return said._replace(parent=here(said.parent), successor=here(said.successor))


def _moments(said: list[HeldStatement], after: int, until: int) -> list[Moment]:
    """Return what began or ceased to hold after one position and up to another, moment by moment."""
    moments: dict[int, Moment] = {}

    def at(position: int) -> Moment:
        return moments.setdefault(position, Moment([], [], set()))

    for held in said:
        if held.held_at == held.retracted_at:
            continue
        if after < held.held_at <= until:
            at(held.held_at).said.append(held.statement)
            at(held.held_at).events.add(held.statement.position)
        if held.retracted_at is not None and after < held.retracted_at <= until:
            at(held.retracted_at).unsaid.append(held.statement)
            at(held.retracted_at).events.update({held.statement.position, held.retracted_by or 0})
    return [moments[position] for position in sorted(moments)]


async def _moved(snapshot: Snapshot, question: Question) -> list[QuestionPart]:
    """Return what makes the as-now figures out of the as-was ones."""
    place = (await find(snapshot, question.unit, question.days.last)).place
    if place.dissolved is None:
        return (await terms_of(snapshot, [place.no], question.days)).get(place.no, [])
    stays = await children(snapshot, place, question.days)
    return [QuestionPart(0, stay.place, stay.days, sign=-1) for stay in stays]
