"""The logs of the property tests are worth trying: mostly right, and wrong in every way that the contract names."""

from __future__ import annotations

from collections import Counter

from hypothesis import Phase, given, settings

from events.vocabulary import Outcome, Reason
from tests.oracle.telling import Said
from tests.oracle.wording import STRUCTURE
from tests.property.strategies import logs
from tests.property.system import oracle_of

LOGS = 150


def test_logs_are_mostly_right_and_wrong_in_every_way() -> None:
    seen: Counter[str | None] = Counter()
    rich: list[bool] = []

    @settings(max_examples=LOGS, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(logs)
    def read(log: list[Said]) -> None:
        oracle = oracle_of(log)
        here = Counter(word for _, *words in oracle.outcomes() for word in words)
        changes = sum(e.holds and e.event is not None and e.event["type"] in STRUCTURE for e in oracle.entries)
        rich.append(here["counted"] >= 5 and changes >= 5)
        seen.update(here)

    read()
    assert sum(rich) > 0.7 * len(rich)
    assert {*Outcome, *Reason} - {Reason.TOO_DEEP} <= seen.keys()  # no log is that long: tests/property/test_depth.py
