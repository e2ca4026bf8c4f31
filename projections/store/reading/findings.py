"""What is suspicious in the log: findings of a unit and what is below it, by day, position and kind (contract §8).

The facts of the days are gone through in their order, as-was. From the digests alone most are seen to be harmless; of
the others the persons' facts are read. A finding is where its last event is: each stands in one unit, on one day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Date,
    bindparam,
    cast,
    or_,
    select,
    text,
    true,
    tuple_,
)

from events.catalogue import MEASURE_NUMBERS
from events.facets import unpack
from projections.answers.access.sight import Holder
from projections.answers.suspicion.facts import Person, PersonFact
from projections.answers.suspicion.lines import lines_of
from projections.answers.suspicion.rule import (
    ADMITTED_TWICE,
    BADGE_LOWER,
    BADGE_TWICE,
    CONFIRMED_EARLY,
    CONFIRMED_TWICE,
    DEPARTED_TWICE,
    KINDS,
    NO_ADMISSION,
    OF_ONE_FACT,
    Suspect,
    of_a_fact,
    of_a_line,
)
from projections.answers.suspicion.suspicions import Finding, FindingPage, NamedEvent
from projections.answers.suspicion.telling import named
from projections.rules.counting.periods import Days
from projections.rules.counting.person import person_digest
from projections.store.reading.composed import OPAQUE, Query, among, unindexed, unnested
from projections.store.reading.confined import readable
from projections.store.reading.events import days_of_some
from projections.store.reading.facts_under import Under, of_everybody, of_members, parameters_of
from projections.store.reading.find_unit import find
from projections.store.reading.persons import (
    ELSEWHERE,
    FoundFact,
    began,
    counted_of,
    facts_at,
    lines_from,
)
from projections.store.reading.snapshot import Snapshot
from projections.store.schema.tables import FACT, LEDGER

if TYPE_CHECKING:
    from sqlalchemy.sql.selectable import LateralFromClause

LOOKED_THROUGH: Final = 200_000
"""Facts that one page looks through at the most, a matter of seconds; what is left is for the next."""
AT_ONCE: Final = (1_000, 16_000)
"""Facts that are looked at together: at first, and at the most."""
LARGEST: Final = 2**63 - 1
"""A position after all others."""

_BADGES, _ADMISSIONS, _CONFIRMATIONS, _DEPARTURES = (
    MEASURE_NUMBERS[name] for name in ("badges", "admissions", "confirmations", "departures")
)
_TRANSFERS: Final = frozenset(MEASURE_NUMBERS[name] for name in ("transfers_in", "transfers_out"))
_HERE: Final = set(MEASURE_NUMBERS.values()) - set(ELSEWHERE)
_LAST_OF: Final = {
    ADMITTED_TWICE: {_ADMISSIONS},
    CONFIRMED_TWICE: {_CONFIRMATIONS},
    BADGE_TWICE: {_BADGES},
    DEPARTED_TWICE: {_DEPARTURES},
    CONFIRMED_EARLY: {_ADMISSIONS, _CONFIRMATIONS},
    NO_ADMISSION: {_CONFIRMATIONS, _DEPARTURES},
    BADGE_LOWER: {_BADGES},
    **dict.fromkeys(OF_ONE_FACT, _HERE),
}
"""Of which measures the last event of a finding is, by its kind."""
_OF_LINES: Final = frozenset({_ADMISSIONS, _CONFIRMATIONS, _BADGES, _DEPARTURES})
"""Of which measures that of a finding along a line is."""

_KEY: Final = ("day", "position")


def _facts(under: Under, *, by_day: bool = False) -> Query:
    """Compose all facts of the days in their order, from where a page begins on."""
    key = FACT.c[_KEY]
    day = FACT.c.day if by_day else unindexed(FACT.c.day)
    after = (bindparam(f"after_{column.name}", type_=column.type) for column in key)
    found: LateralFromClause = (
        select(*FACT.c[FoundFact._fields])
        .where(*under.where, among(FACT.c.measure, "measures"), tuple_(day, *key[1:]) >= tuple_(*after))
        .offset(OPAQUE)
        .lateral("found")
    )
    return Query(select(found).select_from(under.looked.join(found, true())).order_by(*found.c[_KEY]))


_UNDER, _ROOT = _facts(of_members("as-was")), _facts(of_everybody(), by_day=True)

_TOLD = unnested("told", position=BigInteger, day=Date)
_CAME_ON = cast(LEDGER.c.published_at.op("AT TIME ZONE")("UTC") + text("interval '7 hours'"), Date)
_OUT_OF_TIME = Query(
    select(_TOLD.c.position)
    .join(LEDGER, LEDGER.c.position == _TOLD.c.position)
    .where(or_(_TOLD.c.day > _CAME_ON, _TOLD.c.day < _CAME_ON - 365))
)
"""Those of facts whose day comes after the one, in Vietnam, on which they came into the log, or a year before it."""


class FindingKey(NamedTuple):
    """Where a page begins: after this day, position, kind (its place among KINDS), and position of the first event."""

    day: dt.date
    position: int
    kind: int
    first: int = 0


class FindingsQuestion(NamedTuple):
    """Which findings are asked for."""

    unit: str
    days: Days
    kinds: tuple[str, ...]
    after: FindingKey | None
    limit: int


async def findings(
    snapshot: Snapshot, asked: FindingsQuestion, cursor_of: Callable[[object], str | None], confined: Holder | None
) -> FindingPage:
    """Return a page of findings; of the others of their events only those are named that the asker may read.

    That he may read what is asked about is decided before. A page that has looked through many facts ends early, and
    says where the next begins. Raises UnknownUnitError.
    """
    found, more = await _page(snapshot, asked)
    told = [fact for suspect in found for fact in suspect.facts]
    seen = None if confined is None else await readable(snapshot, confined, {(fact.unit, fact.day) for fact in told})
    answers = [
        Finding(suspect.kind, last.day, last.unit, _named(suspect.facts, seen))
        for suspect in found
        for last in suspect.facts[-1:]
    ]
    return FindingPage(answers, cursor_of(more), snapshot.position)


def _named(facts: Sequence[PersonFact], seen: Collection[tuple[str, dt.date]] | None) -> list[NamedEvent]:
    return named(facts, lambda fact: seen is None or fact is facts[-1] or (fact.unit, fact.day) in seen)


async def _page(snapshot: Snapshot, asked: FindingsQuestion) -> tuple[list[Suspect], FindingKey | None]:
    after = asked.after or FindingKey(asked.days.first, -1, -1)
    standing = await find(snapshot, asked.unit, asked.days.last)
    measures = sorted({measure for kind in asked.kinds for measure in _LAST_OF[kind]})
    rest = Days(max(asked.days.first, after.day), asked.days.last)
    days = await days_of_some(snapshot, standing, rest, measures, some=LOOKED_THROUGH)
    rows = await (_ROOT if standing.root else _UNDER).cursor(
        snapshot,
        **parameters_of(standing.place, days, "as-was"),
        measures=measures,
        after_day=after.day,
        after_position=after.position,
    )
    found: list[Suspect] = []
    looked, (size, most) = 0, AT_ONCE
    while True:
        facts = [FoundFact(*row) for row in await rows.fetch(size)]
        found += [each for each in await _among(snapshot, facts, asked.kinds) if _key_of(each) > after]
        if len(found) > asked.limit:
            return found[: asked.limit], _key_of(found[asked.limit - 1])
        looked += len(facts)
        if len(facts) < size:
            return found, None if days.last == rest.last else FindingKey(days.last, LARGEST, 0)
        if looked >= LOOKED_THROUGH:
            return found, FindingKey(facts[-1].day, facts[-1].position, len(KINDS))
        size = min(2 * size, most)


async def _among(snapshot: Snapshot, facts: Sequence[FoundFact], kinds: Collection[str]) -> list[Suspect]:
    """Return the findings whose last event is one of the facts, in their order."""
    here = {fact.position for fact in facts}
    found = [*await _of_facts(snapshot, facts, kinds), *await _of_persons(snapshot, facts, kinds)]
    return sorted(
        (each for each in found if each.kind in kinds and each.facts[-1].position in here),
        key=_key_of,
    )


async def _of_facts(snapshot: Snapshot, facts: Sequence[FoundFact], kinds: Collection[str]) -> list[Suspect]:
    """Return what is suspicious about facts alone: too early or too late by the ledger's times."""
    if not OF_ONE_FACT & set(kinds):
        return []
    rows = await _OUT_OF_TIME.fetch(
        snapshot, told_position=[fact.position for fact in facts], told_day=[fact.day for fact in facts]
    )
    read = await facts_at(snapshot, [row["position"] for row in rows])
    return [each for fact in read.values() for each in of_a_fact(fact)]


