"""`unit.moved`, `.renamed`, `.releveled`, `.dissolved`: a dated word about a unit by one above it (contract §1).

A moved unit, and one dissolved into a successor, hang elsewhere from then on, with all that is below them: never in a
circle, and never too deep.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final, cast

from msgspec import UNSET

from events.codec import Event
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
from projections.rules.hierarchy.depth import hung_too_deep
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import Segment, Unit, UnitStatement, holds_from
from projections.rules.kinds.kind import Ruling

_HANGS_BY: Final = {"unit.moved": "data.parent", "unit.dissolved": "data.successor"}
"""The field of those that may hang the unit elsewhere."""


def decide(position: int, event: Event, work: BatchWork) -> Refused | Waits | None:
    """Refuse a second dissolution, a circle, what would be too deep; who speaks has to be above the subject."""
    hierarchy = work.hierarchy
    known = hierarchy.by_id.get(event.subject)
    if event.type == "unit.dissolved" and known is not None and known.dissolution is not None:
        return Refused(Reason.ALREADY_DONE, "subject", f"{known.id} is dissolved already")
    day = day_of(event)
    units, waits = units_or_wait(event, units_named(event), hierarchy, day)
    if waits is not None:
        return waits
    unit = units["subject"]
    if not hierarchy.is_above(units["source"], unit, day):
        return not_authorised(event, hierarchy, unit, day)
    if event.type not in _HANGS_BY:
        return None
    statement = _statement(position, event, hierarchy)
    after = hierarchy.with_statement(statement)
    if after == hierarchy.segments(unit):
        return None
    end = statement if event.type == "unit.dissolved" else unit.dissolution
    return _against_the_tree(unit, after, end, _HANGS_BY[event.type], work)


def apply(position: int, event: Event, work: BatchWork) -> Ruling:
    """Let it hold, and all that hangs on where the unit is follow it."""
    work.say(_statement(position, event, work.hierarchy))
    return Ruling(Outcome.APPLIED, news=(event.subject,))


def decide_taking_back(position: int, event: Event, work: BatchWork) -> Refused | None:
    """Refuse where what was said before would now be a circle or too deep."""
    unit, statement = _said(position, event, work.hierarchy)
    end = None if event.type == "unit.dissolved" else unit.dissolution
    return _against_the_tree(unit, work.hierarchy.without_statement(statement), end, "data.id", work)


def take_back(position: int, event: Event, work: BatchWork) -> tuple[Key, ...]:
    """Let what was said before hold again."""
    _, statement = _said(position, event, work.hierarchy)
    work.unsay(statement)
    return (event.subject,)


def _against_the_tree(
    unit: Unit, after: Sequence[Segment], end: UnitStatement | None, field: str, work: BatchWork
) -> Refused | None:
    """Hold these raw parents and this dissolution of a unit to the tree."""
    if work.hierarchy.makes_cycle(unit.no, after):
        return Refused(Reason.CYCLE, "data", f"{unit.id} would be its own ancestor")
    gone = None if end is None else end.since
    return too_deep(field, hung_too_deep(work.hierarchy, unit, after, gone, work.state.sizes.depths))


def _said(position: int, event: Event, hierarchy: Hierarchy) -> tuple[Unit, UnitStatement]:
    unit = hierarchy.by_id[event.subject]
    return unit, next(said for said in unit.statements() if said.position == position)


def _statement(position: int, event: Event, hierarchy: Hierarchy) -> UnitStatement:
    data = cast("Any", event.data)
    by_id = hierarchy.by_id
    named = {
        field: by_id[unit].no for field in ("parent", "successor") if (unit := getattr(data, field, UNSET)) is not UNSET
    }
    return UnitStatement(
        position,
        by_id[event.subject].no,
        sys.intern(event.type.removeprefix("unit.")),  # kept for as long as it holds
        holds_from(data.since),
        name=getattr(data, "name", None),
        level=getattr(data, "level", None),
        **named,
    )
