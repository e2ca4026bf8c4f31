"""A trace from publishing over the bus or over HTTP, to the commit of the batch, to the answer that has it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import httpx
import nats
import pytest
from opentelemetry.trace import SpanKind

from services.client import AsyncClient, Client, MemberAdmitted, event
from services.settings import Settings
from services.tracing import spans
from services.tracing.context import of_message, read
from tests.attacks.publishing import A, admitted, published
from tests.integration.whole_service import ADMIN, Service
from tests.tracing.conftest import Spans

pytestmark = pytest.mark.tracing
DAY = dt.date(2023, 5, 1)
_numbers = itertools.count(1)


def said() -> Any:
    number = next(_numbers)
    return event(A, MemberAdmitted(member=f"t-{number}", decided_on=DAY), id=f"traced-{number}")


def positions(span: Any) -> tuple[int, int]:
    return span.attributes["tonghop.position.first"], span.attributes["tonghop.position"]


async def headers_at(bus: str, position: int) -> bytes:
    client = await nats.connect(bus)
    try:
        found = await client.jetstream().get_msg(Settings.stream, position)
    finally:
        await client.close()
    return (
        b"\r\n" + b"\r\n".join(f"{name}: {value}".encode() for name, value in (found.headers or {}).items()) + b"\r\n"
    )


@pytest.mark.parametrize("way", ["http", "bus", "blocking"])
async def test_one_event_is_followed_into_the_figures_and_out_again(service: Service, told: Spans, way: str) -> None:
    with spans.span("a unit's work") as work:
        if way == "bus":
            async with AsyncClient(service.bus) as client:
                sent = await client.send(said(), wait=10)
        elif way == "http":
            async with AsyncClient(service.http, token=ADMIN) as client:
                sent = await client.send(said(), wait=10)
        else:
            import asyncio

            with Client(service.http, token=ADMIN) as client:
                sent = await asyncio.to_thread(client.send, said(), wait=10)
    assert sent.outcome == "counted"
    position = sent.position
    assert position is not None
    trace = int(work.trace or "", 16)
    in_figures = await told.until(lambda all_: [s for s in all_.of(trace) if s.name == "in the figures"])
    (counted,) = in_figures
    assert counted.attributes == {"tonghop.position": position, "tonghop.publisher": A}
    (published_,) = [span for span in told.of(trace) if span.name == "publish"]
    assert published_.kind is SpanKind.PRODUCER
    assert counted.parent.span_id == published_.context.span_id
    assert positions(published_) == (position, position)
    (batch,) = [b for b in told.named("batch") if positions(b)[0] <= position <= positions(b)[1]]
    assert [link.context.trace_id for link in batch.links] == [trace]
    assert [link.context.span_id for link in counted.links] == [batch.context.span_id]
    parts = {span.name: span for span in told.of(batch.context.trace_id) if span is not batch}
    assert parts.keys() == {"fetch", "decide", "write", "commit"}
    assert parts["fetch"].end_time <= parts["decide"].start_time <= parts["decide"].end_time
    assert parts["write"].end_time <= parts["commit"].start_time <= parts["commit"].end_time <= batch.end_time
    assert batch.end_time == counted.end_time
    assert of_message(await headers_at(service.bus, position)) == read(
        f"00-{trace:032x}-{published_.context.span_id:016x}-01".encode()
    )
    if way != "bus":
        request = next(s for s in told.of(trace) if s.name == "POST /v1/events")
        assert published_.parent.span_id == request.context.span_id
        assert request.attributes["http.response.status_code"] == 202


async def test_an_answer_says_its_position_and_not_what_was_asked(service: Service, told: Spans) -> None:
    (line,) = await published(service.bus, [admitted(A, "answered")])
    asked = f"{service.http}/v1/units/{A}/report?from=2023-01-01&to=2023-12-31&min_position={line.position}&wait=10"
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = {"authorization": f"Bearer {ADMIN}", "traceparent": f"00-{trace}-{parent}-00"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        answer = await client.get(asked)
    assert answer.status_code == 200
    (request,) = await told.until(lambda all_: [s for s in all_.of(int(trace, 16)) if s.kind is SpanKind.SERVER])
    assert request.name == "GET /v1/units/{unit}/report"
    assert f"{request.parent.span_id:016x}" == parent
    assert request.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/units/{unit}/report",
        "http.response.status_code": 200,
        "tonghop.position": answer.json()["position"],
    }


async def test_a_chunk_is_marked_at_its_ends(service: Service, told: Spans) -> None:
    lines = await published(service.bus, [admitted(A, f"chunk-{n}") for n in range(7)])
    marked = [line.position for line in lines if of_message(await headers_at(service.bus, line.position or 0))]
    assert marked == [lines[0].position, lines[-1].position]
    (sending,) = [s for s in told.named("publish") if s.attributes["messaging.batch.message_count"] == 7]
    assert positions(sending) == (lines[0].position, lines[-1].position)
