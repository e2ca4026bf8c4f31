"""Reports of earlier positions made anew from all statements and facts that held: the slow way, which is a check.

It shares no table of its own with the quick one: what was taken back is read from the bodies in the ledger.

An event holds at position N where ``held_at <= N`` and it was not yet taken back. What holds to this day is in the
tables; what was taken back is read from the bodies in the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Join, Table, and_, bindparam, func, select

from events.catalogue import MEASURES
from events.codec import Event, decode
from events.derived import fact_entries
from projections.answers.past.units_then import Units
from projections.answers.report.codes import Codes, packed_mask, unpacked_codes
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.rules.hierarchy.unit import UnitStatement, holds_from
from projections.rules.log.kept_message import bus_subject_of
from projections.store.reading.composed import Query, among
from projections.store.reading.find_unit import unknown
from projections.store.reading.parked_before import day_of_fact
from projections.store.reading.said_then import HeldStatement, structure_in
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers
from projections.store.schema.tables import FACT, STATEMENT, VERDICT
from tests.property.made_anew import Counted, Then

if TYPE_CHECKING:
    from asyncpg import Record

MOST_MEMBERS = 20_000
"""Of more units than that, the facts of all units are read: those of others find no way to the one asked about."""

_IDS = "SELECT no, id FROM unit"

_POSITION = bindparam("position", type_=BigInteger)


def _held_at(held: Table) -> ColumnElement[int]:
    """Write since when what is in a table holds: at once, where no verdict says otherwise."""
    return func.coalesce(VERDICT.c.held_at, held.c.position)


def _with_verdict(held: Table) -> Join:
    return held.outerjoin(VERDICT, VERDICT.c.position == held.c.position)


_STATEMENTS = Query(
    select(
        *STATEMENT.c["position", "unit", "kind", "since", "parent", "name", "level", "successor"],
        _held_at(STATEMENT).label("held_at"),
    ).select_from(_with_verdict(STATEMENT))
)

_RETRACTED = """
SELECT position, publisher, id, type, subject, bus_subject, body, held_at, retracted_at, retracted_by
FROM verdict JOIN ledger USING (position)
WHERE retracted_at > $1 AND held_at IS NOT NULL
ORDER BY position
"""

_ASKED = and_(FACT.c.day.between(bindparam("first"), bindparam("last")), among(FACT.c.measure, "measures"))

_HELD = (
    select(
        *FACT.c["unit", "day", "measure"],
        FACT.c.facets.bitwise_and(bindparam("mask")).label("packed"),
        func.count().label("n"),
    )
    .select_from(_with_verdict(FACT))
    .where(_ASKED, FACT.c.position <= _POSITION, _held_at(FACT) <= _POSITION)
    .group_by(*FACT.c["unit", "day", "measure"], "packed")
)
_FACTS, _FACTS_OF_UNITS = Query(_HELD), Query(_HELD.where(among(FACT.c.unit, "units")))


class Past(NamedTuple):
    """All that held at a position or began to hold after it; ``ids`` are those of the units' numbers."""

    ids: dict[int, str]
    numbers_of: dict[str, int]
    said: list[HeldStatement]
    retracted_facts: list[Record]

    def statements(self, position: int) -> list[UnitStatement]:
        """Return the statements that held at a position."""
        return [said.statement for said in self.said if said.held(position)]


async def past(snapshot: Snapshot, position: int) -> Past:
    """Load what held at a position and since. Some seconds where there are hundreds of thousands of units."""
    fetch = snapshot.connection.fetch
    ids = {no: id_ for no, id_ in await fetch(_IDS)}  # noqa: C416 - records are not pairs to a checker
    numbers_of = {id_: no for no, id_ in ids.items()}
    retracted = await fetch(_RETRACTED, position)
    structure = [row for row in retracted if row["type"].startswith("unit.")]
    for row in structure:
        if row["type"] == "unit.established" and row["subject"] not in numbers_of:
            no = max(ids, default=0) + 1
            ids[no], numbers_of[row["subject"]] = row["subject"], no
    said = [HeldStatement(UnitStatement(*row), held_at) for *row, held_at in await _STATEMENTS.fetch(snapshot)]
    said += [
        HeldStatement(_statement(row, numbers_of), row["held_at"], row["retracted_at"], row["retracted_by"])
        for row in structure
    ]
    return Past(ids, numbers_of, said, [row for row in retracted if not row["type"].startswith("unit.")])


