"""The whole service in this process, telling its spans to this process's memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from services.embedded.postgres import PostgresServer
from services.tracing import spans
from tests.integration.whole_service import Service, whole_service


class Spans:
    """The spans that were told, as they are exported."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter

    def all(self) -> list[Any]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[Any]:
        return [span for span in self.all() if span.name == name]

    def of(self, trace: int) -> list[Any]:
        return [span for span in self.all() if span.context.trace_id == trace]

    async def until(self, holds: Callable[[Spans], Any]) -> Any:
        """Wait until something is so of the spans, and give it."""
        end = time.monotonic() + 20
        while not (found := holds(self)):
            assert time.monotonic() < end, [span.name for span in self.all()]
            await asyncio.sleep(0.02)
        return found


@pytest.fixture(scope="module")
async def service(postgres: PostgresServer) -> AsyncIterator[Service]:
    async with whole_service(postgres) as running:
        yield running


@pytest.fixture
def told() -> Iterator[Spans]:
    """Tell spans at once to memory, by the provider and the sampler of a process of the service."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from services.tracing import telling

    exporter = InMemorySpanExporter()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(telling, "BatchSpanProcessor", SimpleSpanProcessor)
        tracing = telling.exporting("test", exporter)
    with spans.using(tracing):
        yield Spans(exporter)
