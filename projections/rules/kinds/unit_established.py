"""`unit.established`: a unit begins under a parent, the root by itself; taken back, it is unknown (contract §1)."""

from __future__ import annotations

from typing import cast

from events.codec import Event
from events.data import UnitEstablished
from events.derived import units_named
from events.vocabulary import Outcome, Reason
from projections.rules.counting.batch_work import BatchWork
from projections.rules.deciding.decision import (
    Key,
    Refused,
    Waits,
    day_of,
    not_authorised,
    too_deep,
    units_or_wait,
)
from projections.rules.hierarchy.depth import founded_too_deep
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import UnitStatement, holds_from
from projections.rules.kinds.kind import Ruling


def decide(_position: int, event: Event, work: BatchWork) -> Refused | Waits | None:
    """Refuse one that is established already or would be too deep; its parent speaks itself, or a unit above that."""
    hierarchy, root = work.hierarchy, work.state.root
    known = hierarchy.by_id.get(event.subject)
    if known is not None:
        return Refused(Reason.ALREADY_DONE, "subject", f"{known.id} is established already")
    if event.subject == root:
        return None if event.publisher == root else _foreign_root(event, hierarchy)
    day, named = day_of(event), units_named(event)
    del named["subject"]
    units, waits = units_or_wait(event, named, hierarchy, day)
    if waits is not None:
        return waits
    publisher, parent = units["source"], units["parent"]
    if publisher is not parent and not hierarchy.is_above(publisher, parent, day):
        return not_authorised(event, hierarchy, parent, day)
    said = founded_too_deep(hierarchy, parent.no, holds_from(day), work.state.sizes.depths)
    return too_deep("data.parent", said)


def apply(position: int, event: Event, work: BatchWork) -> Ruling:
    """Found the unit."""
    data = cast("UnitEstablished", event.data)
    hierarchy = work.hierarchy
    parent = None if data.parent is None else hierarchy.by_id[data.parent].no
    since = holds_from(data.since)
    statement = UnitStatement(
        position, hierarchy.next_no, "established", since, parent=parent, name=data.name, level=data.level
    )
    unit = work.establish(event.subject, statement)
    return Ruling(Outcome.APPLIED, news=(unit.id,))


def decide_taking_back(_position: int, event: Event, work: BatchWork) -> Refused | None:
    """Refuse where something that holds refers to the unit."""
    unit = work.hierarchy.by_id[event.subject]
    if work.hierarchy.in_use(unit) or work.is_referred_to(unit):
        return Refused(Reason.IN_USE, "data.id", f"something that holds refers to {unit.id}")
    return None


def take_back(_position: int, event: Event, work: BatchWork) -> tuple[Key, ...]:
    """Forget the unit."""
    work.forget(work.hierarchy.by_id[event.subject])
    return (event.subject,)


def _foreign_root(event: Event, hierarchy: Hierarchy) -> Waits:
    known = event.publisher in hierarchy.by_id
    reason = Reason.NOT_AUTHORISED if known else Reason.UNKNOWN_UNIT
    detail = f"{event.subject} alone may establish itself" if known else f"{event.publisher} is not known"
    return Waits(reason, "source", detail, frozenset({event.subject, event.publisher}))
