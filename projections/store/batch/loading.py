"""Reading what the fold needs: the state at the checkpoint, and what the log already has under the keys of a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from operator import attrgetter
from sys import intern
from typing import Final, NamedTuple

import asyncpg

from events.codec import Event, Refusal, decode
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.state import Recorded, Sizes, State
from projections.rules.deciding.decision import outcome_of_holding
from projections.rules.deciding.parking import Parking
from projections.rules.folding.fold import EventKey
from projections.rules.hierarchy.unit import UnitStatement
from projections.rules.kinds.attempt import attempt
from projections.rules.kinds.retraction import target_of
from projections.rules.log.kept_message import bus_subject_of
from projections.store.checkpoint import position_of
from projections.store.generations import enter_the_one_in_force
from projections.store.log.hash_chain import chain_at

_FOUNDED = """
SELECT s.position, s.unit, u.id, s.since, s.parent, s.name, s.level, u.large, u.vast, u.running
FROM statement s JOIN unit u ON u.no = s.unit WHERE s.kind = 'established' ORDER BY s.unit
"""
_SAID_LATER = """
SELECT position, unit, kind, since, parent, name, level, successor FROM statement
WHERE kind <> 'established' ORDER BY unit, position
"""
_ROWS_AT_ONCE: Final = 5_000

_RECORDED = """
SELECT l.position, l.publisher, l.id, l.type, v.outcome, l.bus_subject, l.body
FROM unnest(string_to_array($1, ' '), string_to_array($2, ' ')) AS k (publisher, id)
JOIN ledger l ON l.id = k.id AND l.publisher = k.publisher AND l.first
LEFT JOIN verdict v ON v.position = l.position
"""

_KEPT_OF = """
SELECT u.id, u.no, (SELECT count(*) FROM target t WHERE t.unit = u.no)
    + (SELECT count(*) FROM declaration d WHERE d.unit = u.no)
    + (SELECT count(*) FROM access_grant g WHERE g.unit = u.no) AS n
FROM unit u WHERE u.id = ANY($1::text[])
"""
_key = attrgetter("publisher", "id")
_FACTS_OF = "SELECT u.no, (SELECT count(*) FROM fact f WHERE f.unit = u.no) FROM unit u WHERE u.id = ANY($1::text[])"


class Recordings(NamedTuple):
    """The first messages under some keys: those ``before`` the batch, and where the others are that the ledger has."""

    before: dict[EventKey, Recorded]
    later: set[int]


async def load_state(connection: asyncpg.Connection, root: str, sizes: Sizes) -> State:
    """Load the state as it stands at the checkpoint. The caller owns a transaction that is one snapshot.

    The session sees the generation in use from then on.
    """
    state = State(root, sizes)
    state.edition = await enter_the_one_in_force(connection)
    state.position = await position_of(connection)
    state.chain_hash = await chain_at(connection, state.position)
    await fill_state(connection, state)
    return state


async def fill_state(connection: asyncpg.Connection, state: State) -> None:
    """Load all but the position and the chain into a new state, from the generation that the session sees."""
    state.has_facts = state.counts and await connection.fetchval("SELECT EXISTS (SELECT FROM fact)")
    hierarchy = state.hierarchy
    days: dict[dt.date, dt.date] = {}  # the same few come again for hundreds of thousands of units, and so do levels
    async for position, unit, id_, day, parent, name, level, large, vast, running in _rows(connection, _FOUNDED):
        above = None if parent is None else hierarchy.by_no[parent].no
        since = days.setdefault(day, day)
        hierarchy.establish(id_, UnitStatement(position, unit, "established", since, above, name, intern(level)))
        if large:
            state.large.add(unit)
        if vast:
            state.vast.add(unit)
        if running:
            state.running.add(unit)
    waiting = []
    async for position, unit, kind, day, *others in _rows(connection, _SAID_LATER):
        waiting.append(UnitStatement(position, unit, intern(kind), days.setdefault(day, day), *others))
    for unit in hierarchy.restore(waiting):
        state.past.refresh(hierarchy.by_no[unit])
    await _load_parking(connection, state)


async def _rows(connection: asyncpg.Connection, query: str) -> AsyncIterator[asyncpg.Record]:
    """Give rows, a part of them in memory at once."""
    cursor = await connection.cursor(query)
    while rows := await cursor.fetch(_ROWS_AT_ONCE):
        for row in rows:
            yield row


async def _load_parking(connection: asyncpg.Connection, state: State) -> None:
    rows = await connection.fetch(
        "SELECT position, l.publisher, l.type, l.bus_subject, l.body FROM verdict JOIN ledger l USING (position)"
        " WHERE verdict.outcome = 'parked' ORDER BY position"
    )
    events = {}
    for position, publisher, type_, bus_subject, body in rows:
        event = decode(bus_subject_of(publisher, type_, bus_subject), body, root=state.root)
        if isinstance(event, Event):
            events[position] = event
    recorded = await load_recorded(connection, targets_of(events.values()), state.position)
    work = BatchWork(state, recorded.before, {})
    state.parking = Parking()
    for position, event in events.items():
        if not attempt(position, event, work).waits:
            raise RuntimeError(
                f"position {position} is parked in the ledger but waits for nothing: verify the database"
            )
    work.finish()


async def load_recorded(connection: asyncpg.Connection, keys: Collection[EventKey], up_to: int) -> Recordings:
    """Load the first message under each key, as far as the ledger has one.

    What became of those after position ``up_to`` has yet to be decided: where they are is all that is told of them.
    """
    found = Recordings({}, set())
    if not keys:
        return found
    # There is no space in them; as arrays each would cost the driver more than the database takes to cut them.
    publishers, ids = (" ".join(names) for names in zip(*keys, strict=True))
    rows = await connection.fetch(_RECORDED, publishers, ids)
    for position, publisher, id_, type_, outcome, bus_subject, body in rows:
        if position > up_to:
            found.later.add(position)
            continue
        said = outcome or outcome_of_holding(type_)
        subject = bus_subject_of(publisher, type_, bus_subject)
        found.before[publisher, id_] = Recorded(position, publisher, id_, type_, said, subject, body)
    return found


async def load_references(
    connection: asyncpg.Connection, units: Collection[str], *, facts: bool = True
) -> Mapping[str, int]:
    """Count the facts, plans and events of access that hold and refer to each unit; no facts without ``facts``."""
    if not units:
        return {}
    kept = await connection.fetch(_KEPT_OF, list(units))
    facts_of = {no: n for no, n in await connection.fetch(_FACTS_OF, list(units))} if facts else {}  # noqa: C416 - records are not pairs to a checker
    return {id_: n + facts_of.get(no, 0) for id_, no, n in kept}


def targets_of(events: Collection[Event | Refusal]) -> set[EventKey]:
    """Return the keys of the events that the retractions among these take back."""
    targets = set()
    for event in events:
        if event.type == "event.retracted" and isinstance(event, Event):
            targets.add(target_of(event))
    return targets


def foundations_in(recorded: Mapping[EventKey, Recorded], targets: Collection[EventKey], root: str) -> set[str]:
    """Return the units whose establishments are among the targets."""
    units = set()
    for key in targets:
        target = recorded.get(key)
        if target is not None and target.type == "unit.established":
            event = decode(target.bus_subject, target.body, root=root)
            if isinstance(event, Event):
                units.add(event.subject)
    return units


def keys_of(decoded: Sequence[Event | Refusal]) -> set[EventKey]:
    """Return the keys of the messages, as far as they can be read."""
    return {key for key in map(_key, decoded) if None not in key}
