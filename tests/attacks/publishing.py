"""What attacks on publishing share: a projector with its receipts within this process, units, and what they say."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import nats
from nats.aio.client import Client
from prometheus_client import CollectorRegistry

from projections.bilingual import Bilingual
from services.connecting.broker import make
from services.projector.pulse import Pulse
from services.projector.worker import Worker
from services.publishing.connection import connect
from services.publishing.flow import Flow, LineOutcome
from services.publishing.outcomes import Patience
from services.publishing.receipt import subject_of
from services.receipts import Receipts
from services.receipts.metering import requests_metered
from services.settings import Settings
from tests.oracle.telling import event_of

ROOT = "goc"
A, B, BELOW_B = "xa-a", "xa-b", "chi-bo-b1"


def event(
    publisher: str, event_id: str, type_: str, data: dict[str, Any], subject: str | None = None
) -> dict[str, Any]:
    """Make an event of the contract."""
    return event_of(publisher, event_id, type_, subject or publisher, data)


def established(unit: str, parent: str | None, level: str = "grassroots") -> dict[str, Any]:
    data = {"parent": parent, "name": unit, "level": level, "since": "2000-01-01"}
    return event(parent or unit, f"est-{unit}", "unit.established", data, unit)


def admitted(unit: str, event_id: str) -> dict[str, Any]:
    return event(unit, event_id, "member.admitted", {"member": event_id, "decided_on": "2023-05-01"})


UNITS = (
    established(ROOT, None, "central"),
    established(A, ROOT),
    established(B, ROOT),
    established(BELOW_B, B, "cell"),
)


def body_of(line: object) -> bytes:
    return json.dumps(line).encode()


def file_of(lines: Iterable[object]) -> io.BytesIO:
    return io.BytesIO(lines_of(*lines))


def lines_of(*lines: object) -> bytes:
    return b"".join(body_of(line) + b"\n" for line in lines)


@asynccontextmanager
async def answering(url: str, database: str) -> AsyncIterator[asyncpg.Pool]:
    """Answer for receipts, as the projector's process does."""
    pool = await asyncpg.create_pool(database, min_size=1, max_size=4)
    async with receipts_on(url, pool):
        yield pool
    await pool.close()


@asynccontextmanager
async def receipts_on(
    url: str,
    pool: asyncpg.Pool,
    client: Client | None = None,
    registry: CollectorRegistry | None = None,
    **options: Any,
) -> AsyncIterator[asyncio.Task[None]]:
    """Run what answers, on a broker as the projector's, and give its task; `client` says how long answers may be."""
    metered = requests_metered(registry or CollectorRegistry())
    broker = make(replace(Settings(), nats_url=url), "test", apply_types=False, middlewares=[metered])
    connected = await broker.connect()
    receipts = Receipts(broker, client or connected, pool, **options)
    await broker.start()
    running = asyncio.create_task(receipts.run())
    for _ in range(2):  # nats-py's first PING may overtake the subscription
        await connected.flush()
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await broker.stop()


@asynccontextmanager
async def projecting(
    url: str, database: str, root: str = ROOT, units: Sequence[dict[str, Any]] | None = None
) -> AsyncIterator[asyncpg.Pool]:
    """Project and answer for receipts; `units` are established first, UNITS where the root is ROOT."""
    settings = replace(Settings(), nats_url=url, database_url=database, root=root)
    if units is None:
        units = UNITS if root == ROOT else ()
    async with answering(url, database) as pool:
        client = await nats.connect(url)
        pulse = Pulse(settings, client)
        tasks = [asyncio.create_task(run) for run in (Worker(settings, client, pulse).run(), pulse.run())]
        try:
            await published(url, units)
            yield pool
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.close()


async def published(
    url: str,
    lines: Iterable[dict[str, Any]],
    *,
    batches: bool = True,
    patience: Patience | None = None,
    wait: bool = True,
    notices: list[Bilingual] | None = None,
    inbox_prefix: str | None = None,
) -> list[LineOutcome]:
    """Publish as a unit does, and give what is told of each line, in their order."""
    told: list[LineOutcome] = []
    notices = [] if notices is None else notices
    async with connect(url, notice=lambda _: None, inbox_prefix=inbox_prefix) as bus:
        flow = Flow(
            bus,
            batches=batches,
            patience=(patience or Patience(60.0)) if wait else None,
            tell=told.append,
            sent=lambda _: None,
            notice=notices.append,
        )
        assert await flow.run(file_of(lines)) is None
    return sorted(told)


async def asked(client: nats.NATS, unit: str, positions: Sequence[Any], **more: Any) -> dict[str, Any]:
    """Ask for receipts as a unit."""
    question = json.dumps({"positions": positions} | more).encode()
    answer: dict[str, Any] = json.loads((await client.request(subject_of(unit), question, timeout=40)).data)
    return answer
