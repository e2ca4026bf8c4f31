"""What would become of events if they were sent: decided by the fold itself, of which nothing is kept (contract §8).

It is given of the hierarchy what the events and whoever is above them need, so what hangs below a unit is not known:
whether a word on the structure is against the tree is decided for real alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from events.catalogue import CATALOGUE
from events.codec import Event, Refusal, decode
from events.derived import units_named
from events.vocabulary import Outcome, Reason
from projections.answers.suspicion.suspicions import Suspicion
from projections.answers.words.vietnamese_format import VIETNAM
from projections.rules.counting.state import Recorded, State
from projections.rules.folding.fold import EventKey, Fold
from projections.rules.hierarchy.unit import UnitStatement
from projections.rules.kinds.retraction import target_of
from projections.rules.log.message import Message
from projections.rules.log.set_aside import UndecidableError
from projections.store.batch.loading import keys_of, load_recorded, targets_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.suspicions import KnownFacts, suspicions_among

if TYPE_CHECKING:
    import asyncpg

_ABOVE: Final = """
WITH RECURSIVE named (unit) AS (
    SELECT no FROM unit WHERE id = ANY($1::text[])
    UNION
    SELECT upper FROM named JOIN statement USING (unit)
        CROSS JOIN LATERAL (VALUES (parent), (successor)) AS hung (upper)
    WHERE upper IS NOT NULL
)
SELECT unit.id, said.position, said.unit, said.kind, said.since, said.parent, said.name, said.level, said.successor
FROM named JOIN statement AS said ON said.unit = named.unit JOIN unit ON unit.no = named.unit
ORDER BY said.kind <> 'established', said.unit, said.position
"""
_LAST_NO: Final = "SELECT coalesce(max(no), 0) FROM unit"
_AGAINST_THE_TREE: Final = frozenset({Reason.CYCLE, Reason.TOO_DEEP, Reason.IN_USE})
_ALONE: Final = frozenset({"unit.renamed", "unit.releveled"})
"""Words on the structure that hang nothing elsewhere."""


class Tried(NamedTuple):
    """What would become of an event; where it was not ``tried``, that is decided for real alone."""

    outcome: str | None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    tried: bool = True
    suspicious: tuple[Suspicion, ...] = ()


async def recorded_for(snapshot: Snapshot, events: Collection[Event | Refusal]) -> dict[EventKey, Recorded]:
    """Return the first message under each key that the events have, or take back, as far as the ledger has one."""
    keys = keys_of(list(events)) | targets_of(events)
    connection = cast("asyncpg.Connection", snapshot.connection)  # as a pool hands it out
    return (await load_recorded(connection, keys, snapshot.position)).before


async def state_for(
    snapshot: Snapshot, events: Collection[Event | Refusal], recorded: Mapping[EventKey, Recorded], root: str
) -> State:
    """Load as much of the state as deciding these takes: the units that they name, and all that was ever above them."""
    state = State(root)
    state.counts, state.chain_hash, state.position = False, None, snapshot.position
    hierarchy, waiting = state.hierarchy, []
    for id_, position, *values in await snapshot.connection.fetch(_ABOVE, list(_units(events, recorded, root))):
        statement = UnitStatement(position, *values)
        if statement.kind == "established":
            hierarchy.establish(id_, statement)
        else:
            waiting.append(statement)
    hierarchy.next_no = 1 + await snapshot.connection.fetchval(_LAST_NO)
    hierarchy.restore(waiting)
    return state


def _units(events: Collection[Event | Refusal], recorded: Mapping[EventKey, Recorded], root: str) -> set[str]:
    found: set[str] = set()
    for event in events:
        if not isinstance(event, Event):
            continue
        named: list[Event] = [event]
        target = recorded.get(target_of(event)) if event.type == "event.retracted" else None
        if target is not None:
            told = decode(target.bus_subject, target.body, root=root)
            named += [told] if isinstance(told, Event) else []
        for each in named:
            found |= {each.publisher, each.subject}
            if each.type != "event.retracted":
                found |= set(units_named(each).values())
    return found


def tried(
    state: State,
    recorded: dict[EventKey, Recorded],
    sent: Sequence[tuple[str, bytes, Event]],
    at: dt.datetime,
    known: KnownFacts,
) -> list[Tried]:
    """Decide events in their order, each against what holds and those before it; the state is of no use afterwards.

    ``sent``: the subject on the bus, the body, and what is read of it; ``known``: the facts of the persons whom they
    are about. What one releases that waits is not told.
    """
    found = _decided(state, recorded, sent, at)
    events = [(event, each.outcome) for (*_, event), each in zip(sent, found, strict=True)]
    suspicious = suspicions_among(known, events, at.astimezone(VIETNAM).date())
    return [each._replace(suspicious=suspicious.get(place, ())) for place, each in enumerate(found)]


def _decided(
    state: State, recorded: dict[EventKey, Recorded], sent: Sequence[tuple[str, bytes, Event]], at: dt.datetime
) -> list[Tried]:
    fold = Fold(state, state.position + len(sent), recorded, {})
    found: list[Tried] = []
    for position, (subject, body, event) in enumerate(sent, state.position + 1):
        of_structure = _may_take_more(event, recorded)
        try:
            fold.take([Message(position, at, subject, None, body)], [event])
        except UndecidableError:
            found += [Tried(None, tried=False)] * (len(sent) - len(found))
            break
        found.append(_said(fold.row_at(position), of_structure=of_structure))
    return found


def _may_take_more(event: Event, recorded: Mapping[EventKey, Recorded]) -> bool:
    """Tell whether deciding an event may take more of the tree than there is."""
    if event.type != "event.retracted":
        return CATALOGUE[event.type].kind == "structure" and event.type not in _ALONE
    target = recorded.get(target_of(event))
    row = None if target is None or target.outcome == Outcome.PARKED else CATALOGUE.get(target.type or "")
    return row is not None and row.kind == "structure"


def _said(row: Any, *, of_structure: bool) -> Tried:
    if of_structure and (row.outcome == Outcome.APPLIED or row.reason in _AGAINST_THE_TREE):
        return Tried(None, tried=False)
    return Tried(str(row.outcome), row.reason and str(row.reason), row.field, row.detail)
