"""Logs rich in plans: equal targets and figures said again and again, taken back, by parents and children alike.

What the other logs have is in them, too; days and periods are few, so that one plan replaces another and figures of a
unit and of its children are of the same day.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.oracle.telling import ROOT, Said, moved, retracted, say
from tests.oracle.wording import MEASURES, PLANS, STOCKS
from tests.property.strategies import DAYS, UNITS, Teller

DAYS_OF_FACTS = (*DAYS, "2023-02-28", "2023-03-01")
DAYS_OF_STOCKS = ("2019-12-31", "2020-01-01", "2020-02-29", "2022-12-31", "2023-01-01", "2023-01-31")
PERIODS = (
    ("2019-12-31", "2020-02-29"),
    ("2020-01-01", "2020-12-31"),
    ("2020-01-01", "2024-01-01"),
    ("2020-02-29", "2023-12-31"),
    ("2022-12-31", "2022-12-31"),
    ("2022-12-31", "2023-12-31"),
    ("2023-01-01", "2023-01-31"),
    ("2023-01-01", "2023-12-31"),
    ("2023-02-01", "2024-10-31"),
)
DAYS_ASKED = (*DAYS_OF_FACTS, "2019-12-30", "2021-06-30", "2024-02-29", "2025-06-30")
ENDS = ((0, None), (0, 0), (0, 2), (1, None), (1, 2), (2, None), (2, 3), (3, 3), (16, None), (80, 2000))
SHARES = ((0, None), (1, None), (2, None), (1, 2), (1, 3))
VALUES = (0, 1, 2, 3, 7, 16, 80, 2000, 2**53 - 1)

ACTIONS = (
    *["fact"] * 28,
    *["target"] * 8,
    *["stock"] * 8,
    *["period"] * 6,
    *["handed_down", "summed_up", "shared"] * 3,
    *["sheet"] * 3,
    *["plan_retracted"] * 5,
    *["moved"] * 6,
    *["dissolved", "founded", "releveled", "renamed"],
    *["granted", "revoked"],
    *["retracted", "again", "conflict"],
)


class Planner(Teller):
    """Tells anything that a Teller does, and plans of a few days and periods."""

    def day(self) -> str:
        return self.one(DAYS_OF_FACTS)

    def moved(self) -> Said:
        """Move a unit, now and then to the root, where it makes no cycle, so that units come and go between others."""
        unit, parent = self.one(self.units), self.one((ROOT, *self.units))
        return moved(unit, parent, self.day(), self.new_id(), by=self.publisher_above())

    def measure(self) -> str:
        return self.one((*["admissions"] * 4, *MEASURES))

    def target(self) -> Said:
        return self.target_of(self.any_unit(), self.measure(), self.one(PERIODS))

    def family(self) -> tuple[str, list[str]]:
        """Choose a unit that has children in the tree told first, and these."""
        events = [json.loads(said.body) for said in self.log[: len(self.units) + 1]]
        parent = self.one([event["data"]["parent"] or ROOT for event in events])
        return parent, [event["subject"] for event in events if event["data"]["parent"] == parent]

    def handed_down(self) -> list[Said]:
        """Give a unit a target, and share it out among its children; the last of these is left out now and then."""
        parent, children = self.family()
        measure, period = self.measure(), self.one(PERIODS)
        shares = [self.one(SHARES) for _ in children]
        most = [most for _, most in shares if most is not None]
        whole = (sum(least for least, _ in shares), sum(most) if len(most) == len(shares) else None)
        told = [self.target_of(parent, measure, period, whole)]
        told += [self.target_of(child, measure, period, share) for child, share in zip(children, shares, strict=True)]
        return self.with_ids(told[: len(told) - self.one_in(4)])

    def summed_up(self) -> list[Said]:
        """Let a unit declare what its children do."""
        parent, children = self.family()
        figure = self.figure_of_a_period() if self.one_in(3) else self.figure_of_a_day()
        values = [self.one(VALUES[:5]) for _ in children]
        told = [self.figure_of(child, figure, value) for child, value in zip(children, values, strict=True)]
        return self.with_ids([*told, self.figure_of(parent, figure, sum(values))])

    def target_of(
        self, unit: str, measure: str, period: tuple[str, str], ends: tuple[int, int | None] | None = None
    ) -> Said:
        at_least, at_most = ends or self.one(ENDS)
        data = {"measure": measure, "from": period[0], "to": period[1], "at_least": at_least}
        data |= {} if at_most is None else {"at_most": at_most}
        data |= {"resolution": self.one(("Nghị quyết số 1-NQ/ĐU", "Chỉ tiêu năm"))}
        return say(self.publisher_for(unit), self.new_id(), "target.assigned", unit, data)

    def stock(self) -> Said:
        return self.figure_of(self.any_unit(), self.figure_of_a_day())

    def period(self) -> Said:
        return self.figure_of(self.any_unit(), self.figure_of_a_period())

    def figure_of_a_day(self) -> dict[str, Any]:
        """Choose a stock, mostly members, and a day."""
        return {"figure": self.one((*["members"] * 8, *STOCKS)), "on": self.one(DAYS_OF_STOCKS)}

    def figure_of_a_period(self) -> dict[str, Any]:
        first, last = self.one(PERIODS)
        return {"figure": self.measure(), "from": first, "to": last}

    def figure_of(self, unit: str, figure: dict[str, Any], value: int | None = None) -> Said:
        said = self.one(VALUES) if value is None else value
        data = figure | {"value": said} | self.perhaps("note", "không phát sinh")
        return say(self.publisher_for(unit), self.new_id(), "figure.declared", unit, data)

    def shared(self) -> list[Said]:
        """Let several units say the same of the same day or period."""
        units = [self.any_unit() for _ in range(self.random.randint(2, 4))]
        figure = self.one((self.figure_of_a_day(), self.figure_of_a_period()))
        return self.with_ids([self.figure_of(unit, figure) for unit in units])

    def sheet(self) -> list[Said]:
        """Let a unit declare several stocks of one day."""
        unit, on = self.any_unit(), self.one(DAYS_OF_STOCKS)
        stocks = self.random.sample(STOCKS, self.random.randint(4, len(STOCKS)))
        return self.with_ids([self.figure_of(unit, {"figure": stock, "on": on}) for stock in stocks])

    def with_ids(self, told: list[Said]) -> list[Said]:
        """Give each an id of its own: all have been given the next one."""
        return [_with_id(said, f"{self.new_id()}-{n}") for n, said in enumerate(told)]

    def plan_retracted(self) -> Said:
        """Take back a plan, mostly by who said it."""
        plans = [said for said in self.log if said.bus_subject.split(".", 3)[-1] in PLANS]
        if not plans:
            return self.retracted()
        plan = self.one(plans)
        of = plan.bus_subject.split(".")[2]
        return retracted(self.one((of, of, of, self.any_unit())), self.new_id(), json.loads(plan.body)["id"], of)


def _with_id(said: Said, event_id: str) -> Said:
    return Said(said.bus_subject, json.dumps(json.loads(said.body) | {"id": event_id}).encode())


def log_of_plans(random: Random) -> list[Said]:
    """Make a log of 35 to 75 messages on a tree of a few units; some are told sooner or later."""
    teller = Planner(random, UNITS[: random.randint(2, 6)])
    enough = random.randint(35, 65)
    while len(teller.log) < enough:
        told = getattr(teller, random.choice(ACTIONS))()
        teller.log.extend(told if isinstance(told, list) else [told])
    log = teller.log
    for _ in range(random.choice((0, 2, 6))):
        log.insert(random.randrange(len(log)), log.pop(random.randrange(len(log))))
    return log


logs_of_plans = st.integers(0, 2**32 - 1).map(lambda seed: log_of_plans(Random(seed)))
