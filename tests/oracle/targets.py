"""A unit's targets, and those of its children beside them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.asking import Asked, Plan, target_order
from tests.oracle.rounding import one_place, percent

Period = tuple[str, dt.date, dt.date]
"""A measure, from, to."""


def targets(asked: Asked) -> list[dict[str, Any]]:
    return [_target(asked, plan) for plan in asked.targets()]


def value_of(asked: Asked, plan: Plan) -> int:
    """Count the target's measure, never past the deadline."""
    return asked.count(plan.what, plan.first, min(asked.on, plan.last))


def _target(asked: Asked, plan: Plan) -> dict[str, Any]:
    until = min(asked.on, plan.last)
    value = value_of(asked, plan)
    at_least, at_most = _ends(plan)
    remaining = max(0, at_least - value)
    days_left = max(0, (plan.last - asked.on).days)
    needed = None if days_left == 0 else one_place(30 * remaining, days_left)
    return {
        "measure": plan.what,
        "from": str(plan.first),
        "to": str(plan.last),
        "at_least": at_least,
        "at_most": at_most,
        "resolution": plan.data["resolution"],
        "said": plan.position,
        "until": str(until),
        "value": value,
        "attainment": (attained := _attainment(asked, value, plan)),
        "remaining": {"at_least": remaining, "at_most": None if at_most is None else max(0, at_most - value)},
        "days_left": days_left,
        "pace": {"so_far": one_place(30 * value, (until - plan.first).days + 1), "needed": needed},
        "reason": attained["at_least"] is None,
    }


def _ends(plan: Plan | None) -> tuple[Any, Any]:
    return (None, None) if plan is None else (plan.data["at_least"], plan.data.get("at_most"))


def _attainment(asked: Asked, value: int, plan: Plan | None) -> dict[str, Any]:
    if plan is None or is_silent(asked, plan):
        return {"at_least": None, "at_most": None}
    at_least, at_most = _ends(plan)
    return {"at_least": percent(value, at_least), "at_most": percent(value, at_most)}


def is_silent(asked: Asked, plan: Plan) -> bool:
    """Whether nothing is counted, and the unit declared no total, not even zero, for any day that is counted."""
    until = min(asked.on, plan.last)
    said = [p for p in asked.declarations() if p.what == plan.what and p.first <= until and p.last >= plan.first]
    return value_of(asked, plan) == 0 and not said


def allocations(asked: Asked) -> list[dict[str, Any]]:
    """Set the targets of the children beside the unit's own, for every period of which either has one."""
    found: dict[Period, Plan] = {}
    for unit in (asked.unit, *_anyone(asked)):
        for plan in asked.of(unit).targets():
            if unit == asked.unit or unit in asked.children(min(asked.on, plan.last)):
                found.setdefault((plan.what, plan.first, plan.last), plan)
    return [_allocation(asked, *period) for period in sorted(found, key=lambda period: target_order(found[period]))]


def _anyone(asked: Asked) -> list[str]:
    return asked.oracle.hierarchy().units()


def _target_of(asked: Asked, measure: str, first: dt.date, last: dt.date) -> Plan | None:
    for plan in asked.targets():
        if (plan.what, plan.first, plan.last) == (measure, first, last):
            return plan
    return None


def _row(asked: Asked, measure: str, first: dt.date, last: dt.date) -> dict[str, Any]:
    plan = _target_of(asked, measure, first, last)
    value = asked.count(measure, first, min(asked.on, last))
    at_least, at_most = _ends(plan)
    attained = _attainment(asked, value, plan)
    return {
        "unit": asked.unit,
        "at_least": at_least,
        "at_most": at_most,
        "resolution": plan and plan.data["resolution"],
        "said": plan and plan.position,
        "value": value,
        "attainment": attained,
        "reason": attained["at_least"] is None,
    }


def _allocation(asked: Asked, measure: str, first: dt.date, last: dt.date) -> dict[str, Any]:
    own = _row(asked, measure, first, last)
    del own["unit"]
    children = asked.children(min(asked.on, last))
    rows = [_row(asked.of(child), measure, first, last) for child in children]
    given = [row for row in rows if row["at_least"] is not None]
    floor = sum(row["at_least"] for row in given) if given else None
    ranges = given and all(row["at_most"] is not None for row in given)
    ceiling = sum(row["at_most"] for row in given) if ranges else None
    both = own["at_least"] is not None and floor is not None
    # A unit with a floor alone asks for no ceiling: its children's may be any.
    adds_up = own["at_least"] == floor and own["at_most"] in (None, ceiling) if both else None
    return own | {
        "measure": measure,
        "from": str(first),
        "to": str(last),
        "sum_at_least": floor,
        "sum_at_most": ceiling,
        "difference": own["at_least"] - floor if both else None,
        "adds_up": adds_up,
        "with_target": len(given),
        "without_target": len(rows) - len(given),
        "reason": adds_up is None or own["attainment"]["at_least"] is None,
        "rows": rows,
    }
