"""The stock of members: the equation of the domain page, from a declared figure on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.asking import UNDECIDED, Asked, Plan

DAY = dt.timedelta(1)
FLOWS = {"admissions": 1, "restorations": 1, "transfers_in": 1, "departures": -1, "transfers_out": -1}
"""What adds to the stock, and what takes from it."""

Operand = dict[str, Any]
"""One side of a rate, or a stock, as in the JSON; `said` are positions."""


def stock(asked: Asked) -> dict[str, Any]:
    """Carry the latest declared figure to the day; beside it, the one before carried to the day of the latest."""
    opening = _latest(asked, asked.on)
    if opening is None:
        nothing = dict.fromkeys(("opening", "flows", "computed", "check"))
        return nothing | {"on": str(asked.on), "reorganised": False, "reason": True}
    before = None if opening.last == dt.date.min else _latest(asked, opening.last - DAY)
    return {
        "on": str(asked.on),
        "opening": declared(opening),
        "flows": flows(asked, opening.last, asked.on),
        "computed": opening.data["value"] + _net(flows(asked, opening.last, asked.on)),
        "check": before and _check(asked, before, opening),
        "reorganised": _reorganised(asked, (before or opening).last),
        "reason": False,
    }


def _latest(asked: Asked, day: dt.date) -> Plan | None:
    """Find the figure of members that the unit declared of this day, or the latest before."""
    found = [p for p in asked.declarations() if p.what == "members" and p.last <= day]
    return max(found, key=lambda p: p.last, default=None)


def declared(plan: Plan) -> Operand:
    return {
        "what": plan.what,
        "from": None,
        "to": str(plan.last),
        "value": plan.data["value"],
        "how": "declared",
        "said": [plan.position],
    }


def flows(asked: Asked, after: dt.date, until: dt.date) -> dict[str, int]:
    """Count what comes and goes on the days after one day, up to another: a figure holds for the end of its day."""
    if after >= until:
        return dict.fromkeys(FLOWS, 0)
    return {measure: asked.count(measure, after + DAY, until) for measure in FLOWS}


def _net(counted: dict[str, int]) -> int:
    return sum(sign * counted[measure] for measure, sign in FLOWS.items())


def _check(asked: Asked, before: Plan, opening: Plan) -> dict[str, Any]:
    between = flows(asked, before.last, opening.last)
    computed = before.data["value"] + _net(between)
    return {
        "opening": declared(before),
        "flows": between,
        "computed": computed,
        "declared": declared(opening),
        "difference": opening.data["value"] - computed,
    }


def _reorganised(asked: Asked, since: dt.date) -> Any:
    """Whether a unit came below or went on a day since: not one that is founded. Undecided of a unit that has ended."""
    h = asked.oracle.hierarchy()
    if h.is_dissolved(asked.unit, asked.on):
        return UNDECIDED
    for day in {s.since for s in h.statements if since < s.since <= asked.on}:
        for unit in h.units():
            before, after = (asked.unit in h.ancestors(unit, then) for then in (day - DAY, day))
            if before != after and h.founded(unit) != day:
                return True
    return False


def at_end(asked: Asked, day: dt.date) -> Operand | None:
    """Say the stock at the end of a day: declared of it, or carried to it; None where no figure was declared."""
    opening = _latest(asked, day)
    if opening is None or opening.last == day:
        return opening and declared(opening)
    carried = opening.data["value"] + _net(flows(asked, opening.last, day))
    return declared(opening) | {"to": str(day), "value": carried, "how": "opening_and_flows"}


def at_start(asked: Asked, day: dt.date) -> Operand | None:
    """Say the stock at the start of a period that begins on this day: declared of it, else that of the day before."""
    own = asked.declaration("members", day, day)
    if own is not None:
        return declared(own)
    return None if day == dt.date.min else at_end(asked, day - DAY)
