"""`python -m tests.bench.standby_answers`: how long after a commit a reader is answered who waits for it on a standby.

A real primary, a standby made of it by pg_basebackup, a projector's process, and the API on the standby. The moment of
the commit is that of its NOTIFY on the primary. Nobody is waited for but one reader at a time.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx

from projections.store.checkpoint import NOTIFICATIONS
from services.api.app import create_app
from services.settings import Settings
from tests import servers
from tests.fault.projecting import Bench, bench
from tests.integration.standbys import following
from tests.oracle.telling import ROOT, admitted, root

_REPORT = f"/v1/units/{ROOT}/report?by=none&wait=30&min_position="


async def _measure(times: int) -> None:
    with (
        servers.short_folder() as folder,
        servers.running_nats(folder) as bus,
        servers.running_postgres(folder, durable=True) as primary,
        following(primary, folder) as standby,
    ):
        party = await servers.fresh_party(bus)
        async with bench(party.nats_url, primary.url) as running:
            with running.projector():
                await running.publish(root())
                await running.settled()
                for name, url in (("primary", primary.url), ("standby", standby.url)):
                    settings = Settings(access="open", nats_url=party.nats_url, database_url=url)
                    async with _client(settings) as client:
                        found = [await _once(client, running) for _ in range(times)]
                    print(name, _in_words(found))


async def _once(client: httpx.AsyncClient, running: Bench) -> float:
    """Return the seconds from a commit to the answer."""
    position = running.publisher.acked[-1].position + 1
    committed = asyncio.get_running_loop().create_future()

    def hear(_: asyncpg.Connection, __: int, ___: str, payload: str) -> None:
        if int(payload) >= position and not committed.done():
            committed.set_result(time.perf_counter())

    await running.connection.add_listener(NOTIFICATIONS, hear)
    reader = asyncio.create_task(client.get(f"{_REPORT}{position}"))
    await asyncio.sleep(random.uniform(0.2, 0.4))
    await running.publish(admitted(ROOT, "2021-01-05", f"e-{position}"))
    answer = await reader
    answered = time.perf_counter()
    assert answer.status_code == httpx.codes.OK, answer.text
    before = await committed
    await running.connection.remove_listener(NOTIFICATIONS, hear)
    return float(answered - before)


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as client:
            await asyncio.sleep(1)  # until it listens, where it can
            yield client


def _in_words(seconds: list[float]) -> str:
    ordered = sorted(1_000 * each for each in seconds)
    found = [statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1]]
    return "ms: median {:.1f}, p95 {:.1f}, longest {:.1f}".format(*found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    asyncio.run(_measure(parser.parse_args().times))
