"""`tonghop forward` as a process: the store, the hub, what waits for the log and the metrics, until it is stopped."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import signal
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar

import structlog
from prometheus_client import start_http_server

from projections.bilingual import Bilingual
from projections.rules.log.message import GapError
from services.connecting.failures import BUS_AWAY, described
from services.connecting.patience import Backoff
from services.forwarding import metrics
from services.forwarding.aside import Aside
from services.forwarding.forwarder import Forwarder
from services.forwarding.store import Store, opened
from services.publishing import credentials
from services.publishing.connection import INTERRUPTED, PATIENCE, BusConnection, BusRefusedError, EndedError
from services.publishing.credentials import CredentialsError
from services.settings import Settings, SettingsError

_LOOK_AGAIN: Final = 0.5
"""Seconds after which it is looked whether something has come."""
_TOLD_EVERY: Final = 60.0
_MEASURED_EVERY: Final = 5.0
_PREFIX: Final = "_INBOX_"
_MEGABYTE: Final = 1 << 20

FAILS: Final[tuple[type[Exception], ...]] = (BusRefusedError, CredentialsError, GapError, SettingsError, *BUS_AWAY)
"""What may keep it from going on, and is tried again."""

_log = structlog.get_logger("tonghop.forward")
Result = TypeVar("Result")


class _Stopped(Exception):  # noqa: N818 - it is no error
    """Nobody wants any more."""


def serve(settings: Settings, *, once: bool) -> int:
    """Forward until SIGINT or SIGTERM, or ``once``: until nothing waits that the hub takes.

    Returns 0, or 1 where something is left that the hub does not take. Raises SettingsError, and ``once`` also what
    keeps it from being done: one of FAILS.
    """
    if not settings.hub_nats_url:
        raise SettingsError(
            Bilingual(
                "TONGHOP_HUB_NATS_URL: cần địa chỉ bus trung tâm, ví dụ tls://bus.example.org:4222",
                "TONGHOP_HUB_NATS_URL: the address of the hub's bus is needed, like tls://bus.example.org:4222",
            )
        )
    return asyncio.run(_Process(settings, once=once).run())


class _Process:
    """One run: what is set aside is known across connections."""

    def __init__(self, settings: Settings, *, once: bool) -> None:
        self._settings = settings
        self._once = once
        self._stop = asyncio.Event()
        self._aside = Aside()
        self._bus: BusConnection | None = None

    async def run(self) -> int:
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, self._stop.set)
        metrics.CONNECTED.set_function(self._connected)
        metrics.ROOM.set(self._settings.leaf_room * _MEGABYTE)
        if not self._once:
            start_http_server(self._settings.metrics_http.port, self._settings.metrics_http.host)
        backoff = Backoff()
        while not self._stop.is_set():
            try:
                async with opened(self._settings) as store:
                    await self._with(store, backoff)
            except _Stopped:
                break
            except FAILS as error:
                if isinstance(error, EndedError) and error.reason == INTERRUPTED:
                    break
                if self._once:
                    raise
                seconds = backoff.next()
                _log.error("waiting", error=described(error), seconds=round(seconds, 1))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), seconds)
        return 1 if self._once and self._aside.units else 0

    async def _with(self, store: Store, backoff: Backoff) -> None:
        measuring = asyncio.create_task(self._measure(store))
        try:
            hub, unit = self._hub()
            bus = BusConnection(hub, _notice, patience=PATIENCE if self._once else math.inf, ended=self._stop)
            try:
                await self._unless_failed(measuring, bus.open(f"{_PREFIX}{unit}" if unit else credentials.INBOX))
                self._bus = bus
                forwarder = Forwarder(store, bus, unit, self._aside)
                while not self._stop.is_set():
                    went_on = await self._unless_failed(measuring, forwarder.step())
                    backoff.reset()
                    if not went_on:
                        if self._once:
                            raise _Stopped
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._stop.wait(), _LOOK_AGAIN)
            finally:
                self._bus = None
                with suppress(*BUS_AWAY):
                    await bus.client.close()
        finally:
            measuring.cancel()

    def _connected(self) -> bool:
        """Tell whether the hub can be reached, when somebody looks: what waits for it may wait for days."""
        return self._bus is not None and self._bus.client.is_connected

    async def _unless_failed(self, measuring: asyncio.Task[None], doing: Awaitable[Result]) -> Result:
        """Do something as long as the store can be asked what waits: a leaf that is away is told at once."""
        task = asyncio.ensure_future(doing)
        try:
            await asyncio.wait({task, measuring}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                measuring.result()
            return await task
        finally:
            task.cancel()
            await asyncio.wait({task})

    def _hub(self) -> tuple[Settings, str | None]:
        """Give the settings of the hub, and the unit whose credential it is. Raises CredentialsError."""
        settings = replace(
            self._settings,
            nats_url=self._settings.hub_nats_url,
            nats_credentials=self._settings.hub_credentials,
            nats_password_file=None,
        )
        if settings.nats_credentials is None:
            return settings, None
        prefix = credentials.inbox_prefix(credentials.usable(settings.nats_credentials))
        return settings, prefix.removeprefix(_PREFIX) if prefix.startswith(_PREFIX) else None

    async def _measure(self, store: Store) -> None:
        """Tell how much waits, and how old it is; ends with what the store raises."""
        told = -math.inf
        while True:
            waiting = await store.waiting()
            age = 0.0 if waiting.oldest is None else (dt.datetime.now(dt.UTC) - waiting.oldest).total_seconds()
            metrics.WAITING.set(waiting.messages)
            metrics.BYTES.set(waiting.size)
            metrics.OLDEST.set(max(0.0, age))
            by_reason: Counter[str] = Counter()
            for one in self._aside.units.values():
                by_reason[one.reason] += one.count
            metrics.ASIDE.clear()
            for reason, count in by_reason.items():
                metrics.ASIDE.labels(reason).set(count)
            clock = asyncio.get_running_loop().time()
            if waiting.messages and clock - told >= _TOLD_EVERY:
                told = clock
                _log.info(
                    "waiting", events=waiting.messages, oldest_seconds=round(max(0.0, age)), aside=len(self._aside)
                )
            await asyncio.sleep(_MEASURED_EVERY)


def _notice(said: Bilingual | None) -> None:
    if said is None:
        _log.info("the hub takes messages again")
    else:
        _log.warning("the hub", said=said)
