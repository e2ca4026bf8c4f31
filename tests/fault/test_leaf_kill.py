"""The line of a leaf is cut, and leaf, forwarder and hub are killed, under load: each event arrives once, in order."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random

import pytest

from tests.attacks.leaves import SIBLING, UNIT
from tests.fault.leaf_rig import Rig, rig
from tests.oracle.figures import Question, Report
from tests.oracle.oracle import Oracle

ROOT, PROVINCE = "trung-uong", "thanh-hoa"
Message = tuple[str, bytes]


def bodies_of(unit: str, count: int) -> list[bytes]:
    return [
        b'{"specversion":"1.0","id":"%d","source":"/units/%s","type":"member.admitted","subject":"%s","time":'
        b'"2023-12-04T09:30:00+07:00","data":{"member":"m%d","decided_on":"2023-%02d-01"}}'
        % (number, unit.encode(), unit.encode(), number, number % 12 + 1)
        for number in range(count)
    ]


def established(unit: str, parent: str | None, level: str) -> Message:
    publisher = parent or unit
    event = {
        "specversion": "1.0",
        "id": f"established-{unit}",
        "source": f"/units/{publisher}",
        "type": "unit.established",
        "subject": unit,
        "time": "2020-01-01T00:00:00+07:00",
        "data": {"parent": parent, "name": unit, "level": level, "since": "2020-01-01"},
    }
    return f"party.v1.{publisher}.unit.established", json.dumps(event).encode()


def figures(facts: list[Message]) -> list[Report]:
    """Work out, by the second implementation of the rules, what a log comes to."""
    structure = [
        established(ROOT, None, "central"),
        established(PROVINCE, ROOT, "province"),
        established(UNIT, PROVINCE, "grassroots"),
        established(SIBLING, PROVINCE, "grassroots"),
    ]
    oracle = Oracle()
    for position, (subject, body) in enumerate([*structure, *facts], 1):
        oracle.feed(position, subject, body)
    days = dt.date(2023, 1, 1), dt.date(2023, 12, 31)
    return [oracle.report(Question(PROVINCE, *days, by=by)) for by in ("child", "month")]


async def all_arrive(running: Rig, count: int, troubles: list[str], between: float) -> list[Message]:
    """Publish at the leaf while there is trouble; then each event is at the hub, in the order in which it was sent.

    Gives the hub's log.
    """
    sent = {unit: bodies_of(unit, count) for unit in (UNIT, SIBLING)}
    publishing = [asyncio.create_task(running.publish(unit, bodies)) for unit, bodies in sent.items()]
    for trouble in troubles:
        await asyncio.sleep(between)
        if trouble == "line":
            running.wire.cut()
            await asyncio.sleep(between)
            running.wire.mend()
        else:
            running.kill(trouble)
    await asyncio.gather(*publishing)
    await running.arrived()
    log = await running.log()
    for unit, bodies in sent.items():
        subject = f"party.v1.{unit}.member.admitted"
        # What was in doubt when something died may stand there again: it is one event by its key (contract, law 2).
        assert list(dict.fromkeys(body for found, body in log if found == subject)) == bodies
    assert {subject for subject, _ in log} == {f"party.v1.{unit}.member.admitted" for unit in sent}
    return log


@pytest.mark.long
async def test_each_event_arrives_once_and_in_order_whatever_dies() -> None:
    async with rig() as running:
        await all_arrive(running, 150, ["line", "forward", "hub", "leaf", "forward"], 0.05)


@pytest.mark.long
async def test_figures_are_those_of_sending_directly() -> None:
    async with rig() as running:
        log = await all_arrive(running, 200, ["line", "hub", "forward", "line", "leaf", "forward"], 0.05)
    directly = [(f"party.v1.{unit}.member.admitted", body) for unit in (UNIT, SIBLING) for body in bodies_of(unit, 200)]
    found = figures(log)
    assert found == figures(directly)
    assert found[0].total["admissions"] == 400


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
async def test_each_event_arrives_once_and_in_order_whatever_dies_for_long(seed: int) -> None:
    chance = random.Random(seed)
    async with rig() as running:
        troubles = [chance.choice(["line", "forward", "hub", "leaf"]) for _ in range(25)]
        await all_arrive(running, 6_000, troubles, 0.3)
