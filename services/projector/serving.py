"""The projector as a process: FastStream carries broker, lifespan, receipts and health; the worker runs beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import structlog
import uvicorn
from faststream.asgi import AsgiFastStream, AsgiResponse, get
from faststream.nats import NatsBroker
from nats.aio.client import Client
from prometheus_client import CollectorRegistry, make_asgi_app, multiprocess
from prometheus_client.core import Metric
from prometheus_client.registry import REGISTRY, Collector

from projections.bilingual import Bilingual
from projections.store.connecting import create_pool
from services import logs
from services.connecting.broker import make as broker_for
from services.connecting.failures import PASSES_OR_IS_REPAIRED, described
from services.connecting.patience import patiently
from services.connecting.tls import https
from services.log.errors import ForeignLogError, WrongSqlError
from services.projector import metrics
from services.projector.pulse import Pulse
from services.projector.watch import Watch
from services.projector.worker import Worker
from services.receipts import Receipts
from services.receipts.document import text as service_document_text
from services.receipts.metering import requests_metered
from services.settings import Settings

log = structlog.get_logger("tonghop.projector")

_EXIT = {ForeignLogError: 3, WrongSqlError: 4}


def serve(settings: Settings) -> int:
    """Run the projector until SIGINT or SIGTERM.

    Returns 0 after those, 3 where it refuses to run, 4 where PostgreSQL can't make sense of its statements; the reason
    is in its log.
    """
    logs.gather()
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    broker = broker_for(settings, "tonghop projector", apply_types=False, middlewares=[requests_metered(REGISTRY)])
    pool = await _pool(settings)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    client = await _connected(broker)
    pulse = Pulse(settings, client)
    receipts = Receipts(broker, client, pool)  # the app starts its subscriber with the broker
    app = AsgiFastStream(
        broker,
        logger=None,
        asgi_routes=[
            ("/healthz", _health(list, dict)),
            ("/readyz", _health(pulse.troubles, lambda: pulse.doing)),
            ("/metrics", make_asgi_app(_registry())),
            ("/asyncapi.json", _document()),
        ],
    )
    config = uvicorn.Config(
        app,
        host=settings.projector_http.host,
        port=settings.projector_http.port,
        log_config=None,
        lifespan="on",
        **https(settings),
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # this process stops in its own order
    tasks = {
        asyncio.create_task(server.serve(), name="http"),
        asyncio.create_task(Worker(settings, client, pulse).run(), name="worker"),
        asyncio.create_task(pulse.run(), name="pulse"),
        asyncio.create_task(pulse.telling.run(), name="telling"),
        asyncio.create_task(receipts.run(), name="receipts"),
        asyncio.create_task(Watch(pool, settings.root, pulse).run(), name="watch"),
    }
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    code = 0
    for task in done - {stopping}:
        error = task.exception() if not task.cancelled() else None
        code = next((code for kind, code in _EXIT.items() if isinstance(error, kind)), 1)
        log.critical("stopped", part=task.get_name(), error=Bilingual.of(error))
    for task in tasks - done:
        if task.get_name() != "http":
            task.cancel()
    await asyncio.wait(tasks, timeout=10)
    await pool.close()
    return code


async def _pool(settings: Settings) -> asyncpg.Pool:
    pool = create_pool(settings.database_url, min_size=0, max_size=4, command_timeout=10)
    return await pool


async def _connected(broker: NatsBroker) -> Client:
    """Connect, however long the bus takes to come up, or somebody to let this process in."""

    def waiting(error: BaseException, seconds: float) -> None:
        log.warning("waiting", part="bus", error=described(error), seconds=round(seconds, 2))

    return await patiently(broker.connect, patience=math.inf, waiting=waiting, kinds=PASSES_OR_IS_REPAIRED)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    registry.register(_NotOfTheApi())
    for named in metrics.NAMED:  # what a file can't forget
        registry.register(named)
    return registry


class _NotOfTheApi(Collector):
    """What was written into the shared folder, but for what an API tells at its own address."""

    def collect(self) -> Iterator[Metric]:
        of_all = multiprocess.MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]
        return (each for each in of_all.collect() if not each.name.startswith(metrics.OF_THE_API))  # type: ignore[no-untyped-call]


def _document() -> Any:
    document = service_document_text().encode()

    @get
    async def answer(_: object) -> AsgiResponse:
        return AsgiResponse(document, 200, {"content-type": "application/json"})

    return answer


def _health(troubles: Callable[[], list[str]], doing: Callable[[], dict[str, str | None]]) -> Any:
    @get
    async def answer(_: object) -> AsgiResponse:
        found = troubles()
        said = {"status": "unhealthy" if found else "ok", "troubles": found, **doing()}
        return AsgiResponse(json.dumps(said).encode(), 503 if found else 200, {"content-type": "application/json"})

    return answer
