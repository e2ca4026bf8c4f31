"""SIGKILL while the reform of 01/07/2025 streams in: readers never see it half done, and nothing of the kills remains.

`python -m pytest -m long tests/fault/test_reform_kill.py` lets it stream slowly, through dozens of kills.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from random import Random
from typing import Any, Final

import asyncpg
import httpx
import pytest

from projections.rules.log.message import Message
from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from services.demo.saying import CloudEvent
from services.demo.scenario import country_and_reform
from tests.fault.cluster import BACKEND, Cluster, running_cluster
from tests.fault.load import told_of
from tests.fault.publishing import Publisher, publishing
from tests.fault.reading import Reader
from tests.fault.settling import reached
from tests.fault.stream import log_of
from tests.oracle.telling import ROOT, Said
from tests.oracle.wording import FACTS, MEASURES
from tests.property.reading import reader_of
from tests.property.system import system_on

UNITS: Final = (ROOT, "bac-ninh", "bac-giang", "thai-nguyen", "thanh-hoa")
BASES: Final = ("as-was", "as-now")
WAYS: Final = ("child", "child", "month", "level:upper")
VICTIMS: Final = (("projector",), ("postgres",), (BACKEND,), ("nats",), ("projector", "postgres", "nats"))
READERS: Final = 3
TOGETHER: Final = 4
"""Messages of the reform that are published at once."""


def asked(basis: str, by: str) -> dict[str, str]:
    days = {"from": "2018-01-01", "to": "2025-12-31"}
    return days | {"measures": ",".join(MEASURES), "basis": basis, "by": by}


class Watcher(Reader):
    """Asks for the root and its provinces on both bases, and notes the root's totals by position."""

    def __init__(self, api: str, random: Random) -> None:
        super().__init__(api, random)
        self.totals: dict[tuple[int, str], dict[str, int]] = {}

    async def run(self) -> None:
        async with httpx.AsyncClient(base_url=self._api, timeout=10) as client:
            while True:
                unit, basis = self._random.choice((ROOT, *UNITS)), self._random.choice(BASES)
                by = self._random.choice(WAYS)
                try:
                    answer = await client.get(f"/v1/units/{unit}/report", params=asked(basis, by))
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                self.hold(answer, by)
                if answer.status_code == 200 and unit == ROOT:
                    report = answer.json()
                    total = self.totals.setdefault((report["position"], basis), report["total"])
                    assert report["total"] == total, answer.request.url
                await asyncio.sleep(0.005)


def said_of(event: CloudEvent) -> Said:
    publisher = event["source"].removeprefix("/units/")
    return Said(f"party.v1.{publisher}.{event['type']}", json.dumps(event, ensure_ascii=False).encode())


def before_and_during(one_in: int) -> tuple[list[Said], list[Said]]:
    """Give what is told before the reform, one in so many of its facts, and all from its first event on."""
    log = country_and_reform()
    first = next(n for n, event in enumerate(log) if event["type"] == "unit.dissolved")
    before = [event for n, event in enumerate(log[:first]) if event["type"] not in FACTS or n % one_in == 0]
    return [said_of(event) for event in before], [said_of(event) for event in log[first:]]


async def stream(publisher: Publisher, told: Sequence[Said], pause: float) -> None:
    for n in range(0, len(told), TOGETHER):
        await publisher.send([told_of(said) for said in told[n : n + TOGETHER]])
        await asyncio.sleep(pause)


async def storm(cluster: Cluster, random: Random, streaming: asyncio.Task[None]) -> int:
    """Kill one after the other for as long as it streams in, and say how often."""
    kills = 0
    for names in cycle(random.sample(VICTIMS, len(VICTIMS))):
        await asyncio.wait({streaming}, timeout=random.uniform(0.3, 1.5))
        if streaming.done():
            break
        cluster.kill(names, random)
        await asyncio.sleep(random.uniform(0, 0.3))
        await cluster.revive(names)
        kills += 1
    await streaming
    return kills


async def counted_at(connection: asyncpg.Connection, positions: set[int]) -> dict[int, dict[str, int]]:
    """Count the facts of each measure that held when the log stood at each of these positions."""
    rows = await connection.fetch(
        f"SELECT type, held_at, retracted_at FROM {DECIDED} AS said WHERE held_at IS NOT NULL"
    )
    held = [(FACTS[row["type"]][0], row["held_at"], row["retracted_at"]) for row in rows if row["type"] in FACTS]
    found = {}
    for position in positions:
        counted = Counter(
            measure
            for measures, since, until in held
            if since <= position and (until is None or position < until)
            for measure in measures
        )
        found[position] = {measure: counted[measure] for measure in MEASURES}
    return found


async def hold_undisturbed(cluster: Cluster, database: str, log: list[Message], watchers: list[Watcher]) -> None:
    """Apply the same log to another database, undisturbed, and hold everything to what comes out."""
    projection = await Projection.open(database)
    try:
        await projection.apply(log)
    finally:
        await projection.close()
    async with system_on(database) as right, system_on(cluster.settings.database_url) as survived:
        assert await survived.dump() == await right.dump()
        units = [row["id"] for row in await right.connection.fetch("SELECT id FROM unit WHERE level <> 'cell'")]
        totals = [watcher.totals for watcher in watchers]
        counted = await counted_at(right.connection, {position for seen in totals for position, _ in seen})
    for seen in totals:
        for (position, basis), total in seen.items():
            assert total == counted[position], (position, basis)
    async with reader_of(database) as reader, reader_of(cluster.settings.database_url) as other:
        for unit in units:
            for basis in BASES:
                path = f"/v1/units/{unit}/report"
                answers = [figures(await one.get(path, asked(basis, "child"))) for one in (reader, other)]
                assert answers[0] == answers[1], (unit, basis)


def figures(report: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says when the log was told."""
    return {name: value for name, value in report.items() if name != "as_of"}


async def survive(database: str, seed: str, *, one_in: int, pause: float, kills: int) -> None:
    random = Random(seed)
    before, during = before_and_during(one_in)
    async with running_cluster() as cluster, publishing(cluster.settings.nats_url) as publisher:
        for n in range(0, len(before), 200):
            await publisher.send([told_of(said) for said in before[n : n + 200]])
        await reached(cluster.api, len(before))
        watchers = [Watcher(cluster.api, Random(f"{seed} {n}")) for n in range(READERS)]
        watching = [asyncio.create_task(watcher.run()) for watcher in watchers]
        streaming = asyncio.create_task(stream(publisher, during, pause))
        assert await storm(cluster, random, streaming) >= kills
        log = await log_of(cluster.settings.nats_url, max(one.position for one in publisher.acked))
        await reached(cluster.api, len(log))
        for task in watching:
            assert not task.done() or task.exception() is None, task.exception()
            task.cancel()
        assert {one.told.said.body for one in publisher.acked} == {message.body for message in log}
        assert all(len(watcher.totals) > 2 for watcher in watchers)
        await hold_undisturbed(cluster, database, log, watchers)


@pytest.mark.long
async def test_kills_during_the_reform_show_in_no_figure(database: str) -> None:
    await survive(database, "reform", one_in=6, pause=0.05, kills=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", ["d", "e", "f"])
async def test_kills_go_on_through_all_of_the_reform(database: str, seed: str) -> None:
    await survive(database, seed, one_in=1, pause=0.7, kills=25)
