"""The oracle that remembers says what the one says that looks everything up afresh."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random

from tests.oracle.figures import Question
from tests.oracle.oracle import Oracle
from tests.oracle.remembering import Remembering
from tests.oracle.telling import ROOT
from tests.oracle.wording import MEASURES
from tests.property.reforming import REFORMS, Reformer
from tests.property.strategies import ACTIONS, UNITS, log_of

LOGS = 25


def reformed(random: Random) -> list[tuple[str, bytes]]:
    teller = Reformer(random, UNITS[:6])
    for _ in range(40):
        told = getattr(teller, random.choice((*ACTIONS, *REFORMS * 3)))()
        teller.log.extend(told if isinstance(told, list) else [told])
    for _ in range(12):
        teller.log.insert(random.randrange(len(teller.log)), teller.log.pop(random.randrange(len(teller.log))))
    return list(teller.log)


def test_after_every_message_all_outcomes_are_the_same_and_all_figures_in_the_end() -> None:
    seen: Counter[str] = Counter()
    for seed in range(LOGS):
        random = Random(seed)
        depths = (3, 5) if seed % 4 < 2 else (64, 256)  # few logs are too deep at all
        afresh, remembering = Oracle(ROOT, *depths), Remembering(ROOT, *depths)
        for position, said in enumerate((log_of if seed % 2 else reformed)(random), start=1):
            afresh.feed(position, *said)
            remembering.feed(position, *said)
            assert remembering.outcomes() == afresh.outcomes(), (seed, position)
        seen.update(outcome for _, outcome, _ in afresh.outcomes())
        hold_totals(afresh, remembering)
    assert seen.keys() == {"counted", "applied", "duplicate", "parked", "rejected", "retracted"}


def hold_totals(afresh: Oracle, remembering: Remembering) -> None:
    found = remembering.totals()
    for unit in afresh.hierarchy().units():
        for basis in ("as-was", "as-now"):
            question = Question(unit, dt.date(2019, 1, 1), dt.date(2024, 12, 31), basis, MEASURES, "none")
            total = afresh.report(question).total
            assert {measure: found[unit, measure, basis] for measure in MEASURES} == total
            if unit == ROOT:
                assert {measure: remembering.counted[measure] for measure in MEASURES} == total
