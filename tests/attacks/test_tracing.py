"""Traces are told to a collector by our measure: no header makes them more, longer, or somebody else's secret."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import nats
import pytest

from services.projector import batch_tracing
from services.settings import Settings, SettingsError
from services.tracing import spans
from services.tracing.switching import traced
from tests.attacks.publishing import BELOW_B, A, B, admitted, published
from tests.integration.whole_service import ADMIN, Service
from tests.tracing.conftest import Spans, service, told

__all__ = ["service", "told"]
pytestmark = pytest.mark.tracing
SECRET = "the-thi-123456789"  # noqa: S105 - looked for, never found
WORST = [
    "",
    "garbage",
    "00-" + "0" * 32 + "-" + "0" * 16 + "-01",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" + "-" + "a" * 1_500,
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
    "\N{FULLWIDTH DIGIT ZERO}0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
]


def forced(number: int, flags: str = "01") -> str:
    """Make one of a trace of its own, chosen to be drawn by every sampler that looks at it."""
    return f"00-{number:032x}-{number:016x}-{flags}"


async def sent(bus: str, of: list[tuple[str, str, str]]) -> int:
    """Send events with headers as a unit can write them, by hand; the last position."""
    client = await nats.connect(bus)
    try:
        for unit, name, header in of:
            body = json.dumps(admitted(unit, name)).encode()
            subject = f"party.v1.{unit}.member.admitted"
            ack = await client.jetstream().publish(subject, body, headers={"traceparent": header})
    finally:
        await client.close()
    return int(ack.seq)


async def reached(service: Service, position: int) -> httpx.Response:
    asked = f"{service.http}/v1/units/{A}/report?from=2023-01-01&to=2023-12-31&min_position={position}&wait=20"
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {ADMIN}"}, timeout=30) as client:
        return await client.get(asked)


async def test_a_unit_that_marks_all_its_events_has_few_followed_and_others_theirs(service: Service) -> None:
    marked = [(A, f"flood-{n}", forced(n)) for n in range(1, 41)]
    last = await sent(service.bus, [*marked, (B, "quiet", forced(99))])
    messages = await _kept(service.bus, last - 40, last)
    found = batch_tracing.followed(messages)
    assert Counter(each.publisher for each in found) == {A: batch_tracing.OF_A_PUBLISHER, B: 1}
    many = [message._replace(bus_subject=f"party.v1.u{n}.member.admitted") for n, message in enumerate(messages)]
    assert len(batch_tracing.followed(many)) == batch_tracing.FOLLOWED
    assert (await reached(service, last)).status_code == 200


async def test_what_is_no_traceparent_is_no_trouble(service: Service, told: Spans) -> None:
    before = len(told.named("in the figures"))
    last = await sent(service.bus, [(B, f"worst-{n}", header) for n, header in enumerate(WORST)])
    assert (await reached(service, last)).status_code == 200
    (line,) = await published(service.bus, [admitted(BELOW_B, "after-the-worst")])
    assert line.outcome == "counted"
    await told.until(
        lambda all_: [batch for batch in all_.named("batch") if batch.attributes["tonghop.position"] >= last]
    )
    assert len(told.named("in the figures")) - before <= 1  # that which was published by ourselves
    async with httpx.AsyncClient(timeout=60) as client:
        for header in WORST:
            answer = await client.get(f"{service.http}/healthz", headers={"traceparent": header.encode("utf-8")})
            assert answer.status_code == 200


async def test_a_flag_or_a_trace_of_the_askers_choice_decides_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from services.tracing.telling import exporting

    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.0")
    exporter = InMemorySpanExporter()
    with spans.using(exporting("test", exporter)):
        async with httpx.AsyncClient(timeout=60) as client:
            for number in range(20):
                await client.get(f"{service.http}/healthz", headers={"traceparent": forced(number + 1)})
        last = await sent(service.bus, [(B, f"unsampled-{n}", forced(n + 1)) for n in range(20)])
        assert (await reached(service, last)).status_code == 200
    assert exporter.get_finished_spans() == ()


async def test_a_flood_of_requests_is_no_flood_of_spans(service: Service, told: Spans) -> None:
    from services.tracing.sampling import AT_ONCE, MOST_A_SECOND

    began = time.monotonic()
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(200):
            await client.get(f"{service.http}/healthz", headers={"traceparent": forced(number + 1)})
    within = time.monotonic() - began
    assert 0 < len(told.named("GET /healthz")) <= AT_ONCE + MOST_A_SECOND * within + 1


async def test_nothing_of_what_is_asked_or_said_is_told(service: Service, told: Spans) -> None:
    from opentelemetry import trace as global_
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    others = InMemorySpanExporter()  # whoever else's, in the same process
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(others))
    global_.set_tracer_provider(provider)
    person = SECRET
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {ADMIN}"}, timeout=60) as client:
        asked = [
            client.get(f"{service.http}/v1/units/{A}/events", params={"member": person}),
            client.get(f"{service.http}/v1/{person}"),
            client.get(f"{service.http}/v1/units/{A}/report", params={"from": person}),
            client.request(person.upper(), f"{service.http}/healthz"),
            client.post(
                f"{service.http}/v1/events?wait={person}", json=admitted(A, "told") | {"data": {"member": person}}
            ),
        ]
        for each in asked:
            await each
    line = admitted(A, "about-somebody")
    line["data"]["member"] = person
    await published(service.bus, [line])
    await told.until(lambda all_: all_.named("batch"))
    everything = " ".join(span.to_json() for span in told.all())
    assert person not in everything
    assert person.upper() not in everything
    assert others.get_finished_spans() == ()


@contextmanager
def collector(*, answers: bool) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Listen on loopback as a collector does; one that does not answer takes what is sent, and nothing more."""
    taken: list[tuple[str, bytes]] = []
    ended = threading.Event()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            if not answers:
                ended.wait()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    server.daemon_threads = True
    running = threading.Thread(target=server.serve_forever, daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


def test_a_collector_gets_them_by_otlp(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    with collector(answers=True) as (address, taken):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        with traced(Settings(tracing="on"), "tonghop-api"), spans.span("GET", "server", {"tonghop.position": 7}):
            pass
    ((path, body),) = taken
    assert path == "/v1/traces"
    (of,) = ExportTraceServiceRequest.FromString(body).resource_spans
    said = {each.key: each.value.string_value for each in of.resource.attributes}
    assert said["service.name"] == "tonghop-api"
    assert not {name for name in said if name.startswith(("process.", "host."))}
    (told_,) = of.scope_spans[0].spans
    assert (told_.name, told_.attributes[0].key, told_.attributes[0].value.int_value) == ("GET", "tonghop.position", 7)


def test_a_collector_that_hangs_or_is_away_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from services.tracing import telling

    monkeypatch.setattr(telling, "ENDED_WITHIN", 0.3)
    with collector(answers=False) as (hanging, taken):
        for address in (hanging, "http://127.0.0.1:1"):
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
            with traced(Settings(tracing="on"), "tonghop-api"):
                for _ in range(5_000):  # more than wait for it
                    with spans.span("GET", "server"):
                        pass
        assert len(taken) <= 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")],
)
def test_what_can_not_be_used_is_said_at_the_start(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name), traced(Settings(tracing="on"), "tonghop-api"):
        pass
    with traced(Settings(), "tonghop-api"):  # while it is off, these are for others
        assert not spans.on()


async def _kept(bus: str, first: int, last: int) -> list[Any]:
    from services.log.gaps import read_range

    client = await nats.connect(bus)
    try:
        return list(await asyncio.wait_for(read_range(client, Settings.stream, first, last), 10))
    finally:
        await client.close()
