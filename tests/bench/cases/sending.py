"""Sending: events through HTTP against the bus directly, by the same client, with the log's acknowledgement of each."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.client import AsyncClient, Client, Outbox
from tests.bench.bench import Bench
from tests.bench.catching_up import listening
from tests.bench.figures import Aim, Figure, Floor, quantiles
from tests.bench.rig import BenchError
from tests.bench.world import recent

HTTP: Final = "sending: HTTP, batches of 1,000, one sender"
BUS: Final = "sending: bus, batches of 1,000, one sender"
TOGETHER: Final = "sending: HTTP, batches of 1,000, four senders"
ONE_BY_ONE: Final = "sending: HTTP, one by one, acknowledged"
BATCH: Final = 1_000
TIMES: Final = 3
SENDERS: Final = 4
_MOST: Final = 20_000


async def sending(bench: Bench) -> None:
    """Send in batches, the best of three rounds each, in turn; out of an outbox; one by one. No projector runs."""
    if bench.rig.projector.alive:
        bench.rig.stop_projector()
    if not bench.rig.api.alive:
        await bench.rig.start_api()
    number = max(BATCH, min(_MOST, bench.parameters.events // 10))
    address, bus = f"http://{bench.rig.settings.http}", bench.rig.nats.url
    found: dict[str, list[float]] = {HTTP: [], BUS: [], TOGETHER: []}
    async with AsyncClient(address) as http, AsyncClient(bus) as direct:
        for client in (http, direct):  # connections are made
            await _sent(client, _bodies(bench, 10))
        for _ in range(TIMES):
            for name, client, senders in ((BUS, direct, 1), (HTTP, http, 1), (TOGETHER, http, SENDERS)):
                found[name].append(await _rate(client, _bodies(bench, number), senders))
        await asyncio.to_thread(_out_of_an_outbox, bench, address, _bodies(bench, number))
        sample, last = [], 0
        for body in _bodies(bench, bench.parameters.requests):
            began = time.perf_counter()
            last = (await http.send(body)).position or 0
            sample.append(time.perf_counter() - began)
    rate = max(found[BUS])
    bench.found(
        Figure(BUS, rate, "events/s"),
        Figure(HTTP, max(found[HTTP]), "events/s", Floor(BUS, rate), Aim(ratio_at_least=0.5)),
        Figure(TOGETHER, max(found[TOGETHER]), "events/s", Floor(BUS, rate)),
    )
    bench.found(*quantiles(ONE_BY_ONE, sample, aim=Aim(at_most=50)))
    async with listening(bench.rig) as commits:
        bench.rig.start_projector()
        await commits.reach(last)


def _bodies(bench: Bench, number: int) -> list[bytes]:
    return [line.body for line in bench.facts.make(number, recent)]


async def _rate(client: AsyncClient, bodies: Sequence[bytes], senders: int) -> float:
    shares = [bodies[n::senders] for n in range(senders)]
    began = time.perf_counter()
    await asyncio.gather(*(_sent(client, share) for share in shares))
    return len(bodies) / (time.perf_counter() - began)


async def _sent(client: AsyncClient, bodies: Sequence[bytes]) -> None:
    told = await client.send_many(bodies)
    if any(item.status != "accepted" for item in told.items):
        raise BenchError("not all that was sent is in the log")


def _out_of_an_outbox(bench: Bench, address: str, bodies: Sequence[bytes]) -> None:
    """Put events one by one, each on the disk when that returns, and send them."""
    with tempfile.TemporaryDirectory(dir=bench.rig.folder) as folder, Client(address) as client:
        outbox = Outbox(Path(folder, "outbox"), client)
        sample = []
        for body in bodies:
            began = time.perf_counter()
            outbox.put(body)
            sample.append(time.perf_counter() - began)
        began = time.perf_counter()
        if outbox.flush().sent != len(bodies):
            raise BenchError("not all that was put is in the log")
        rate = len(bodies) / (time.perf_counter() - began)
        outbox.close()
    bench.found(*quantiles("outbox: put, on the disk", sample))
    bench.found(Figure("outbox: sent over HTTP", rate, "events/s"))
