"""Short ways of saying events, for tests that read as given, when, then: units and days in, messages of the bus out."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

ROOT = "trung-uong"


class Said(NamedTuple):
    """A message as it is published."""

    bus_subject: str
    body: bytes


def event_of(
    publisher: str, event_id: str, kind: str, subject: str, data: dict[str, Any], /, **attributes: Any
) -> dict[str, Any]:
    """Make any event; `attributes` replace those of the envelope."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/units/{publisher}",
        "type": kind,
        "subject": subject,
        "time": "2023-11-28T09:00:00+07:00",
        "data": data,
    } | attributes


def say(publisher: str, event_id: str, kind: str, subject: str, data: dict[str, Any], /, **attributes: Any) -> Said:
    """Say any event; `attributes` replace those of the envelope."""
    envelope = event_of(publisher, event_id, kind, subject, data, **attributes)
    return Said(f"party.v1.{publisher}.{kind}", json.dumps(envelope, ensure_ascii=False).encode())


def root(event_id: str = "root", since: str = "2000-01-01", name: str = "Trung ương") -> Said:
    data = {"parent": None, "name": name, "level": "central", "since": since}
    return say(ROOT, event_id, "unit.established", ROOT, data)


def founded(
    unit: str, parent: str, since: str, level: str = "upper", *, by: str = ROOT, event_id: str | None = None
) -> Said:
    data = {"parent": parent, "name": f"Đảng bộ {unit}", "level": level, "since": since}
    return say(by, event_id or f"found-{unit}", "unit.established", unit, data)


def moved(unit: str, parent: str, since: str, event_id: str, by: str = ROOT) -> Said:
    return say(by, event_id, "unit.moved", unit, {"parent": parent, "since": since})


def dissolved(unit: str, since: str, successor: str | None = None, event_id: str | None = None, by: str = ROOT) -> Said:
    data = {"since": since} | ({} if successor is None else {"successor": successor})
    return say(by, event_id or f"end-{unit}", "unit.dissolved", unit, data)


def releveled(unit: str, level: str, since: str, event_id: str, by: str = ROOT) -> Said:
    return say(by, event_id, "unit.releveled", unit, {"level": level, "since": since})


def renamed(unit: str, name: str, since: str, event_id: str, by: str = ROOT) -> Said:
    return say(by, event_id, "unit.renamed", unit, {"name": name, "since": since})


def admitted(unit: str, day: str, event_id: str, by: str | None = None, **data: Any) -> Said:
    return say(by or unit, event_id, "member.admitted", unit, {"member": "m-1", "decided_on": day} | data)


def transferred(unit: str, to: str, day: str, event_id: str, by: str | None = None, **data: Any) -> Said:
    return say(by or unit, event_id, "member.transferred", unit, {"member": "m-1", "to": to, "on": day} | data)


def departed(unit: str, reason: str, day: str, event_id: str, **data: Any) -> Said:
    return say(unit, event_id, "member.departed", unit, {"member": "m-1", "reason": reason, "on": day} | data)


def restored(unit: str, day: str, event_id: str, **data: Any) -> Said:
    return say(unit, event_id, "member.restored", unit, {"member": "m-1", "on": day} | data)


def retracted(publisher: str, event_id: str, target: str, of: str | None = None, subject: str | None = None) -> Said:
    data = {"source": f"/units/{of or publisher}", "id": target, "reason": "ghi nhầm"}
    return say(publisher, event_id, "event.retracted", subject or publisher, data)


def granted(
    unit: str, account: str, role: str, event_id: str, *, until: str | None = None, by: str | None = None
) -> Said:
    """Give an account, told by its last 16 characters, a role over a unit."""
    data = {"account": f"a-{account}", "role": role} | ({} if until is None else {"until": until})
    return say(by or unit, event_id, "access.granted", unit, data)


def revoked(unit: str, account: str, role: str, event_id: str, *, by: str | None = None) -> Said:
    return say(by or unit, event_id, "access.revoked", unit, {"account": f"a-{account}", "role": role})


def assigned(
    unit: str,
    measure: str,
    days: tuple[str, str],
    ends: tuple[int, int | None],
    event_id: str,
    *,
    by: str | None = None,
) -> Said:
    """Assign a target from the first of the days to the deadline; an upper end of None makes it a floor."""
    data: dict[str, Any] = {"measure": measure, "from": days[0], "to": days[1], "at_least": ends[0]}
    data |= {} if ends[1] is None else {"at_most": ends[1]}
    return say(by or unit, event_id, "target.assigned", unit, data | {"resolution": f"NQ {event_id}"})


def declared(
    unit: str, figure: str, days: str | tuple[str, str], value: int, event_id: str, *, by: str | None = None
) -> Said:
    """Declare a stock of a day, or a measure of a period of two days."""
    data = {"on": days} if isinstance(days, str) else {"from": days[0], "to": days[1]}
    return say(by or unit, event_id, "figure.declared", unit, {"figure": figure} | data | {"value": value})
