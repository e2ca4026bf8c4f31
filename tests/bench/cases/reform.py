"""The reform of the whole country as one stream of events, and what readers see of it: during it and afterwards."""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle
from random import Random
from typing import Final

import msgspec

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import Span, ask, report, settle, twenty_years
from tests.bench.cases.rounds import LIVE
from tests.bench.catching_up import listening, publish, reading
from tests.bench.figures import Aim, Figure, Floor, quantiles
from tests.bench.reforming import Reform
from tests.bench.rig import BenchError
from tests.bench.usage import costliest_statements, forget_statements
from tests.bench.world import HISTORY_FIRST, LAST_DAY, ROOT, recent

NAME: Final = "the reform"
AIM: Final = Aim(at_most=120)
BASES: Final = ("as-was", "as-now")
PAUSE: Final = 0.02
"""Seconds between a reader's questions: it watches, it is not the load."""


class _Row(msgspec.Struct):
    values: dict[str, int]


class _Report(msgspec.Struct):
    total: dict[str, int]
    rows: list[_Row]


async def reform(bench: Bench) -> None:
    """Reform: the whole stream of events while readers check the root, and reports on both bases before and after."""
    rig, plan = bench.rig, Reform(bench.world)
    await rig.start_missing()
    connection = await rig.connect_database()
    async with listening(rig) as commits:
        await commits.reach((await publish(rig, bench.facts.make(1, recent))).last)
        before = await _latencies(bench, plan)
        await forget_statements(connection)
        begun = await reading(rig)
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(bench, done))
            started = time.perf_counter()
            backlog = await publish(rig, plan.events())
            seconds = await commits.reach(backlog.last) - started
            done.set()
        bench.shares[NAME] = (await reading(rig) - begun).shares()
    bench.statements[NAME] = await costliest_statements(connection)
    await connection.close()
    events = backlog.last - backlog.first + 1
    bench.found(
        Figure(f"{NAME}: events of structure", events, "events"),
        Figure(f"{NAME}: from the first published to the last committed", seconds, "s", aim=AIM),
        Figure(f"{NAME}: rate", events / seconds, "events/s", bench.floor(LIVE)),
        Figure(f"{NAME}: answers at the root meanwhile, all checked", len(watching.result()), "answers"),
        *quantiles(f"{NAME}: report of the root meanwhile", watching.result()),
    )
    for name, (sample, rows) in (await _latencies(bench, plan)).items():
        earlier, fewer = before[name]
        bench.found(Figure(f"report after {NAME}: {name}, rows", rows, "rows", Floor("before it", fewer)))
        aim = Aim(ratio_at_most=2) if name.startswith("province") else None
        bench.found(*quantiles(f"report after {NAME}: {name}", sample, ("before it", earlier), aim))


async def _latencies(bench: Bench, plan: Reform) -> dict[str, tuple[list[float], float]]:
    """Ask for reports of twenty years of the root and of provinces that go on; by kind, seconds and rows on average."""
    await settle(bench)
    found: dict[str, tuple[list[float], float]] = {}
    async with Client(bench.rig.settings.http) as client:
        for basis in BASES:
            for name, by in (("root", "child"), ("province", "child"), ("province", "month")):
                units = [ROOT] if name == "root" else plan.kept
                drawn, spans = _drawn(units, bench.parameters.seed), twenty_years(bench.parameters.seed)
                targets = (report(unit, span, by, basis) for unit, span in zip(drawn, spans, strict=False))
                sample, _ = await ask(client, targets, max(2, bench.parameters.requests // 2))
                answers = [await client.get(report(unit, (HISTORY_FIRST, LAST_DAY), by, basis)) for unit in units]
                rows = [len(msgspec.json.decode(answer.body, type=_Report).rows) for answer in answers]
                found[f"{name}, by {by}, {basis}"] = sample, sum(rows) / len(rows)
    return found


def _drawn(units: list[str], seed: int) -> Iterator[str]:
    random = Random(seed)
    while True:
        yield random.choice(units)


async def _watch(bench: Bench, done: asyncio.Event) -> list[float]:
    """Ask for the root's report on either basis until it is done: rows sum to total, and the total stays what it is.

    Gives the seconds of each answer; raises BenchError at the first of which this isn't true.
    """
    checked: list[float] = []
    span: Span = (HISTORY_FIRST, LAST_DAY)
    async with Client(bench.rig.settings.http) as client:
        for basis in cycle(BASES):
            answer = await client.get(report(ROOT, span, basis=basis))
            told = msgspec.json.decode(answer.body, type=_Report)
            for measure, total in told.total.items():
                summed, published = sum(row.values[measure] for row in told.rows), bench.facts.contributions[measure]
                if not summed == total == published:
                    raise BenchError(f"{basis}, {measure}: rows {summed}, total {total}, published {published}")
            checked.append(answer.seconds)
            if done.is_set():
                break
            await asyncio.sleep(PAUSE)
    return checked
