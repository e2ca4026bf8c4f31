"""What has to come out, counted from the acknowledged messages by plain code that shares nothing with the service."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.fault.publishing import Acked

COUNTED = {
    "member.admitted": (("admissions", "subject"),),
    "member.confirmed": (("confirmations", "subject"),),
    "badge.awarded": (("badges", "subject"),),
    "candidate.trained": (("trainings", "subject"),),
    "member.departed": (("departures", "subject"),),
    "member.restored": (("restorations", "subject"),),
    "member.transferred": (("transfers_out", "subject"), ("transfers_in", "to")),
}
DAY_OF = {"member.admitted": "decided_on", "member.confirmed": "decided_on", "badge.awarded": "awarded_on"}


class Counted(NamedTuple):
    """Something counted once."""

    unit: str
    measure: str
    day: str
    sex: str


class Expectation:
    """Outcomes by position, and what is counted, after all of the log."""

    def __init__(self, acked: Sequence[Acked]) -> None:
        self.outcomes: dict[int, str] = {}
        self.counted: list[Counted] = []
        self._parents: dict[str, list[tuple[str, int, str | None]]] = {}
        firsts = self._firsts(acked)
        for (position, _), event in firsts.items():
            if event["type"] in {"unit.established", "unit.moved"}:
                change = (event["data"]["since"], position, event["data"]["parent"])
                self._parents.setdefault(event["subject"], []).append(change)
        keys = {key for _, key in firsts}
        taken_back = {_target(event) for event in firsts.values() if event["type"] == "event.retracted"}
        for (position, key), event in firsts.items():
            self.outcomes[position] = self._outcome(key, event, keys, taken_back)
            if self.outcomes[position] == "counted":
                self.counted += _contributions(event)

    @property
    def units(self) -> list[str]:
        """All units that are known in the end."""
        return sorted(self._parents)

    def totals(self) -> Counter[tuple[str, str]]:
        """Count each measure in each unit: its own and all below it, as they were on the fact's day."""
        found: Counter[tuple[str, str]] = Counter()
        for one in self.counted:
            for unit in self.chain(one.unit, one.day):
                found[unit, one.measure] += 1
        return found

    def chain(self, unit: str | None, day: str) -> list[str]:
        """List a unit and those above it on a day."""
        above = []
        while unit is not None:
            above.append(unit)
            unit = max(change for change in self._parents[unit] if change[0] <= day)[2]
        return above

    def _firsts(self, acked: Sequence[Acked]) -> dict[tuple[int, tuple[str, str]], dict[str, Any]]:
        """Find the first message under each key, and say what becomes of the others."""
        firsts: dict[tuple[int, tuple[str, str]], dict[str, Any]] = {}
        known = set()
        for position, told in sorted(acked):
            if told.wrong:
                self.outcomes[position] = "rejected"
                continue
            event = json.loads(told.said.body)
            key = (event["source"].removeprefix("/units/"), event["id"])
            if key in known:
                self.outcomes[position] = "duplicate"
                continue
            known.add(key)
            firsts[position, key] = event
        return firsts

    def _outcome(
        self,
        key: tuple[str, str],
        event: dict[str, Any],
        keys: set[tuple[str, str]],
        taken_back: set[tuple[str, str]],
    ) -> str:
        if event["type"] == "event.retracted":
            return "applied" if _target(event) in keys else "parked"
        if event["type"] not in COUNTED:
            return "applied"
        if key in taken_back:
            return "retracted"
        named = {event["subject"], event["data"].get("to", event["subject"])}
        return "counted" if named <= self._parents.keys() else "parked"


def _target(event: dict[str, Any]) -> tuple[str, str]:
    return event["data"]["source"].removeprefix("/units/"), event["data"]["id"]


def _contributions(event: dict[str, Any]) -> list[Counted]:
    data = event["data"]
    day = data[DAY_OF.get(event["type"], "on")]
    sex = data.get("facets", {}).get("sex", "unknown")
    units = {"subject": event["subject"], "to": data.get("to")}
    return [Counted(units[unit], measure, day, sex) for measure, unit in COUNTED[event["type"]]]
