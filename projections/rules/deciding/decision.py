"""What becomes of an event, given the hierarchy as known: the rules of contract §2, one function a question.

A decision is made in this order: what can never hold by what holds already (`already_done`), what the event waits for
(`unknown_unit`, `inactive_unit`, `not_authorised`), what would contradict the tree (`cycle`, `in_use`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple, cast

from events.catalogue import CATALOGUE
from events.codec import Event
from events.contributions import decision_day, units_named
from events.subjects import source_of
from events.vocabulary import Outcome, Reason
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import FOREVER, Unit

Key = Hashable
"""What a parked event can wait for: a unit's id, or the (publisher, id) of an event."""


_ABOUT_ONE = frozenset(row.type for row in CATALOGUE.values() if not row.units)
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


def wait_of_fact_or_plan(event: Event, hierarchy: Hierarchy) -> Waits | None:
    """Say what a fact or a plan waits for, or None when it holds."""
    day = _day(event)
    if event.type in _ABOUT_ONE and subject_at_once(hierarchy, event.publisher, event.subject, day) is not None:
        return None
    named = units_named(event)
    units, waits = _known(event, named, hierarchy)
    if waits is not None:
        return waits
    waits = _inactive(event, named, units, day)
    if waits is not None:
        return waits
    subject, publisher = units["subject"], units["source"]
    if publisher is subject or hierarchy.is_above(publisher, subject, day):
        return None
    return _not_authorised(event, hierarchy, subject, day)


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


def verdict_on_structure(event: Event, hierarchy: Hierarchy, root: str) -> Refused | Waits | None:
    """Say why a structure event is refused or what it waits for, but for a cycle; None when nothing is in its way."""
    done = _done_already(event, hierarchy.by_id.get(event.subject))
    if done is not None:
        return done
    founds = event.type == "unit.established"
    if founds and event.subject == root:
        return None if event.publisher == root else _foreign_root(event, hierarchy)
    named = units_named(event)
    if founds:
        named.pop("subject")
    units, waits = _known(event, named, hierarchy)
    day = _day(event)
    if waits is None:
        waits = _inactive(event, named, units, day)
    if waits is not None:
        return waits
    publisher, below = units["source"], units["parent" if founds else "subject"]
    if (founds and publisher is below) or hierarchy.is_above(publisher, below, day):
        return None
    return _not_authorised(event, hierarchy, below, day)


def wait_of_retraction(event: Event, target: Event, hierarchy: Hierarchy) -> Waits | None:
    """Say what the retraction of an event that holds or is parked waits for, or None when it may go ahead."""
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
    return Waits(Reason.NOT_AUTHORISED, "source", detail, keys | _chain_keys(hierarchy, owner, day))


def target_of(event: Event) -> tuple[str, str]:
    """Return the publisher and the id of the event that a retraction takes back."""
    data = cast("Any", event.data)
    return data.source.removeprefix(source_of("")), data.id


def outcome_of_holding(type_: str) -> Outcome:
    """Return the outcome of an event that holds (contract §2)."""
    return Outcome.COUNTED if CATALOGUE[type_].kind == "fact" else Outcome.APPLIED


def _path(field: str) -> str:
    return field if field in {"subject", "source"} else f"data.{field}"


def _day(event: Event) -> dt.date:
    day = decision_day(event)
    if day is None:
        raise AssertionError(f"{event.type} has no day")
    return day


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
        if day < unit.founding.since:
            detail = f"{unit.id} is founded on {unit.founding.since}, after {day}"
        else:
            detail = f"{unit.id} is dissolved on {day}"
        return Waits(Reason.INACTIVE_UNIT, _path(field), detail, _named_keys(event))
    return None


def _not_authorised(event: Event, hierarchy: Hierarchy, unit: Unit, day: dt.date) -> Waits:
    detail = f"{event.publisher} is not above {unit.id}, neither on {day} nor as last known"
    keys = _named_keys(event) | _chain_keys(hierarchy, unit, day)
    return Waits(Reason.NOT_AUTHORISED, "source", detail, keys)


def _done_already(event: Event, subject: Unit | None) -> Refused | None:
    if subject is None:
        return None
    if event.type == "unit.established":
        return Refused(Reason.ALREADY_DONE, "subject", f"{subject.id} is established already")
    if event.type == "unit.dissolved" and subject.dissolution is not None:
        return Refused(Reason.ALREADY_DONE, "subject", f"{subject.id} is dissolved already")
    return None


def _foreign_root(event: Event, hierarchy: Hierarchy) -> Waits:
    known = event.publisher in hierarchy.by_id
    reason = Reason.NOT_AUTHORISED if known else Reason.UNKNOWN_UNIT
    detail = f"{event.subject} alone may establish itself" if known else f"{event.publisher} is not known"
    return Waits(reason, "source", detail, frozenset({event.subject, event.publisher}))


def _named_keys(event: Event) -> frozenset[Key]:
    return frozenset({event.publisher, *units_named(event).values()})


def _chain_keys(hierarchy: Hierarchy, unit: Unit, day: dt.date) -> frozenset[Key]:
    numbers = {unit.no, *hierarchy.lineage(unit, day), *hierarchy.lineage_now(unit)}
    return frozenset(hierarchy.by_no[no].id for no in numbers)