async def _of_persons(snapshot: Snapshot, facts: Sequence[FoundFact], kinds: Collection[str]) -> list[Suspect]:
    """Return what is suspicious about the persons whom facts are of, along their lines."""
    if not set(kinds) - OF_ONE_FACT:
        return []
    asked = {(fact.unit, fact.person) for fact in facts if fact.measure in _OF_LINES}
    groups: dict[tuple[int, int | None], list[FoundFact]] = {}
    for row in await counted_of(snapshot, asked):
        groups.setdefault((row.unit, row.person), []).append(row)
    unknown = {unit for unit, person in groups if person is None}
    worth = [
        row for (unit, _), rows in groups.items() if unit in unknown or _is_worth_reading(rows, kinds) for row in rows
    ]
    bare = {fact.position for fact in facts if fact.person is None and fact.measure in _OF_LINES}
    read = await facts_at(snapshot, {row.position for row in worth} | bare)
    digests = {person for _, person in asked if person is not None}
    known = {at: fact for at, fact in read.items() if _persons(fact, digests)}
    done = {person for fact in known.values() for person in _persons(fact, digests)}
    of = await lines_from(snapshot, {read[at].person for at in bare if at in read}, known, done)
    return await _of_lines(snapshot, lines_of(of.values()))


async def _of_lines(snapshot: Snapshot, lines: Sequence[list[PersonFact]]) -> list[Suspect]:
    found = [(line, of_a_line(line, None)) for line in lines]
    without = [line for line, suspects in found if any(each.kind == NO_ADMISSION for each in suspects)]
    first = await began(snapshot, {fact.unit for line in without for fact in line})
    return [each for line, suspects in found for each in (of_a_line(line, first) if line in without else suspects)]


