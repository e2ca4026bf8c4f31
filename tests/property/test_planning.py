"""The logs of plans are worth trying: in the answers about them everything is found that a rule is about."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.oracle.plans import allocated, indicators
from tests.property.planned import asked_of
from tests.property.planning import log_of_plans
from tests.property.system import oracle_of

LOGS = 60


@pytest.mark.long
def test_logs_of_plans_come_upon_every_rule() -> None:
    seen: Counter[str] = Counter()
    for seed in range(LOGS):
        oracle = oracle_of(log_of_plans(Random(seed)))
        for asked in asked_of(oracle, Random(seed), several=2):
            seen.update(_told(indicators(oracle, *asked), asked.on))
            seen.update(_handed_down(allocated(oracle, *asked)))
    assert {name for name in RULES if not seen[name]} == set()


def _told(answer: dict[str, Any], on: dt.date) -> list[str]:
    found = [f"{rate['rate']} {'null' if rate['percent'] is None else 'known'}" for rate in answer["rates"]]
    found += [f"{side['how']}" for rate in answer["rates"] for side in (rate["denominator"],) if isinstance(side, dict)]
    for target in answer["targets"]:
        found.append("running" if target["days_left"] else "past")
        found += [f"{key} null" for key in ("at_least", "at_most") if target["attainment"][key] is None]
        found.append("silent" if target["reason"] and target["at_least"] else "told")
        found.append("reached" if target["remaining"]["at_least"] == 0 else "not reached")
    for row in answer["figures"]:
        kind = "measure" if row["to"] else "stock"
        found.append(f"{kind} {'none' if row['declared'] is None else 'declared'}")
        found.append(f"{kind} {_sign(row['difference'])}")
        children = row["children"]
        found += [f"{kind} of some children"] * bool(children["said"] and children["silent"])
    stock = answer["stock"]
    found += ["check"] * bool(stock["check"]) + ["reorganised"] * stock["reorganised"]
    return [*found, *([f"flow of {flow}" for flow, n in stock["flows"].items() if n] if stock["flows"] else [])]


def _handed_down(answer: dict[str, Any]) -> list[str]:
    return [f"adds up {allocation['adds_up']}" for allocation in answer["targets"]]


def _sign(difference: int | None) -> str:
    if difference is None:
        return "not held against"
    return "as computed" if difference == 0 else "other than computed"


RULES = (
    *("running", "past", "at_least null", "at_most null", "silent", "told", "reached", "not reached"),
    *(f"{kind} {what}" for kind in ("measure", "stock") for what in ("none", "declared", "of some children")),
    *(f"{kind} {what}" for kind in ("measure", "stock") for what in ("not held against", "as computed")),
    *(f"{kind} other than computed" for kind in ("measure", "stock")),
    *("check", "reorganised", "declared", "opening_and_flows", "counted", "target"),
    *(f"flow of {flow}" for flow in ("admissions", "transfers_in", "restorations", "departures", "transfers_out")),
    *(f"adds up {what}" for what in (True, False, None)),
    *(
        f"{rate} {what}"
        for what in ("known", "null")
        for rate in (
            "members_of_staff",
            "key_posts_of_members",
            "rated_good_of_members",
            "rated_excellent_of_rated_good",
            "economic_targets_met_of_economic_targets",
            "admissions_of_stock_at_start_of_year",
            "admissions_of_stock_at_start_of_term",
            "admissions_of_stock_at_end_of_last_year",
            "admissions_of_last_year",
            "admissions_of_target",
        )
    ),
)
