"""The facts of persons, found by their digests and read from the ledger, along their lines (contract, section 8).

A digest only finds: what is not of the very reference, as the event itself says, is left out. Facts that were counted
before there were digests have none, until the next rebuild: of their units they are read too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Date, Integer, bindparam, column, text

from events.catalogue import FACTS, MEASURE_NUMBERS
from events.codec import Event, decode
from projections.answers.suspicion.facts import Person, PersonFact, fact_of
from projections.answers.suspicion.lines import Lines
from projections.answers.words.vietnamese_format import VIETNAM
from projections.rules.counting.person import person_digest
from projections.rules.log.kept_message import bus_subject_of
from projections.store.reading.composed import Query
from projections.store.reading.snapshot import Snapshot
from projections.store.schema.tables import CODE

MOST_OF_ONE: Final = 1_000
"""Facts that are looked at of one reference, the first by their days. No life has as many, and nobody can make more."""

ELSEWHERE: Final = tuple(
    MEASURE_NUMBERS[count.measure] for row in FACTS for count in row.counts if count.unit != "subject"
)
"""What an event counts for another unit than its subject: what it tells about the other unit is not of that one."""
OF_MEMBERS: Final = tuple(
    MEASURE_NUMBERS[count.measure] for row in FACTS for count in row.counts if row.person == "member"
)
"""What is counted of members: lines are made of it, and of nothing else."""

_HERE: Final = f"NOT (fact.measure = ANY('{{{','.join(map(str, ELSEWHERE))}}}'::smallint[]))"
# All facts of the units are read once, however many persons of one are asked for.
_OF_PERSONS: Final = Query(
    text(f"""
WITH asked AS MATERIALIZED (
    SELECT DISTINCT unit, person
    FROM unnest(CAST(:units AS integer[]), CAST(:persons AS bigint[])) AS asked (unit, person)
), own AS (
    SELECT own.*
    FROM (SELECT DISTINCT unit FROM asked) AS units CROSS JOIN LATERAL (
        SELECT unit, person, day, measure, position, facets FROM fact
        WHERE fact.unit = units.unit AND fact.measure = ANY('{{{",".join(map(str, OF_MEMBERS))}}}'::smallint[])
            AND (fact.person IS NOT NULL OR {_HERE})
        OFFSET 0
    ) AS own
), found AS (
    SELECT own.*, row_number() OVER (PARTITION BY own.unit, own.person ORDER BY own.day, own.position) AS n
    FROM own LEFT JOIN asked ON asked.unit = own.unit AND asked.person = own.person
    WHERE asked.unit IS NOT NULL OR own.person IS NULL
)
SELECT position, unit, person, day, measure, facets FROM found WHERE n <= {MOST_OF_ONE}
""")
    .bindparams(bindparam("units", type_=ARRAY(Integer)), bindparam("persons", type_=ARRAY(BigInteger)))
    .columns(*(column(name) for name in ("position", "unit", "person", "day", "measure", "facets")))
)
_AT: Final = Query(
    text("""
SELECT position, publisher, type, bus_subject, published_at, body FROM ledger
WHERE position = ANY(CAST(:positions AS bigint[]))
""")
    .bindparams(bindparam("positions", type_=ARRAY(BigInteger)))
    .columns(*(column(name) for name in ("position", "publisher", "type", "bus_subject", "published_at", "body")))
)
_NUMBERS: Final = Query(
    text("SELECT id, no FROM unit WHERE id = ANY(CAST(:ids AS text[]))")
    .bindparams(bindparam("ids", type_=ARRAY(CODE)))
    .columns(column("id", CODE), column("no", Integer))
)
_BEGAN: Final = Query(
    text(f"""
SELECT unit.id, first.day FROM unit CROSS JOIN LATERAL (
    SELECT day FROM fact WHERE fact.unit = unit.no AND {_HERE} ORDER BY day LIMIT 1
) AS first WHERE unit.id = ANY(CAST(:ids AS text[]))
""")
    .bindparams(bindparam("ids", type_=ARRAY(CODE)))
    .columns(column("id", CODE), column("day", Date))
)


class FoundFact(NamedTuple):
    """A fact that is counted for a unit, by their numbers; ``person`` is its digest, ``facets`` its packed codes."""

    position: int
    unit: int
    person: int | None
    day: dt.date
    measure: int
    facets: int


async def counted_of(snapshot: Snapshot, persons: Iterable[tuple[int, int | None]]) -> list[FoundFact]:
    """Return what is counted of persons, each a unit's number and a digest, and what has no digest in these units."""
    asked = list(persons)
    if not asked:
        return []
    rows = await _OF_PERSONS.fetch(snapshot, units=[unit for unit, _ in asked], persons=[each for _, each in asked])
    return [FoundFact(*row) for row in rows]


async def facts_at(snapshot: Snapshot, positions: Collection[int]) -> dict[int, PersonFact]:
    """Read the facts at positions from the ledger."""
    rows = await _AT.fetch(snapshot, positions=list(positions)) if positions else []
    found: dict[int, PersonFact] = {}
    for position, publisher, type_, bus_subject, published_at, body in rows:
        event = decode(bus_subject_of(publisher, type_ or "", bus_subject), body)
        came_on = published_at.astimezone(VIETNAM).date()
        fact = fact_of(event, position, position, came_on) if isinstance(event, Event) else None
        if fact is not None:
            found[position] = fact
    return found


async def lines_from(
    snapshot: Snapshot,
    persons: Iterable[Person],
    known: Mapping[int, PersonFact] | None = None,
    done: Collection[Person] = (),
) -> dict[int, PersonFact]:
    """Return the facts of persons and of whoever they are joined with, by position.

    ``known`` are facts that are read already: all of those who are ``done``.
    """
    found, done, lines = dict(known or {}), set(done), Lines()
    waiting = {*persons, *_joined(found.values(), lines)} - done
    while waiting:
        rows = await counted_of(snapshot, await _digests_of(snapshot, waiting))
        read = await facts_at(snapshot, {row.position for row in rows} - found.keys())
        fresh = {at: fact for at, fact in read.items() if fact.person in waiting or fact.joins in waiting}
        found |= fresh
        done |= waiting
        waiting = _joined(fresh.values(), lines) - done
    return found


async def began(snapshot: Snapshot, units: Collection[str]) -> dict[str, dt.date]:
    """Return the first day of which a fact tells about a unit, of those that have any."""
    rows = await _BEGAN.fetch(snapshot, ids=list(units)) if units else []
    return {row["id"]: row["day"] for row in rows}


def _joined(facts: Iterable[PersonFact], lines: Lines) -> set[Person]:
    """Return who stands at either end of the transfers among facts; where a line gets too long, nobody."""
    return {
        person
        for fact in facts
        if fact.joins is not None and lines.join(fact.person, fact.joins)
        for person in (fact.person, fact.joins)
    }


async def _digests_of(snapshot: Snapshot, persons: Collection[Person]) -> list[tuple[int, int]]:
    numbers = {row["id"]: row["no"] for row in await _NUMBERS.fetch(snapshot, ids=list({unit for unit, _ in persons}))}
    found = ((numbers.get(unit), person_digest(unit, reference)) for unit, reference in persons)
    return [(unit, digest) for unit, digest in found if unit is not None and digest is not None]
