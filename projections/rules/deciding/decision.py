"""What an event of any kind may wait for: units that are known and active, and a publisher above them (contract §2).

Each kind (`projections.rules.kinds`) decides in this order: what can never hold by what holds already (`already_done`),
what the event waits for (`unknown_unit`, `inactive_unit`, `not_authorised`), what would contradict the tree (`cycle`,
`too_deep`, `in_use`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple

from events.catalogue import CATALOGUE
from events.codec import Event
from events.derived import decision_day, units_named
from events.vocabulary import Outcome, Reason
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import Unit

Key = Hashable
"""What a parked event can wait for: a unit's id, or the (publisher, id) of an event."""

ABOUT_ONE: Final = frozenset(row.type for row in CATALOGUE.values() if not row.units)
"""Types that name no unit but their subject."""


class Refused(NamedTuple):
    """The event can never hold."""

    reason: Reason
    field: str | None
    detail: str


class Waits(NamedTuple):
    """The event can't hold yet; it is looked at again when one of the keys has news."""

    reason: Reason
    field: str | None
    detail: str
    keys: frozenset[Key]


def wait_about_subject(event: Event, hierarchy: Hierarchy) -> Waits | None:
    """Say what an event waits for that its subject may say itself, or a unit above it; None when it holds."""
    day = day_of(event)
    if event.type in ABOUT_ONE and subject_at_once(hierarchy, event.publisher, event.subject, day) is not None:
        return None
    units, waits = units_or_wait(event, units_named(event), hierarchy, day)
    if waits is not None:
        return waits
    subject, publisher = units["subject"], units["source"]
    if publisher is subject or hierarchy.is_above(publisher, subject, day):
        return None
    return not_authorised(event, hierarchy, subject, day)


def subject_at_once(
    hierarchy: Hierarchy, publisher: str, subject: str, day: dt.date, others: Iterable[str] = ()
) -> Unit | None:
    """Return the subject of a fact or plan that holds, with the ``others`` that it names; None is no verdict.

    Nearly all of the log: the same rules, without what it takes to say what is in the way.
    """
    known = hierarchy.by_id
    unit = known.get(subject)
    if unit is None or not unit.active(day):
        return None
    for other in others:
        named = known.get(other)
        if named is None or not named.active(day):
            return None
    if publisher == subject:
        return unit
    upper = known.get(publisher)
    return unit if upper is not None and hierarchy.is_above(upper, unit, day) else None


def lineage_at_once(
    hierarchy: Hierarchy, unit: Unit, publisher: str, day: dt.date, others: Iterable[str] = ()
) -> tuple[int, ...] | None:
    """Return the raw lineage above the subject of a fact that holds, by the same rules; None is no verdict."""
    if not unit.active(day):
        return None
    known = hierarchy.by_id
    for other in others:
        named = known.get(other)
        if named is None or not named.active(day):
            return None
    lineage = hierarchy.lineage(unit, day)
    if publisher == unit.id:
        return lineage
    upper = known.get(publisher)
    if upper is None:
        return None
    at_once = upper.no in lineage and not upper.dissolved(day)
    return lineage if at_once or hierarchy.is_above(upper, unit, day) else None


def units_or_wait(
    event: Event, named: dict[str, str], hierarchy: Hierarchy, day: dt.date
) -> tuple[dict[str, Unit], Waits | None]:
    """Return the units that an event names by their fields, its publisher as ``source``, and what it waits for of them.

    The publisher has to be known, the others known and active on the day.
    """
    units, waits = _known(event, named, hierarchy)
    return units, waits if waits is not None else _inactive(event, named, units, day)


def not_authorised(event: Event, hierarchy: Hierarchy, unit: Unit, day: dt.date) -> Waits:
    """Say that an event waits until its publisher is above a unit."""
    detail = f"{event.publisher} is not above {unit.id}, neither on {day} nor as last known"
    keys = _named_keys(event) | lineage_keys(hierarchy, unit, day)
    return Waits(Reason.NOT_AUTHORISED, "source", detail, keys)


def too_deep(field: str, said: str | None) -> Refused | None:
    """Refuse what would be too deep, where something is said to be."""
    return None if said is None else Refused(Reason.TOO_DEEP, field, said)


def lineage_keys(hierarchy: Hierarchy, unit: Unit, day: dt.date) -> frozenset[Key]:
    """Return the units whose news may change who is above a unit."""
    numbers = {unit.no, *hierarchy.lineage(unit, day), *hierarchy.lineage_now(unit)}
    return frozenset(hierarchy.by_no[no].id for no in numbers)


def day_of(event: Event) -> dt.date:
    """Return the day by which an event other than a retraction is judged."""
    day = decision_day(event)
    if day is None:
        raise AssertionError(f"{event.type} has no day")
    return day


def outcome_of_holding(type_: str) -> Outcome:
    """Return the outcome of an event that holds (contract §2)."""
    return Outcome.COUNTED if CATALOGUE[type_].kind == "fact" else Outcome.APPLIED


def _path(field: str) -> str:
    return field if field in {"subject", "source"} else f"data.{field}"


def _known(event: Event, named: dict[str, str], hierarchy: Hierarchy) -> tuple[dict[str, Unit], Waits | None]:
    known = hierarchy.by_id
    asked = named if named.get("subject") == event.publisher else {**named, "source": event.publisher}
    unknown = {field: unit for field, unit in asked.items() if unit not in known}
    if unknown:
        field, unit = next(iter(unknown.items()))
        keys = frozenset({event.subject, *unknown.values()})
        return {}, Waits(Reason.UNKNOWN_UNIT, _path(field), f"{unit} is not known", keys)
    units = {field: known[unit] for field, unit in asked.items()}
    units.setdefault("source", known[event.publisher])
    return units, None


def _inactive(event: Event, named: Iterable[str], units: dict[str, Unit], day: dt.date) -> Waits | None:
    for field in named:
        unit = units[field]
        if unit.active(day):
            continue
        if day < unit.since:
            detail = f"{unit.id} is founded on {unit.since}, after {day}"
        else:
            detail = f"{unit.id} is dissolved on {day}"
        return Waits(Reason.INACTIVE_UNIT, _path(field), detail, _named_keys(event))
    return None


def _named_keys(event: Event) -> frozenset[Key]:
    return frozenset({event.publisher, *units_named(event).values()})
