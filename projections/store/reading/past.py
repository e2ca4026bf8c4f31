"""What the ledger says of earlier positions: which statements and facts held from which position until which.

An event holds at position N where ``held_at <= N`` and it was not yet taken back. What holds to this day is in the
tables; what was taken back is read from the bodies in the ledger.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from events.catalogue import MEASURES
from events.codec import Event, decode
from events.derived import fact_entries
from projections.answers.past.as_known_then import Counted
from projections.answers.past.difference import EventEffect
from projections.answers.past.structure_answers import Source
from projections.answers.report.codes import Codes, packed_mask, unpacked_codes
from projections.answers.report.report_question import Question
from projections.rules.hierarchy.unit import UnitStatement, holds_from
from projections.rules.log.kept_message import bus_subject_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers

if TYPE_CHECKING:
    from asyncpg import Record

MOST_MEMBERS = 20_000
"""Of more units than that, the facts of all units are read: those of others find no way to the one asked about."""

_IDS = "SELECT no, id FROM unit"

# Since when what is in the tables holds: at once, where no verdict says otherwise.
_HELD_AT = "coalesce(verdict.held_at, position)"
_STATEMENTS = f"""
SELECT position, unit, kind, since, parent, name, level, successor, {_HELD_AT} AS held_at
FROM statement LEFT JOIN verdict USING (position)
"""

_RETRACTED = """
SELECT position, publisher, id, type, subject, bus_subject, body, held_at, retracted_at, retracted_by
FROM verdict JOIN ledger USING (position)
WHERE retracted_at > $1 AND held_at IS NOT NULL
ORDER BY position
"""

_ASKED = "fact.day BETWEEN $2 AND $3 AND fact.measure = ANY($4::smallint[])"


def _facts(more: str = "") -> str:
    return f"""
SELECT fact.unit, fact.day, fact.measure, fact.facets & $5 AS packed, count(*) AS n
FROM fact LEFT JOIN verdict USING (position)
WHERE {_ASKED} AND position <= $1 AND {_HELD_AT} <= $1 {more}
GROUP BY 1, 2, 3, 4
"""


_FACTS, _FACTS_OF_UNITS = _facts(), _facts("AND fact.unit = ANY($6::integer[])")

_GAINED = f"""
SELECT position, publisher, id, type, unit, day, measure
FROM fact JOIN ledger USING (position) LEFT JOIN verdict USING (position)
WHERE {_ASKED} AND {_HELD_AT} > $1 AND {_HELD_AT} <= $5 AND position <= $5
ORDER BY position
"""

_SOURCES = "SELECT position, publisher, id, type FROM ledger WHERE position = ANY($1::bigint[])"


class _Structure(msgspec.Struct):
    since: dt.date
    parent: str | None = None
    name: str | None = None
    level: str | None = None
    successor: str | None = None


class _Body(msgspec.Struct):
    data: _Structure


_body = msgspec.json.Decoder(_Body)


class HeldStatement(NamedTuple):
    """A statement and the positions at which it began to hold, and at which it was taken back and by which event."""

    statement: UnitStatement
    held_at: int
    retracted_at: int | None = None
    retracted_by: int | None = None

    def held(self, position: int) -> bool:
        """Tell whether it held when the log stood at the position."""
        return self.held_at <= position and (self.retracted_at is None or position < self.retracted_at)


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
    said = [HeldStatement(UnitStatement(*row), held_at) for *row, held_at in await fetch(_STATEMENTS)]
    said += [
        HeldStatement(_statement(row, numbers_of), row["held_at"], row["retracted_at"], row["retracted_by"])
        for row in structure
    ]
    return Past(ids, numbers_of, said, [row for row in retracted if not row["type"].startswith("unit.")])


async def facts_held(snapshot: Snapshot, position: int, question: Question, units: set[int]) -> list[Counted]:
    """Return the facts that held at a position and still do, of the units at least."""
    mask = packed_mask(question.detail) if question.by == "facet" else 0
    asked: list[object] = [position, *question.days, numbers(question.measures), mask]
    if len(units) > MOST_MEMBERS:
        rows = await snapshot.connection.fetch(_FACTS, *asked)
    else:
        rows = await snapshot.connection.fetch(_FACTS_OF_UNITS, *asked, list(units))
    codes = {packed: _codes(question, packed) for packed in {row["packed"] for row in rows}}
    return [Counted(unit, day, MEASURES[measure - 1], codes[packed], n) for unit, day, measure, packed, n in rows]


async def facts_gained(snapshot: Snapshot, after: int, position: int, question: Question) -> list[EventEffect]:
    """Return the events whose facts began to hold after one position, up to another, and still do, in stream order."""
    asked = (after, *question.days, numbers(question.measures), position)
    return [
        EventEffect((Source(*source),), (Counted(unit, day, MEASURES[measure - 1], (), 1),))
        for *source, unit, day, measure in await snapshot.connection.fetch(_GAINED, *asked)
    ]


async def sources_at(snapshot: Snapshot, positions: set[int]) -> dict[int, Source]:
    """Return the events at the positions."""
    return {row["position"]: Source(*row) for row in await snapshot.connection.fetch(_SOURCES, list(positions))}


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
    return unpacked_codes(question.detail, packed) if question.by == "facet" else ()


def _statement(row: Record, numbers_of: dict[str, int]) -> UnitStatement:
    said = _body.decode(row["body"]).data
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
