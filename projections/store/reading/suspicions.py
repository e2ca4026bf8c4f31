"""What is suspicious about some facts alone: of events that are tried, and of those that a receipt is of (§8).

Of the other events those are named that the asker may read, or that are said by a unit as which he may send.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from events.codec import Event
from events.vocabulary import Outcome
from projections.answers.access.sight import Holder
from projections.answers.suspicion.facts import PersonFact, fact_of
from projections.answers.suspicion.suspicions import Suspicion
from projections.answers.suspicion.telling import suspicions_of
from projections.rules.kinds.retraction import target_of
from projections.store.reading.confined import readable, speakers
from projections.store.reading.persons import began, facts_at, lines_from
from projections.store.reading.snapshot import Snapshot

UnitDay = tuple[str, dt.date]


class KnownFacts(NamedTuple):
    """What the log has of the persons whom events are about; ``began``: since when it tells about their units.

    ``named`` are the positions of what the asker may be told of by name, ``joined`` the units, each on a day, whose
    references a transfer that is only tried may join; None: all.
    """

    position: int
    facts: Mapping[int, PersonFact]
    began: Mapping[str, dt.date]
    named: Collection[int] | None
    joined: Collection[UnitDay] | None


async def known_facts_for(
    snapshot: Snapshot, events: Iterable[object], holder: Holder | None, came_on: dt.date
) -> KnownFacts:
    """Look up what can be suspicious beside events that are about to come into the log on a day.

    A transfer that nobody has said yet would else tell of the members of any unit, by one reference after the other.
    """
    said = [fact for event in events if isinstance(event, Event) and (fact := fact_of(event, None, 0, came_on))]
    joined = None if holder is None else await _joined(snapshot, holder, said)
    persons = {person for fact in said for person in (fact.person, _join(fact, joined)) if person is not None}
    facts = await lines_from(snapshot, persons)
    first = await began(snapshot, {unit for unit, _ in persons} | {fact.unit for fact in facts.values()})
    return KnownFacts(snapshot.position, facts, first, await _named(snapshot, holder, facts.values()), joined)


def suspicions_among(
    known: KnownFacts, tried: Sequence[tuple[Event, str | None]], came_on: dt.date
) -> dict[int, tuple[Suspicion, ...]]:
    """Return what is suspicious about events that are tried, by their places; each comes with what it would be."""
    gone = {
        target_of(event) for event, outcome in tried if event.type == "event.retracted" and outcome == Outcome.APPLIED
    }
    facts = [fact for fact in known.facts.values() if (fact.publisher, fact.id) not in gone]
    after, first = known.position + 1, dict(known.began)
    for place, (event, outcome) in enumerate(tried):
        fact = fact_of(event, None, after + place, came_on) if outcome == Outcome.COUNTED else None
        if fact is not None and (fact.publisher, fact.id) not in gone:
            facts.append(fact._replace(joins=_join(fact, known.joined)))
            first[fact.unit] = min(first.get(fact.unit, fact.day), fact.day)
    named = known.named
    found = suspicions_of(
        facts,
        first,
        range(after, after + len(tried)),
        lambda fact: named is None or fact.position is None or fact.position in named,
    )
    return {order - after: said for order, said in found.items()}


async def suspicions_at(
    snapshot: Snapshot, positions: Collection[int], holder: Holder | None
) -> dict[int, tuple[Suspicion, ...]]:
    """Return what is suspicious about facts that are counted, by their positions."""
    here = await facts_at(snapshot, positions)
    facts = here | await lines_from(snapshot, {fact.person for fact in here.values()})
    first = await began(snapshot, {fact.unit for fact in facts.values()})
    named = await _named(snapshot, holder, facts.values())
    return suspicions_of(
        facts.values(), first, here.keys(), lambda fact: named is None or fact.position in named or fact.order in here
    )


def _join(fact: PersonFact, joined: Collection[UnitDay] | None) -> tuple[str, str] | None:
    if fact.joins is None or joined is None or (fact.joins[0], fact.day) in joined:
        return fact.joins
    return None


async def _joined(snapshot: Snapshot, holder: Holder, facts: Iterable[PersonFact]) -> set[UnitDay]:
    asked = {(fact.joins[0], fact.day) for fact in facts if fact.joins is not None}
    if not asked:
        return set()
    own = await speakers(snapshot, holder, {unit for unit, _ in asked})
    return {(unit, day) for unit, day in asked if unit in own} | await readable(snapshot, holder, asked)


async def _named(snapshot: Snapshot, holder: Holder | None, facts: Collection[PersonFact]) -> set[int] | None:
    if holder is None:
        return None
    own = await speakers(snapshot, holder, {fact.publisher for fact in facts}) if facts else set()
    seen = await readable(snapshot, holder, {(fact.unit, fact.day) for fact in facts if fact.publisher not in own})
    return {fact.order for fact in facts if fact.publisher in own or (fact.unit, fact.day) in seen}
