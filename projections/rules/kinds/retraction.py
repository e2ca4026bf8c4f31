"""`event.retracted`: an event that holds or waits is taken back, by its publisher or a unit above (contract §1, §2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from events.catalogue import CATALOGUE
from events.codec import Event, decode
from events.derived import decision_day
from events.subjects import source_of
from events.vocabulary import Outcome, Reason
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.state import Recorded
from projections.rules.deciding.decision import Key, Refused, Waits, lineage_keys
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import FOREVER
from projections.rules.kinds import access, fact, plan, unit_changed, unit_established
from projections.rules.kinds.kind import Retractable, Ruling

_OF_KIND: Final[Mapping[str, Retractable]] = {
    "fact": fact,
    "plan": plan,
    "access": access,
    "structure": unit_changed,
}

RETRACTABLE: Final[Mapping[str, Retractable]] = MappingProxyType(
    {row.type: _OF_KIND[row.kind] for row in CATALOGUE.values() if row.kind in _OF_KIND}
    | {"unit.established": unit_established}
)
"""Who decides and applies each type that can be taken back: all but the retraction itself."""

_STANDS: Final = frozenset({Outcome.COUNTED, Outcome.APPLIED, Outcome.PARKED})


def target_of(event: Event) -> tuple[str, str]:
    """Return the publisher and the id of the event that a retraction takes back."""
    data = cast("Any", event.data)
    return data.source.removeprefix(source_of("")), data.id


def decide(_position: int, event: Event, work: BatchWork) -> Refused | Waits | None:
    """Wait for an event that is not known yet; refuse where that is over and done with, or something hangs on it."""
    key = target_of(event)
    target = work.recorded.get(key)
    if target is None:
        detail = f"no event {key[1]} of {key[0]} is known"
        return Waits(Reason.UNKNOWN_EVENT, "data.id", detail, frozenset({key, event.subject}))
    if target.type not in RETRACTABLE or target.outcome not in _STANDS:
        what = "a retraction" if target.type == "event.retracted" else target.outcome
        return Refused(Reason.ALREADY_DONE, "data.id", f"the event is {what} already")
    told = _told(target, work)
    waits = _not_authorised(event, told, work.hierarchy)
    if waits is not None or target.outcome == Outcome.PARKED:
        return waits
    return RETRACTABLE[told.type].decide_taking_back(target.position, told, work)


def apply(position: int, event: Event, work: BatchWork) -> Ruling:
    """Take back what followed from the event, or let it wait no longer."""
    target = work.recorded[target_of(event)]
    news: tuple[Key, ...] = ()
    reason = None
    if target.outcome == Outcome.PARKED:
        parked = work.unpark(target.position)
        reason = parked.waits.reason if parked is not None else None
    else:
        told = _told(target, work)
        news = RETRACTABLE[told.type].take_back(target.position, told, work)
    was = (target.outcome, reason)
    target.outcome = Outcome.RETRACTED
    return Ruling(Outcome.APPLIED, news=((target.publisher, target.id), *news), retracts=((target, was, position),))


def _not_authorised(event: Event, target: Event, hierarchy: Hierarchy) -> Waits | None:
    """Say what a retraction by another than the publisher waits for; None where it may go ahead."""
    if event.publisher == target.publisher:
        return None
    named = {"source": event.publisher, "data.source": target.publisher}
    keys = frozenset({event.subject, (target.publisher, target.id), *named.values()})
    for field, unit in named.items():
        if unit not in hierarchy.by_id:
            return Waits(Reason.UNKNOWN_UNIT, field, f"{unit} is not known", keys)
    publisher, owner = hierarchy.by_id[event.publisher], hierarchy.by_id[target.publisher]
    day = decision_day(target) or FOREVER
    if hierarchy.is_above(publisher, owner, day):
        return None
    detail = f"{event.publisher} is neither {target.publisher} nor above it"
    return Waits(Reason.NOT_AUTHORISED, "source", detail, keys | lineage_keys(hierarchy, owner, day))


def _told(target: Recorded, work: BatchWork) -> Event:
    if target.event is None:
        event = decode(target.bus_subject, target.body, root=work.state.root)
        if not isinstance(event, Event):
            raise AssertionError(f"position {target.position} holds but can't be read")
        target.event = event
    return target.event
