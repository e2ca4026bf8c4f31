"""A report as known when the log stood at a position: what held then, read back from the ledger (issue 3).

An event held at position N where ``held_at <= N`` and it was not yet taken back.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from events.catalogue import DIMENSIONS, MEASURES
from events.codec import Event, decode
from events.contributions import contributions
from events.facets import field, unpack
from events.subjects import build_bus_subject
from events.vocabulary import UNKNOWN
from projections.core.as_known_then import Counted, Then
from projections.core.reading import Question
from projections.core.reading_answers import Report
from projections.core.unit import Statement
from projections.core.units_then import Units
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.standing import UnknownUnitError
from projections.store.reading.sums import numbers

if TYPE_CHECKING:
    from asyncpg import Record

MOST_MEMBERS = 20_000
"""Of more units than that, the facts of all units are read: those of others find no way to the one asked about."""

_AS_OF = "SELECT published_at FROM ledger WHERE position = $1"
_IDS = "SELECT no, id FROM unit"

_STATEMENTS = """
SELECT position, unit, kind, since, parent, name, level, successor
FROM statement JOIN ledger USING (position)
WHERE position <= $1 AND held_at <= $1
"""

_RETRACTED_SINCE = """
SELECT position, publisher, type, subject, bus_subject, body
FROM ledger
WHERE retracted_at > $1 AND held_at <= $1
"""

_FACTS = """
SELECT fact.unit, fact.day, fact.measure, (fact.facets >> $5) & $6 AS code, count(*) AS n
FROM fact JOIN ledger USING (position)
WHERE fact.day BETWEEN $2 AND $3 AND fact.measure = ANY($4::smallint[]) AND position <= $1 AND held_at <= $1 {units}
GROUP BY 1, 2, 3, 4
"""
_OF_UNITS = "AND fact.unit = ANY($7::integer[])"

# Waiting then: still so, or let go or taken back since. When one was rejected that had waited is not kept: none counts.
_PARKED = """
SELECT subject, count(*) AS n FROM (
    SELECT subject FROM ledger WHERE outcome = 'parked' AND position <= $1
    UNION ALL
    SELECT subject FROM ledger WHERE position <= $1 AND held_at > $1
    UNION ALL
    SELECT subject FROM ledger WHERE position <= $1 AND held_at IS NULL AND retracted_at > $1
) AS parked GROUP BY 1
"""


class _Structure(msgspec.Struct):
    since: dt.date
    parent: str | None = None
    name: str | None = None
    level: str | None = None
    successor: str | None = None


class _Body(msgspec.Struct):
    data: _Structure


_body = msgspec.json.Decoder(_Body)


async def report_then(snapshot: Snapshot, position: int, question: Question) -> Report:
    """Answer a report as known at a position that the snapshot has passed. Raises UnknownUnitError.

    It takes seconds, memory and a processor where there are hundreds of thousands of units, as all are
    made anew: the caller lets such questions queue up.
    """
    fetch = snapshot.connection.fetch
    ids = {no: id_ for no, id_ in await fetch(_IDS)}  # noqa: C416 - records are not pairs to a checker
    retracted = await fetch(_RETRACTED_SINCE, position)
    numbers_of = {id_: no for no, id_ in ids.items()}
    for row in retracted:
        if row["type"] == "unit.established" and row["subject"] not in numbers_of:
            no = max(ids, default=0) + 1
            ids[no], numbers_of[row["subject"]] = row["subject"], no
    statements = [Statement(*row) for row in await fetch(_STATEMENTS, position)]
    statements += [_statement(row, numbers_of) for row in retracted if row["type"].startswith("unit.")]
    units = await asyncio.to_thread(Units, ids, statements)
    unit = units.by_id.get(question.unit)
    if unit is None:
        raise UnknownUnitError(question.unit)
    facts = await _facts(snapshot, position, question, units.subtree(unit))
    then = Then(units)
    facts += _retracted_facts(retracted, question, numbers_of)
    waiting = {row["subject"]: row["n"] for row in await fetch(_PARKED, position)}
    shown, total, rows = await asyncio.to_thread(then.report, question, facts)
    return Report(
        unit=shown,
        first=question.days.first,
        last=question.days.last,
        basis=question.basis,
        position=position,
        as_of=await snapshot.connection.fetchval(_AS_OF, position),
        parked=then.parked(unit, waiting),
        total=total,
        rows=rows,
    )


async def _facts(snapshot: Snapshot, position: int, question: Question, members: set[int]) -> list[Counted]:
    shift, mask = field(question.detail) if question.by == "facet" else (0, 0)
    everything = len(members) > MOST_MEMBERS
    asked: list[object] = [position, *question.days, numbers(question.measures), shift, mask]
    query = _FACTS.format(units="" if everything else _OF_UNITS)
    rows = await snapshot.connection.fetch(query, *asked, *([] if everything else [list(members)]))
    codes = _codes(question)
    return [Counted(unit, day, MEASURES[measure - 1], codes[code], n) for unit, day, measure, code, n in rows]


def _retracted_facts(rows: list[Record], question: Question, numbers_of: dict[str, int]) -> list[Counted]:
    found = []
    for row in rows:
        if row["type"].startswith("unit."):
            continue
        subject = row["bus_subject"]
        event = decode(subject.decode() if subject else build_bus_subject(row["publisher"], row["type"]), row["body"])
        for each in contributions(event) if isinstance(event, Event) else ():
            measure = MEASURES[each.measure - 1]
            if question.days.first <= each.day <= question.days.last and measure in question.measures:
                code = unpack(each.facets, question.detail) if question.by == "facet" else UNKNOWN
                found.append(Counted(numbers_of[each.unit], each.day, measure, code, 1))
    return found


def _statement(row: Record, numbers_of: dict[str, int]) -> Statement:
    said = _body.decode(row["body"]).data
    return Statement(
        row["position"],
        numbers_of[row["subject"]],
        row["type"].removeprefix("unit."),
        said.since,
        None if said.parent is None else numbers_of[said.parent],
        said.name,
        said.level,
        None if said.successor is None else numbers_of[said.successor],
    )


def _codes(question: Question) -> list[str]:
    """Return the codes by their numbers in storage; 0 is unknown."""
    if question.by != "facet":
        return [UNKNOWN]
    return [UNKNOWN, *(code for code in DIMENSIONS[question.detail] if code != UNKNOWN)]
