"""What was known at an earlier position: the hierarchy as it was then, and figures by taking off what came since.

A figure then is what today's counters say by the hierarchy of then (`answers/past/bent_edges.py`), less the facts that
came to hold since, plus those that were taken back since. Where less came before than since, or the unit is small,
the facts of before are counted instead, and the counters are left alone: whichever is less to read (decision 0047).
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

import numpy as np

from events.catalogue import MEASURE_NUMBERS
from projections.answers.past.bent_edges import Bend, bends, bends_as_last_known
from projections.answers.past.contributions import CodedCount, FactArrays, PlacedParts
from projections.answers.past.day_numbers import LAST, day_of, number_of
from projections.answers.past.raw_tree import EdgeColumns, RawTree
from projections.answers.past.stays_then import found, goes_on_below, place_of, stays
from projections.answers.past.units_then import Units
from projections.answers.report.comparing import StandingDays
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Figures, Place, QuestionPart
from projections.answers.report.stays import UnitStay
from projections.rules.counting.periods import ONE_DAY, Days, common
from projections.rules.hierarchy.unit import Unit
from projections.store.reading.binary_columns import Column, each_block
from projections.store.reading.find_unit import places_of, unknown
from projections.store.reading.log_moment import moment_of
from projections.store.reading.parked_before import day_of_fact
from projections.store.reading.raw_trees import raw_tree
from projections.store.reading.said_then import SaidSince, known_of, numbers_of, said_since, statements_of
from projections.store.reading.snapshot import Snapshot

MOST_UNITS: Final = 20_000
"""Units that are asked for one by one; of more the facts of all are read."""
REMEMBERED: Final = 300_000
"""Facts that are kept for the next part of the same answer."""

# What reading costs, in the time of one fact that is read in the order in which they lie.
_A_UNIT: Final = 3.0
_A_FACT_OF_A_UNIT: Final = 2.0
_A_BEND: Final = 30.0


class PastWay(Enum):
    """How figures then are had: by which facts, and whether from the counters of now."""

    BACK = "the counters of now, less what came since"
    FORWARD = "all facts of before"
    BELOW = "the facts of before of a few units"


def least_to_read(*, before: int, after: int, changed: int, below: int, units: int) -> PastWay:
    """Choose by the positions before and after, the units of which something changed, those below, and all."""
    back = after + _A_BEND * changed
    alone = _A_UNIT * below + _A_FACT_OF_A_UNIT * before * below / max(units, 1)
    if below <= MOST_UNITS and alone < min(back, before):
        return PastWay.BELOW
    return PastWay.FORWARD if before < back else PastWay.BACK


_NUMBER: Final = "SELECT no FROM unit WHERE id = $1"

# So many rows are read in the order in which they lie: one by one by an index of days it takes three times as long.
_IN_HEAP_ORDER: Final = "SET LOCAL enable_indexscan = off"
_IN_ANY_ORDER: Final = "SET LOCAL enable_indexscan = on"
_ASKED: Final = "day BETWEEN $2 AND $3 AND measure = ANY($4::smallint[])"
_COLUMNS: Final = "unit, day, measure, facets & $5::bigint"
_WIDTHS: Final = (4, 4, 2, 8)
_AFTER: Final = f"SELECT {_COLUMNS} FROM fact WHERE position > $1 AND {_ASKED}"
_UP_TO: Final = f"SELECT {_COLUMNS} FROM fact WHERE position <= $1 AND {_ASKED}"
_UP_TO_OF_UNITS: Final = f"{_UP_TO} AND unit = ANY($6::integer[])"
_LATE: Final = f"""
SELECT {_COLUMNS} FROM verdict JOIN fact USING (position)
WHERE verdict.held_at > $1 AND verdict.held_at > verdict.position AND verdict.position <= $1 AND {_ASKED}
"""
_FORMER: Final = f"""
SELECT unit.no, day, measure, facets & $5::bigint FROM former_fact JOIN unit ON unit.id = former_fact.unit
WHERE retracted_at > $1 AND held_at <= $1 AND {_ASKED}
"""
_ANY_LATE_OR_FORMER: Final = """
SELECT EXISTS (SELECT FROM verdict WHERE held_at > $1 AND held_at > position AND position <= $1) AS late,
    EXISTS (SELECT FROM former_fact WHERE retracted_at > $1 AND held_at <= $1) AS former
