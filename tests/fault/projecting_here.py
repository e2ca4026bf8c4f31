"""A projector's worker within this process, on the brief log: as in its own, with smaller parts and less waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

import asyncpg
import nats
from nats.aio.client import Client
from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError

from projections.rules.counting.breakdown import FACT
from projections.store.batch import breakdown_days, breakdowns, running_sums
from projections.store.generations import enter_the_one_in_force
from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from services.embedded.nats import NatsServer
from services.log import gaps, supply
from services.log.configuration import consumer_config
from services.log.gaps import read_range
from services.projector import worker
from services.projector.pulse import Pulse
from services.settings import Settings
from tests import servers
from tests.fault.brief_log import BEFORE, LOG, PART, SIZES
from tests.fault.eventually import AT_LAST
from tests.fault.stepping import stepped
from tests.oracle.broken_down import FACTS
from tests.oracle.telling import ROOT
from tests.property.system import READ_MODELS

END = len(LOG)
_PUT_OFF: Final = f"SELECT coalesce(sum(octet_length(rows)), 0) / {FACT.itemsize} FROM breakdown WHERE NOT summed"
_ANSWER: Final = 0.1
"""Seconds in which the bus answers; it is cut off before it can where the test wants it."""

_MORE = {
    "breakdown": "SELECT u.id, b.month, b.measure, b.day, b.facets, b.n"
    f" FROM ({FACTS.format(schema='')}) AS b JOIN unit u ON u.no = b.unit",
    "as_now_term": "SELECT u.id, p.id, t.since, t.until, t.sign FROM as_now_term t JOIN unit u ON u.no = t.unit"
    " JOIN unit p ON p.no = t.part",
    "statement": "SELECT s.position, u.id, s.kind, s.since, p.id, s.name, s.level, x.id FROM statement s"
    " JOIN unit u ON u.no = s.unit LEFT JOIN unit p ON p.no = s.parent LEFT JOIN unit x ON x.no = s.successor",
    "verdict": "SELECT position, outcome, reason, field FROM verdict",
    "size": "SELECT id, large, vast, running FROM unit",
    "whole ledger": f"SELECT * FROM {DECIDED} AS said",
    "checkpoint": "SELECT position, as_of, generation FROM checkpoint",
}
"""What a log as brief as this must leave behind the same too, in the same parts or not."""


BRIEF: Final = (
    (worker, "MOST", PART),
    (worker, "SIZES", SIZES),
    (breakdowns, "WORTH", 5),
    (breakdowns, "AT_REST", 1),
    (breakdown_days, "WORTH", 20),
    (running_sums, "KEPT", 3),
    (worker, "_PATIENCE", 0.02),
    (worker, "_FIRST_PAUSE", 0.01),
    (worker, "_LONGEST_PAUSE", 0.01),
    (worker, "collect_rarely", lambda: None),
    (supply, "_BRIEFLY", 0.02),
    (gaps, "_PATIENCE", _ANSWER),
)
"""What a worker is told so that it takes small parts, waits as little as it can, and leaves the collector alone."""


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(url, reconnect_time_wait=0.02, max_reconnect_attempts=-1, error_cb=_nothing)
    try:
        yield client
    finally:
        await client.close()


async def _nothing(_: Exception) -> None:
    """Say nothing: a connection is cut where the test wants it."""


@asynccontextmanager
async def working(
    settings: Settings, *, over: Settings | None = None, to_be_killed: bool = False
) -> AsyncIterator[Pulse]:
    """Let a worker carry the figures forward; `over` are the wires to its servers."""
    over = over or settings
    async with client_of(settings.nats_url) as direct, client_of(over.nats_url) as client:
        pulse = Pulse(settings, direct)
        await pulse.beat_once()
        client.jetstream = partial(client.jetstream, timeout=_ANSWER)
        running = worker.Worker(over, client, pulse).run()
        task = stepped(running) if to_be_killed else asyncio.create_task(running)
        try:
            yield pulse
            assert not task.done()
        finally:
            while not task.done():  # one is swallowed where what was waited for happens in that moment
                task.cancel()
                await asyncio.wait({task}, timeout=0.1)


async def project(settings: Settings, over: Settings | None = None, at_last: float = AT_LAST) -> None:
    """Carry the figures forward to the end of the log."""
    async with working(settings, over=over) as pulse:
        await reached(pulse, END, at_last)


async def project_and_die(settings: Settings) -> None:
    """Carry the figures to the end of the log, and do what is put off until then; it is killed on the way."""
    for module, name, value in BRIEF:
        setattr(module, name, value)
    async with working(settings, to_be_killed=True) as pulse:
        await reached(pulse, END)
        await _rested(settings)


async def _rested(settings: Settings) -> None:
    connection = await servers.connect(settings.database_url)
    try:
        async with asyncio.timeout(AT_LAST), connection.transaction():
            await enter_the_one_in_force(connection)
            while await connection.fetchval(_PUT_OFF) >= breakdowns.AT_REST:  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.001)
    finally:
        await connection.close()


async def reached(pulse: Pulse, end: int, at_last: float = AT_LAST) -> None:
    async with asyncio.timeout(at_last):
        while pulse.position < end:  # noqa: ASYNC110 - the product has no event for it
            await asyncio.sleep(0.001)


async def put_log(server: NatsServer) -> Settings:
    """Make a stream of the log."""
    settings = await servers.fresh_party(server)
    async with client_of(settings.nats_url) as client:
        for n, said in enumerate(LOG):
            headers = {"Nats-Msg-Id": f"{n}:{json.loads(said.body)['id']}"}
            await client.jetstream().publish(said.bus_subject, said.body, headers=headers)
    return settings


async def forget(client: Client, settings: Settings) -> None:
    """Make the projector's consumer anew, as if all had been acknowledged that stands before the new part."""
    jetstream = client.jetstream()
    with suppress(NotFoundError):
        await jetstream.delete_consumer(settings.stream, settings.consumer)
    start = replace(
        consumer_config(settings), deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=len(BEFORE) + 1
    )
    await jetstream.add_consumer(settings.stream, start)


async def acknowledged(client: Client, settings: Settings) -> int:
    """Tell up to which position the bus believes that the figures stand."""
    info = await client.jetstream().consumer_info(settings.stream, settings.consumer)
    return max(len(BEFORE), info.ack_floor.stream_seq if info.ack_floor is not None else 0)


async def apply(client: Client, database_url: str, *ends: int) -> None:
    """Carry the figures forward without a worker, in parts that end at these positions."""
    projection = await Projection.open(database_url, root=ROOT, sizes=SIZES)
    try:
        for end in ends:
            await projection.apply(await read_range(client, "PARTY", projection.state.position + 1, end))
    finally:
        await projection.close()


async def rows_of(connection: asyncpg.Connection) -> dict[str, list[Any]]:
    """Read every row of every read model, in an order of their own content; a worker may write meanwhile."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = {name: await connection.fetch(query) for name, query in (READ_MODELS | _MORE).items()}
    return {name: sorted((tuple(row) for row in rows), key=repr) for name, rows in found.items()}
