"""A fact: it waits for the units that it names, and is counted under them (contract §1, Facts)."""

from __future__ import annotations

from events.codec import Event
from events.derived import fact_entries, units_named
from projections.rules.counting.batch_changes import FactRow
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.person import person_digest
from projections.rules.deciding.decision import ABOUT_ONE, Key, Waits, lineage_at_once, wait_about_subject
from projections.rules.kinds.kind import COUNTED, Ruling


def decide(_position: int, event: Event, work: BatchWork) -> Waits | None:
    """Say what a fact waits for; it is never refused."""
    return wait_about_subject(event, work.hierarchy)


def apply(position: int, event: Event, work: BatchWork) -> Ruling:
    """Count what it contributes."""
    work.count(_rows(position, event, work))
    return COUNTED


def apply_at_once(position: int, event: Event, work: BatchWork) -> bool:
    """Count what an event contributes that is a fact and holds at once; False, and nothing is done, is no verdict."""
    entries = fact_entries(event)
    if not entries:
        return False
    first, subject = entries[0], event.subject
    unit = work.hierarchy.by_id.get(subject)
    if unit is None:
        return False
    others = () if event.type in ABOUT_ONE else units_named(event).values()
    try:
        lineage = lineage_at_once(work.hierarchy, unit, event.publisher, first.day, others)
    except Exception:  # noqa: BLE001 - it raises again where it is decided by itself, and is set aside there
        return False
    if lineage is None:
        return False
    if len(entries) == 1 and first.unit == subject:
        person = person_digest(subject, first.person)
        # What a named tuple does at last: in half of the time.
        row = tuple.__new__(FactRow, (unit.no, first.day, first.measure, position, first.facets, person))
        work.count_one(row, lineage)
    else:
        work.count(_rows(position, event, work))
    return True


def decide_taking_back(_position: int, _event: Event, _work: BatchWork) -> None:
    """Nothing stands in the way: nothing else hangs on a fact."""


def take_back(position: int, event: Event, work: BatchWork) -> tuple[Key, ...]:
    """Count it no longer."""
    work.uncount(_rows(position, event, work))
    return ()


def _rows(position: int, event: Event, work: BatchWork) -> list[FactRow]:
    by_id = work.hierarchy.by_id
    return [
        FactRow(by_id[c.unit].no, c.day, c.measure, position, c.facets, person_digest(c.unit, c.person))
        for c in fact_entries(event)
    ]