"""
_FORMER_OF_NOBODY: Final = f"""
SELECT unit, day, measure, facets & $5::bigint FROM former_fact
WHERE retracted_at > $1 AND held_at <= $1 AND {_ASKED} AND unit = ANY($6::text[])
"""

# Waiting then: still so, or let go, rejected or taken back since.
_WAITING: Final = """
SELECT position, subject, publisher, type, bus_subject FROM ledger WHERE position IN (
    SELECT position FROM verdict WHERE outcome = 'parked' AND position <= $1
    UNION ALL SELECT position FROM verdict WHERE held_at > $1 AND held_at > position AND position <= $1
    UNION ALL SELECT position FROM verdict WHERE rejected_at > $1 AND position <= $1
    UNION ALL SELECT position FROM verdict WHERE retracted_at > $1 AND held_at IS NULL AND position <= $1
)
"""
_BODIES: Final = "SELECT publisher, type, bus_subject, subject, body FROM ledger WHERE position = ANY($1::bigint[])"


class _Read(NamedTuple):
    """Which facts were read, and whether each block counts or is taken off."""

    days: Days
    measures: tuple[int, ...]
    mask: int
    blocks: list[tuple[int, FactArrays]]


class Then:
    """What was known at a position that a snapshot has passed; see `KnownThen` for what it is asked."""

    def __init__(self, today: Snapshot, position: int, now: RawTree, tree: RawTree, since: SaidSince) -> None:
        self.today = today
        self.position = position
        self.tree = tree
        self.now = now
        self.since = since
        self._units = Units({}, ())
        self._loaded: set[int] = set()
        self._only: list[int] | None = None
        self._forward = False
        self._read: _Read | None = None
        self._exceptions: tuple[bool, bool] | None = None

    def plan(self, unit: int) -> None:
        """Choose how the figures of a unit and those below it are had."""
        below = np.flatnonzero(self.tree.ever_below(unit))
        after = self.today.position - self.position
        way = least_to_read(
            before=self.position,
            after=after,
            changed=len(self.since.changed),
            below=len(below),
            units=len(self.tree),
        )
        self._forward = way is not PastWay.BACK
        self._only = below.tolist() if way is PastWay.BELOW else None

    # -- structure -------------------------------------------------------------------------------------------------

    async def find(self, unit: str, on: dt.date) -> KnownUnit | None:
        """Find a unit by its id, named as on a day; None where it was not known."""
        number = await self.number_of(unit)
        if number is None:
            return None
        await self._load([number])
        known = self._units.by_no.get(number)
        return None if known is None else found(self._units, known, on)

    async def spans(self, units: Collection[str]) -> dict[str, StandingDays]:
        """Return the days on which units stand, by id."""
        numbers = await self._numbers_of(set(units))
        await self._load(numbers.values())
        known = ((id_, self._units.by_no.get(no)) for id_, no in numbers.items())
        return {id_: StandingDays(unit.since, place_of(unit).dissolved) for id_, unit in known if unit is not None}

    async def number_of(self, unit: str) -> int | None:
        """Return the number of a unit that is known now, or was then."""
        number = self.since.numbers.get(unit)
        return number if number is not None else await self.today.connection.fetchval(_NUMBER, unit)

    async def _numbers_of(self, units: set[str]) -> dict[str, int]:
        """Return the same of many, by id."""
        numbers = await numbers_of(self.today, units)
        return numbers | {id_: self.since.numbers[id_] for id_ in units & self.since.numbers.keys()}

    async def stays(self, unit: Place, days: Days, level: str | None, *, now: bool) -> list[UnitStay]:
        """Return the children of a unit, or the highest units of a level below it, as `units_below` does."""
        await self._load([unit.no])
        uppers, through = [unit.no], {unit.no}
        while uppers:
            lowers = self.tree.children(np.array(uppers, np.int64)).tolist()
            await self._load(lowers)
            known = (self._units.by_no.get(no) for no in lowers if no not in through)
            uppers = [
                lower.no
                for lower in known
                if lower is not None and goes_on_below(self._units, lower, through, level, now=now)
            ]
            through.update(uppers)
        return await asyncio.to_thread(stays, self._units, self._units.by_no[unit.no], days, level, now=now)

    async def _load(self, units: Iterable[int]) -> None:
        """Let the statements about some units hold that did then."""
        wanted = set(units) - self._loaded
        if wanted:
            ids, said = await statements_of(self.today, self.position, wanted, self.since)
            self._loaded |= wanted
            self._units.add(ids, known_of(said))

    # -- figures ---------------------------------------------------------------------------------------------------

    async def terms(self, units: Collection[int], days: Days) -> dict[int, list[QuestionPart]]:
        """Return the terms that make as-now figures of units, as `as_now` does."""
        bent = bends_as_last_known(self.tree, units, *_span(days))
        terms = {unit: [_term(0, bend, days, 1, {}) for bend in each] for unit, each in bent.items()}
        return {unit: [term for term in each if term is not None] for unit, each in terms.items()}

    async def of_now(self, parts: Sequence[QuestionPart]) -> list[QuestionPart]:
        """Return the parts of now that the figures of parts begin with; none where the facts are counted forward."""
        if self._forward or not parts:
            return []
        changed = [unit for unit in self.since.changed if unit < len(self.now)]
        bent = bends(self.now, self.tree, changed, *_span(_all_days(parts))) if changed else {}
        units = {part.place.no for part in parts}
        units |= {bend.part for unit in units for bend in bent.get(unit, ())}
        places = {no: place._replace(dissolved=None) for no, place in (await places_of(self.today, units)).items()}
        found: list[QuestionPart] = []
        for row, place, days, sign, own, below in parts:
            here = places.get(place.no, place)
            standing = place.standing(days)
            if own and below and standing == days:
                found.append(QuestionPart(row, here, days, sign))
            else:
                if own:
                    found.append(QuestionPart(row, here, days, sign, below=False))
                if below and standing.first <= standing.last:
                    found.append(QuestionPart(row, here, standing, sign, own=False))
            for bend in bent.get(place.no, ()) if below else ():
                term = _term(row, bend, standing, sign, places)
                if term is not None:
                    found.append(term)
        return found

    async def add_rest(self, figures: Figures, parts: Sequence[QuestionPart]) -> None:
        """Add what else the parts come to: less what came since and plus what is gone since, or all of before."""
        if not parts:
            return
        rows = 1 + max(part.row for part in parts)
        numbers = [MEASURE_NUMBERS[measure] for measure in figures.measures]
        placed = PlacedParts(parts, self.tree)
        total = np.zeros((rows, len(numbers)), np.int64)

        def take(sign: int, facts: FactArrays) -> None:
            np.add(total, sign * placed.sums(facts, figures.measures, rows), out=total)

        await self._each(_all_days(parts), figures.measures, 0, take)
        for row, column in zip(*(where.tolist() for where in np.nonzero(total)), strict=True):
            figures.add(row, numbers[column], int(total[row, column]))

    async def coded_rest(
        self, parts: Sequence[QuestionPart], measures: Sequence[str], mask: int, *, by_month: bool
    ) -> list[CodedCount]:
        """Return what else the parts come to by packed codes, of which the bits of a mask count."""
        if not parts:
            return []
        placed = PlacedParts(parts, self.tree)
        counts: list[CodedCount] = []

        def take(sign: int, facts: FactArrays) -> None:
            masked = facts._replace(facets=facts.facets & mask)
            counts.extend(each._replace(n=sign * each.n) for each in placed.coded(masked, by_month=by_month))

        await self._each(_all_days(parts), measures, mask, take)
        return counts

    async def _each(
        self, days: Days, measures: Sequence[str], mask: int, take: Callable[[int, FactArrays], None]
    ) -> None:
        """Hand on all facts of the days that make the rest of a figure, block by block, each with its sign."""
        numbers = tuple(sorted(MEASURE_NUMBERS[measure] for measure in measures))
        read = self._read
        if (
            read is None
            or (read.measures, read.mask | mask) != (numbers, read.mask)
            or not read.days.first <= days.first <= days.last <= read.days.last
        ):
            kept: list[tuple[int, FactArrays]] | None = []

            def hand_on(sign: int, facts: FactArrays) -> None:
                nonlocal kept
                take(sign, facts)
                if kept is not None:
                    kept.append((sign, facts))
                    if sum(len(each.unit) for _, each in kept) > REMEMBERED:
                        kept = None

            await self._read_all((self.position, *days, list(numbers), mask), hand_on)
            self._read = None if kept is None else _Read(days, numbers, mask, kept)
            return
        for sign, facts in read.blocks:
            take(sign, facts)

    async def _read_all(self, asked: tuple[object, ...], take: Callable[[int, FactArrays], None]) -> None:
        connection = self.today.connection

        def signed(sign: int) -> Callable[[list[Column]], None]:
            def hand_on(block: list[Column]) -> None:
                if len(block[0]):
                    take(sign, FactArrays(*block))

            return hand_on

        await connection.execute(_IN_HEAP_ORDER)
        if self._only is not None:
            await each_block(connection, _UP_TO_OF_UNITS, (*asked, self._only), _WIDTHS, signed(1))
        elif self._forward:
            await each_block(connection, _UP_TO, asked, _WIDTHS, signed(1))
        else:
            await each_block(connection, _AFTER, asked, _WIDTHS, signed(-1))
        await connection.execute(_IN_ANY_ORDER)
        late, former = await self._any_late_or_former()
        if late:
            await each_block(connection, _LATE, asked, _WIDTHS, signed(-1))
        if former:
            await each_block(connection, _FORMER, asked, _WIDTHS, signed(1))
        nobody = [id_ for id_, no in self.since.numbers.items() if no >= len(self.now)]
        if nobody:
            rows = await connection.fetch(_FORMER_OF_NOBODY, *asked, nobody)
            told = [(self.since.numbers[id_], number_of(day), *rest) for id_, day, *rest in rows]
            signed(1)(list(np.array(told, np.int64).reshape(len(told), len(_WIDTHS)).T))

    async def _any_late_or_former(self) -> tuple[bool, bool]:
        """Tell whether any fact came before the position and held later, and whether any was taken back since."""
        if self._exceptions is None:
            row = await self.today.connection.fetchrow(_ANY_LATE_OR_FORMER, self.position)
            self._exceptions = (False, False) if row is None else (row["late"], row["former"])
        return self._exceptions

    # -- what waited -----------------------------------------------------------------------------------------------

    async def parked(self, unit: KnownUnit, days: Days) -> int:
        """Count the events that waited at the unit or, as last known, below it; facts of the days if below it then."""
        fetch, upper = self.today.connection.fetch, self._units.by_no[unit.place.no]
        rows = await fetch(_WAITING, self.position)
        subjects = {row["subject"] for row in rows if row["subject"] is not None}
        numbers = await self._numbers_of(subjects)
        below = self.tree.ever_below(upper.no)
        near = {no for no in numbers.values() if no < len(below) and below[no]}
        await self._load(near)
        known = {id_: self._units.by_no[no] for id_, no in numbers.items() if no in near and no in self._units.by_no}
        count, doubtful = 0, []
        for row in rows:
            subject = known.get(row["subject"])
            if subject is None:
                continue
            if subject is upper or self._was_below(subject, upper, dt.date.max):
                count += 1
            else:
                doubtful.append(row["position"])
        for row in await fetch(_BODIES, doubtful) if doubtful else ():
            day = day_of_fact(row)
            if day is not None and days.first <= day <= days.last:
                count += self._was_below(known[row["subject"]], upper, day)
        return count

    def _was_below(self, subject: Unit, unit: Unit, day: dt.date) -> bool:
        if day < subject.since or unit.dissolved(day):
            return False
        here, when = np.array([subject.no]), np.array([number_of(day)])
        while here[0]:
            here = self.tree.parents(here, when)
            if here[0] == unit.no:
                return True
        return False


async def known_then(
    snapshot: Snapshot, position: int, unit: str, before: SaidSince | None = None
) -> tuple[Snapshot, Then]:
    """Return the snapshot as it stood at a position that it has passed, and what was known there of a unit and below.

    Raises UnknownUnitError where it was not known. Some milliseconds, but where a process does it for the first time (a
    tenth of a second with 300,000 units), and where tens of thousands of units were changed since. ``before`` is what
    changed since an earlier position, of the same answer.
    """
    now = await raw_tree(snapshot)
    since = await said_since(snapshot, position, len(now), before)
    tree = now
    if since.changed:
        ids, said = await statements_of(snapshot, position, since.changed, since)
        tree = await asyncio.to_thread(_tree_then, now, Units(ids, known_of(said)))
    then = Then(snapshot, position, now, tree, since)
    number = await then.number_of(unit)
    if number is None or await then.find(unit, dt.date.max) is None:
        raise await unknown(snapshot, unit)
    then.plan(number)
    as_of = await moment_of(snapshot, position)
    return snapshot._replace(position=position, as_of=as_of, known=then), then


def _tree_then(now: RawTree, units: Units) -> RawTree:
    """Return the tree with the edges of then of those units that were known then and are changed since."""
    edges = [
        (no, segment.parent or 0, number_of(segment.since), number_of(segment.until))
        for no, unit in units.by_no.items()
        for segment in units.segments(unit)
    ]
    columns = np.array(edges, np.int64).reshape(len(edges), 4).T
    return now.with_edges(list(units.by_no), EdgeColumns(*columns))


def _term(row: int, bend: Bend, within: Days, sign: int, places: Mapping[int, Place]) -> QuestionPart | None:
    last = day_of(bend.until) if bend.until == LAST else day_of(bend.until) - ONE_DAY
    days = common(within, Days(day_of(bend.since), last))
    if days.first > days.last:
        return None
    unknown = Place(bend.part, None, large=False, vast=False, running=False)
    return QuestionPart(row, places.get(bend.part, unknown), days, sign * bend.sign)


def _all_days(parts: Sequence[QuestionPart]) -> Days:
    return Days(min(part.days.first for part in parts), max(part.days.last for part in parts))


def _span(days: Days) -> tuple[int, int]:
    """Return days as ``[since, until)``; one edge at least holds within it, also on the last day that there is."""
    until = LAST if days.last == dt.date.max else number_of(days.last) + 1
    return min(number_of(days.first), number_of(dt.date.max - ONE_DAY)), until