async def facts_held(snapshot: Snapshot, position: int, question: Question, units: set[int]) -> list[Counted]:
    """Return the facts that held at a position and still do, of the units at least."""
    mask = packed_mask(question.coded) if question.coded else 0
    asked = {**_asked(question), "position": position, "mask": mask}
    if len(units) > MOST_MEMBERS:
        rows = await _FACTS.fetch(snapshot, **asked)
    else:
        rows = await _FACTS_OF_UNITS.fetch(snapshot, **asked, units=list(units))
    codes = {packed: _codes(question, packed) for packed in {row["packed"] for row in rows}}
    return [Counted(unit, day, MEASURES[measure - 1], codes[packed], n) for unit, day, measure, packed, n in rows]


def _asked(question: Question) -> dict[str, object]:
    return {**question.days._asdict(), "measures": numbers(question.measures)}


def facts_in(row: Record, known: Past, question: Question) -> tuple[Counted, ...]:
    """Return what an event of the ledger counts of what is asked for."""
    event = decode(bus_subject_of(row["publisher"], row["type"], row["bus_subject"]), row["body"])
    return tuple(
        Counted(
            known.numbers_of[each.unit],
            each.day,
            MEASURES[each.measure - 1],
            _codes(question, each.facets),
            1,
        )
        for each in (fact_entries(event) if isinstance(event, Event) else ())
        if question.days.first <= each.day <= question.days.last and MEASURES[each.measure - 1] in question.measures
    )


def _codes(question: Question, packed: int) -> Codes:
    return unpacked_codes(question.coded, packed) if question.coded else ()


def _statement(row: Record, numbers_of: dict[str, int]) -> UnitStatement:
    said = structure_in(row["body"])
    return UnitStatement(
        row["position"],
        numbers_of[row["subject"]],
        row["type"].removeprefix("unit."),
        holds_from(said.since),
        None if said.parent is None else numbers_of[said.parent],
        said.name,
        said.level,
        None if said.successor is None else numbers_of[said.successor],
    )


_AS_OF = "SELECT published_at FROM ledger WHERE position = $1"

# Waiting then: still so, or let go, rejected or taken back since.
_PARKED = """
SELECT publisher, type, subject, bus_subject, body FROM verdict JOIN ledger USING (position)
WHERE position <= $1 AND (
    outcome = 'parked' OR held_at > $1 OR rejected_at > $1 OR (held_at IS NULL AND retracted_at > $1)
)
"""


async def made_anew(snapshot: Snapshot, position: int, question: Question) -> Report:
    """Answer a report as known at a position that the snapshot has passed. Raises UnknownUnitError."""
    known = await past(snapshot, position)
    units = Units(known.ids, known.statements(position))
    unit = units.by_id.get(question.unit)
    if unit is None:
        raise await unknown(snapshot, question.unit)
    facts = await facts_held(snapshot, position, question, units.ever_below(unit.no))
    for row in known.retracted_facts:
        if row["held_at"] <= position < row["retracted_at"]:
            facts += facts_in(row, known, question)
    waiting = [(row["subject"], day_of_fact(row)) for row in await snapshot.connection.fetch(_PARKED, position)]
    then = Then(units)
    shown, total, rows = then.report(question, facts)
    return Report(
        unit=shown,
        first=question.days.first,
        last=question.days.last,
        basis=question.basis,
        position=position,
        as_of=await snapshot.connection.fetchval(_AS_OF, position),
        parked=then.parked(unit, waiting, question.days),
        total={measure: n or 0 for measure, n in (total.values or {}).items()},
        rows=rows,
        split=total.split,
    )
