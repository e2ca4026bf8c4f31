"""Contract, section 8, Suspicious: findings, and what is told of events, are those that looking at all facts gives."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.suspicion.rule import KINDS
from projections.store.generations import enter_the_one_in_force
from projections.store.reading.snapshot import snapshot
from projections.store.reading.suspicions import suspicions_at
from tests.oracle.figures import Question
from tests.oracle.oracle import Oracle
from tests.oracle.suspicion import Found, counted, suspicions
from tests.oracle.telling import Said
from tests.oracle.wording import MEASURES, day_of
from tests.property.examples import examples
from tests.property.reading import RANGES, Reader
from tests.property.suspected import suspected_log
from tests.property.system import System, oracle_of

ARRIVED = dt.date(2024, 1, 2)
OF_THE_SUBJECT = [measure for measure in MEASURES if measure != "transfers_in"]


def right_page(oracle: Oracle, found: set[Found], unit: str, days: tuple[dt.date, dt.date]) -> list[Found]:
    """Put in order the findings whose last event is of the unit and the days."""
    facts = dict(counted(oracle))
    here = {position for each in OF_THE_SUBJECT for position in oracle.events(Question(unit, *days, "as-was", (each,)))}
    listed = [each for each in found if each[1][-1] in here]
    return sorted(listed, key=lambda each: (day_of(facts[each[1][-1]]), each[1][-1], KINDS.index(each[0]), each[1]))


def told(page: list[dict[str, Any]]) -> list[Found]:
    return [(each["kind"], tuple(event["position"] for event in each["events"])) for each in page]


async def findings_are_right(system: System, reader: Reader, random: Random, log: list[Said]) -> None:
    oracle = oracle_of(log)
    facts, found = dict(counted(oracle)), suspicions(counted(oracle), ARRIVED)
    for unit in random.sample(oracle.hierarchy().units(), k=min(3, len(oracle.hierarchy().units()))):
        first, last = random.choice((("2000-01-01", "2030-12-31"), ("2000-01-01", "2030-12-31"), *RANGES))
        days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        asked = {"from": first, "to": last}
        kinds = KINDS if random.randrange(2) else tuple(random.sample(KINDS, random.randint(1, 3)))
        if kinds != KINDS:
            asked["kind"] = ",".join(kinds)
        page = await reader._all(f"/v1/units/{unit}/findings", asked)
        right = [each for each in right_page(oracle, found, unit, days) if each[0] in kinds]
        assert told(page) == right, (unit, asked)
        for each in page:
            events = [facts[event["position"]] for event in each["events"]]
            assert [(e["id"], e["type"], str(day_of(e))) for e in events] == [
                (event["id"], event["type"], event["day"]) for event in each["events"]
            ]
            assert (each["unit"], each["day"]) == (events[-1]["subject"], str(day_of(events[-1])))


async def receipts_are_right(system: System, log: list[Said]) -> None:
    """Hold what is told of each fact to the oracle: that of a pair is told of both."""
    facts = counted(oracle_of(log))
    async with asyncpg.create_pool(system.url, min_size=1, max_size=1) as pool, snapshot(pool) as opened:
        said = await suspicions_at(opened, [position for position, _ in facts], None)
    here = {
        (position, each.kind, tuple(event.position for event in each.events))
        for position, several in said.items()
        for each in several
    }
    assert here == {(at, kind, events) for kind, events in suspicions(facts, ARRIVED) for at in events}


async def is_right(system: System, reader: Reader, seed: int) -> None:
    random = Random(seed)
    log = suspected_log(random)
    await system.deliver(log, [(0, len(log), False)])
    if random.randrange(4) == 0:  # as what was counted before there were digests
        await enter_the_one_in_force(system.connection)
        await system.connection.execute("UPDATE fact SET person = NULL WHERE position % 2 = 0 AND measure <> 6")
    await findings_are_right(system, reader, random, log)
    await receipts_are_right(system, log)


@examples(12)
@given(st.integers(0, 2**32 - 1))
async def test_what_is_suspicious_is_what_looking_at_every_fact_finds(
    system: System, reader: Reader, seed: int
) -> None:
    await is_right(system, reader, seed)


@pytest.mark.long
@examples(400)
@given(st.integers(0, 2**32 - 1))
async def test_what_is_suspicious_in_many_logs_is_what_looking_at_every_fact_finds(
    system: System, reader: Reader, seed: int
) -> None:
    await is_right(system, reader, seed)
