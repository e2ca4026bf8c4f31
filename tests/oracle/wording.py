"""The contract's tables of types, copied off the page: what is counted, on which day, split how, naming whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

Event = dict[str, Any]
"""A message's JSON, after the codec has said that it is well formed."""

FACETS = ("sex", "ethnicity", "religion", "youth_union", "age_band", "education", "occupation")

FACTS: dict[str, tuple[tuple[str, ...], str]] = {
    "member.admitted": (("admissions",), "decided_on"),
    "member.confirmed": (("confirmations",), "decided_on"),
    "badge.awarded": (("badges",), "awarded_on"),
    "member.departed": (("departures",), "on"),
    "member.transferred": (("transfers_out", "transfers_in"), "on"),
    "candidate.introduced": (("introductions",), "on"),
    "candidate.trained": (("trainings",), "on"),
    "member.restored": (("restorations",), "on"),
}
STRUCTURE = ("unit.established", "unit.renamed", "unit.releveled", "unit.moved", "unit.dissolved")
PLANS = ("target.assigned", "figure.declared")
ACCESS = ("access.granted", "access.revoked")
RETRACTION = "event.retracted"

ROLES = ("reader", "officer", "clerk", "signer", "keeper", "operator")

MEASURES = tuple(measure for measures, _ in FACTS.values() for measure in measures)

STOCKS = (
    "members",
    "staff",
    "key_posts",
    "rated_good",
    "rated_excellent",
    "subordinate_units",
    "economic_targets",
    "economic_targets_met",
)

LEVELS = ("central", "province", "upper", "grassroots", "section", "cell", "group")

CODES: dict[str, tuple[str, ...]] = {
    "sex": ("female", "male"),
    "ethnicity": ("kinh", "minority"),
    "religion": ("none", "some"),
    "youth_union": ("yes", "no"),
    "age_band": ("18-30", "31-40", "41-50", "51-60", "over-60"),
    "education": ("lower_secondary", "upper_secondary", "vocational", "college", "bachelor", "master", "doctor"),
    "occupation": (
        "worker",
        "farmer",
        "official",
        "public_employee",
        "armed_forces",
        "business",
        "student",
        "retired",
        "other",
    ),
    "grade": ("30", "40", "45", "50", "55", "60", "65", "70", "75", "80", "85", "90"),
    "reason": ("died", "expelled", "struck_off", "resigned", "not_confirmed"),
    "passed": ("yes", "no"),
    "readmission": ("yes", "no"),
    "early": ("yes", "no"),
    "posthumous": ("yes", "no"),
}
"""The codes of each dimension besides `unknown`."""

OWN = (
    ("badge.awarded", "grade"),
    ("badge.awarded", "early"),
    ("badge.awarded", "posthumous"),
    ("member.departed", "reason"),
    ("candidate.trained", "passed"),
)
"""The fields that are dimensions of their type's measure, besides `readmission`, which is `no` where it isn't given."""


def day_of(event: Event) -> dt.date:
    """Read the day of decision: a fact's own, `since`, `from` of a target, `on` or `to` of a declaration.

    Of an event of access it is the last known one (section 1).
    """
    kind, data = event["type"], event["data"]
    if kind in ACCESS:
        return dt.date.max
    if kind in FACTS:
        text = data[FACTS[kind][1]]
    elif kind in STRUCTURE:
        text = data["since"]
    elif kind == "target.assigned":
        text = data["from"]
    else:
        text = data["on"] if "on" in data else data["to"]
    return dt.date.fromisoformat(text)


def code_of(event: Event, dimension: str) -> str:
    """Under which code of the dimension a fact counts."""
    kind, data = event["type"], event["data"]
    code: Any = "unknown"
    if dimension in FACETS:
        code = data.get("facets", {}).get(dimension, "unknown")
    elif (kind, dimension) == ("member.admitted", "readmission"):
        code = data.get("readmission", False)
    elif (kind, dimension) in OWN:
        code = data.get(dimension, "unknown")
    if isinstance(code, bool):
        return "yes" if code else "no"
    return str(code)


def named_units(event: Event) -> list[str]:
    """List the units that the event is about, its publisher left out."""
    data = event["data"]
    named = [event["subject"]]
    if event["type"] == "member.transferred":
        named.append(data["to"])
    if event["type"] in ("unit.established", "unit.moved") and data["parent"] is not None:
        named.append(data["parent"])
    if event["type"] == "unit.dissolved" and data.get("successor") is not None:
        named.append(data["successor"])
    return named
