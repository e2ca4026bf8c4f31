"""Every metric of the API, each with the question that it answers for an operator; labels are of bounded number."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events.catalogue import CATALOGUE
from projections.answers.report.report_answers import PublisherRejects
from projections.store.reading.status import OutcomeTally, WorkerSeen

# Do readers get their answers quickly? Labelled by route, never by unit: a path would be a label a unit.
SECONDS: Final = Histogram(
    "tonghop_api_request_seconds",
    "Time from a request to the end of its answer, to the beginning of a stream",
    ["route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
# Do readers get answers at all? 503 says that the service isn't ready, 500 that it is wrong, 304 that caching works;
# `gone` that an asker hung up before.
REQUESTS: Final = Counter("tonghop_api_requests", "Requests answered", ["route", "status"])

# Of those with 503, which had only asked for figures of later? Anybody can ask for a position that is never reached, so
# what is promised of answers leaves them out; what is promised of freshness tells of figures that are late.
UNREACHED: Final = Counter("tonghop_api_unreached", "Questions with min_position that were answered 503")
# Which code answers? In an upgrade two versions do, and afterwards one.
BUILD: Final = Gauge("tonghop_api_build_info", "The running version", ["version"], multiprocess_mode="mostrecent")
BUILD.labels(version=version("tonghop")).set(1)

# Are readers turned away, and why? `share`: one client asks too much; `full` and `patience`: all do.
REFUSED: Final = Counter("tonghop_api_refused", "Questions turned away", ["queue", "why"])
# Do standbys lag, or break off what is read? `behind`: the primary answered instead; `conflict`: it did as the standby
# broke it off again and again; `busy`, `away`: the primary could not be had, and the answer was 503.
FORWARDED: Final = Counter("tonghop_api_forwarded", "Questions that a standby could not answer", ["why"])
RETRIED: Final = Counter("tonghop_api_retried", "Questions asked again that the database broke off")
# Do questions wait for their turn? Those that wait for a position wait for the projector, those in `moment` for a
# standby; `news` are open pages.
WAITING: Final = Gauge("tonghop_api_waiting", "Questions that wait", ["queue"], multiprocess_mode="livesum")
# Is the address full, or held by connections that say nothing?
CONNECTIONS: Final = Gauge("tonghop_api_connections", "Open connections", multiprocess_mode="livesum")
DROPPED: Final = Counter("tonghop_api_connections_dropped", "Connections ended by the service", ["why"])
for _why in ("full", "idle", "late", "share", "unread"):
    DROPPED.labels(_why)  # from 0 on: a rate doesn't see what a series begins with


OWN: Final = "tonghop_api_"
"""How the names of the metrics begin that an API counts itself."""
GONE: Final = "gone"
UNAVAILABLE: Final = "503"
WAITS_FOR: Final = b"min_position="
STREAM: Final = (b"content-type", b"text/event-stream")
"""The header of an answer that goes on as long as its asker stays: only its beginning is timed."""


class StandingCollector(Collector):
    """What the read models say at the moment of a scrape; None where the database or the bus doesn't answer."""

    def __init__(
        self,
        position: int | None,
        stream_last: int | None,
        tally: list[OutcomeTally],
        worker: WorkerSeen | None,
        rejecting: list[PublisherRejects],
        *,
        behind: float,
    ) -> None:
        self._position = position
        self._stream_last = stream_last
        self._tally = tally
        self._worker = worker
        self._rejecting = rejecting
        self._behind = behind

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; what isn't known is left out, so that an alert on absence can see it."""
        # Can figures be read at all?
        yield _gauge("database_up", "1 where the database answers", self._position is not None)
        # Can the log be asked how far it goes?
        yield _gauge("bus_up", "1 where the bus answers", self._stream_last is not None)
        if self._position is None:
            return
        # Does the projection advance?
        yield _gauge("position", "Stream position that answers reflect", self._position)
        # For how long have readers not seen what was said? What the promise of freshness is measured by.
        yield _gauge("behind_seconds", "Seconds for which the log has gone beyond what answers reflect", self._behind)
        if self._stream_last is not None:
            # How far are the figures behind what units have said?
            yield _gauge(
                "lag_events",
                "Events in the log that answers do not reflect",
                max(self._stream_last - self._position, 0),  # how far the log goes was asked a moment before
            )
        # What comes in, what of it waits or is refused, and why? Parked ones that grow want a look.
        messages = GaugeMetricFamily(
            "tonghop_readable_messages", "Messages by what became of them", labels=["type", "outcome", "reason"]
        )
        for (kind, outcome, reason), n in _bounded(self._tally).items():
            messages.add_metric([kind, outcome, reason], n)
        yield messages
        # Whose client is broken? The number of a publisher that does not correct it goes on rising.
        publishers = GaugeMetricFamily(
            "tonghop_readable_publisher_rejects", "Rejected events of the publishers with most", labels=["publisher"]
        )
        for each in self._rejecting:
            publishers.add_metric([each.publisher or "unreadable"], each.rejected)
        yield publishers
        if self._worker is not None:
            state, age = self._worker.state, self._worker.age
            # Is there a projector, and what does it say that it does?
            working = GaugeMetricFamily("tonghop_readable_worker", "1 for the state of the projector", labels=["state"])
            working.add_metric([state.state], 1)
            yield working
            seen = age(state.seen_at).total_seconds()
            # Is it alive? It says so every second.
            yield _gauge("worker_seen_seconds", "Seconds since the projector said something", seen)
            if state.fetched_at is not None:
                fetched = age(state.fetched_at).total_seconds()
                # Is it connected and yet silently stalled?
                yield _gauge("worker_fetched_seconds", "Seconds since the projector last heard of the bus", fetched)


class Measured:
    """ASGI middleware that counts and times every request by its route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and observe it when its answer is out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, until = time.perf_counter(), GONE, 0.0

        async def sent(message: Message) -> None:
            nonlocal status, until
            if message["type"] == "http.response.start":
                status = str(message["status"])
                until = time.perf_counter() if STREAM in message.get("headers", ()) else 0.0
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            status = "500" if status == GONE else status
            raise
        finally:
            route = getattr(scope.get("route"), "path", "other")
            SECONDS.labels(route).observe((until or time.perf_counter()) - began)
            REQUESTS.labels(route, status).inc()
            if status == UNAVAILABLE and WAITS_FOR in scope["query_string"]:
                UNREACHED.inc()


def exposition(standing: StandingCollector) -> bytes:
    """Write all metrics in Prometheus' text form; those of all worker processes where they share a folder.

    The projector of `tonghop up` has the same folder: what it tells is told by it alone.
    """
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        processes = CollectorRegistry()
        processes.register(_OfTheApi())
    else:
        processes = REGISTRY
    now = CollectorRegistry()
    now.register(standing)
    return generate_latest(processes) + generate_latest(now)


class _OfTheApi(Collector):
    """What the processes of an API have written into the shared folder, and nobody else."""

    def collect(self) -> Iterator[Metric]:
        of_all = MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]
        return (each for each in of_all.collect() if each.name.startswith(OWN))  # type: ignore[no-untyped-call]


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"tonghop_readable_{name}", says, value=value)


def _bounded(tally: list[OutcomeTally]) -> dict[tuple[str, str, str], int]:
    """Add up the types that the catalogue doesn't have: anyone can make up any number of them."""
    found: dict[tuple[str, str, str], int] = {}
    for kind, outcome, reason, n in tally:
        key = (kind if kind in CATALOGUE else "other", outcome, reason)
        found[key] = found.get(key, 0) + n
    return found