def _persons(fact: PersonFact, digests: Collection[int]) -> list[Person]:
    """Return those whom a fact joins, or the one that it is of, as far as their digests are among some."""
    both = (fact.person, fact.joins)
    return [person for person in both if person is not None and person_digest(*person) in digests]


def _is_worth_reading(rows: Sequence[FoundFact], kinds: Collection[str]) -> bool:
    """Tell whether the facts of a digest may be suspicious, by what is counted of them."""
    of = {measure: [row for row in rows if row.measure == measure] for measure in {row.measure for row in rows}}
    if _TRANSFERS & of.keys():
        return True
    admitted, confirmed, badges, departed = (
        of.get(each, []) for each in (_ADMISSIONS, _CONFIRMATIONS, _BADGES, _DEPARTURES)
    )
    ended = [*confirmed, *(row for row in departed if unpack(row.facets, "reason") == "not_confirmed")]
    first = min((row.day for row in admitted), default=dt.date.max)
    may_be = {
        ADMITTED_TWICE: len(admitted) > 1,
        CONFIRMED_TWICE: len(confirmed) > 1,
        DEPARTED_TWICE: len(departed) > 1,
        BADGE_TWICE: len(badges) > 1,
        BADGE_LOWER: len(badges) > 1,
        CONFIRMED_EARLY: bool(admitted and confirmed),
        NO_ADMISSION: any(row.day < first for row in ended),
    }
    return any(may_be[kind] for kind in kinds if kind in may_be)


def _key_of(suspect: Suspect) -> FindingKey:
    first, last = suspect.facts[0], suspect.facts[-1]
    return FindingKey(last.day, last.order, KINDS.index(suspect.kind), first.order)
