"""Publish-to-readable: from the moment at which a fact is due to be published until a report answers with it."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Final

import msgspec
import nats
from nats.js import JetStreamContext

from services.publishing.lines import Line
from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import report
from tests.bench.catching_up import publish_one
from tests.bench.figures import Aim, quantiles
from tests.bench.rig import BenchError
from tests.bench.world import LAST_DAY, ROOT, YEAR_FIRST, recent

ASKED: Final = 4
"""Every ASKED-th fact is waited for, in turn at the cell and at the root: the questions must not become the load."""
CONNECTIONS: Final = 32
WAIT: Final = 10


class _Position(msgspec.Struct):
    position: int


async def freshness(bench: Bench) -> None:
    """Freshness: single facts at a steady rate, each published on time whether or not those before were answered."""
    rate, number = bench.parameters.rate, bench.parameters.rate * bench.parameters.seconds
    await bench.rig.start_missing()
    lines = list(bench.facts.make(number, recent))
    asked: dict[str, list[asyncio.Task[float]]] = {"cell": [], "root": []}
    async with AsyncExitStack() as stack:
        client = await nats.connect(bench.rig.nats.url)
        stack.push_async_callback(client.close)
        idle: asyncio.Queue[Client] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            idle.put_nowait(await stack.enter_async_context(Client(bench.rig.settings.http)))
        await _warm_up(idle)
        jetstream = client.jetstream()
        started = time.perf_counter() + 0.1
        async with asyncio.TaskGroup() as group:
            for index, line in enumerate(lines):
                due = started + index / rate
                await asyncio.sleep(due - time.perf_counter())
                if index % ASKED:
                    group.create_task(publish_one(jetstream, line))
                else:
                    where = "cell" if index % (2 * ASKED) else "root"
                    unit = ROOT if where == "root" else msgspec.json.decode(line.body)["subject"]
                    asked[where].append(group.create_task(_one(jetstream, idle, line, unit=unit, due=due)))
    samples = {where: [task.result() for task in tasks] for where, tasks in asked.items()}
    both = samples["cell"] + samples["root"]
    name = f"publish-to-readable at {rate} events/s"
    bench.found(*quantiles(name, both, aim=Aim(at_most=300)))
    for where, sample in samples.items():
        bench.found(*quantiles(f"{name}, report of the {where}", sample))


async def _one(
    jetstream: JetStreamContext, idle: "asyncio.Queue[Client]", line: Line, *, unit: str, due: float
) -> float:
    """Publish a fact and give the seconds from when it was due until the unit's report answers with it."""
    position = await publish_one(jetstream, line)
    target = f"{report(unit, (YEAR_FIRST, LAST_DAY))}&min_position={position}&wait={WAIT}"
    client = await idle.get()
    answer = await client.get(target)
    seconds = time.perf_counter() - due
    idle.put_nowait(client)
    if answer.status != 200 or msgspec.json.decode(answer.body, type=_Position).position < position:
        raise BenchError(f"{target} answers {answer.status}: {answer.body[:300]!r}")
    return seconds


async def _warm_up(idle: "asyncio.Queue[Client]") -> None:
    """Have each of the API's database connections made and its statements prepared."""

    async def ask(client: Client) -> None:
        await client.get(report(ROOT, (YEAR_FIRST, LAST_DAY)))

    clients = [idle.get_nowait() for _ in range(idle.qsize())]
    await asyncio.gather(*map(ask, clients))
    for client in clients:
        idle.put_nowait(client)
