"""Spans told by OpenTelemetry: the one place beside the sampler that imports it, and only where tracing is on.

In a process of the service they go to a collector over OTLP (HTTP), by a provider of its own that nothing else in the
process can write to. In a program that uses the client they go wherever that program sends its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib.metadata import version
from typing import Final, ParamSpec
from urllib.parse import urlsplit

import structlog
from opentelemetry import trace
from opentelemetry.context import Context as Surroundings
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, Tracer

from projections.bilingual import Bilingual
from services import error_line
from services.settings import SettingsError
from services.tracing.context import Context
from services.tracing.sampling import OwnSampler
from services.tracing.spans import Attributes, Kind, WorkPart, WorkSpan

P = ParamSpec("P")
log = structlog.get_logger("tonghop.tracing")

ENDED_WITHIN: Final = 5.0
"""Seconds for which a process that ends waits for a collector; what it hasn't taken by then is not told."""
_KINDS: Final = {
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "producer": SpanKind.PRODUCER,
    "internal": SpanKind.INTERNAL,
}
_LIMITS: Final = SpanLimits(max_span_attributes=16, max_attribute_length=256, max_links=64, max_events=0)
_PROTOCOL: Final = "http/protobuf"


def _never_in_the_way(tell: Callable[P, None]) -> Callable[P, None]:
    """Have what is told fail for itself alone: the work that it is told of goes on."""

    @wraps(tell)
    def telling(*given: P.args, **named: P.kwargs) -> None:
        try:
            tell(*given, **named)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no reason to stop a projector
            log.warning("a span is not told", error=error_line.said(error))

    return telling


class OtelSpan:
    """A span of OpenTelemetry, with what may be said of it and nothing else."""

    def __init__(self, span: trace.Span, tracer: Tracer) -> None:
        self._span = span
        self._tracer = tracer
        self.told = span.is_recording() and span.get_span_context().trace_flags.sampled

    @property
    def trace(self) -> str | None:
        """See `WorkSpan`."""
        found = self._span.get_span_context()
        return f"{found.trace_id:032x}" if found.is_valid else None

    @property
    def context(self) -> Context | None:
        """See `WorkSpan`."""
        found = self._span.get_span_context()
        if not found.is_valid:
            return None
        return Context(f"{found.trace_id:032x}", f"{found.span_id:016x}", found.trace_flags.sampled)

    @_never_in_the_way
    def note(self, attributes: Attributes, /, *, name: str | None = None) -> None:
        """See `WorkSpan`."""
        if self.told:
            self._span.set_attributes(dict(attributes))
            if name is not None:
                self._span.update_name(name)

    @_never_in_the_way
    def failed(self, error: BaseException | None = None, /) -> None:
        """See `WorkSpan`. Words of an error may have values in them: its kind is all that is told."""
        if self.told:
            self._span.set_status(Status(StatusCode.ERROR))
            if error is not None:
                self._span.set_attribute("error.type", type(error).__name__)

    @_never_in_the_way
    def part(self, part: WorkPart, /) -> None:
        """See `WorkSpan`."""
        if self.told:
            within = trace.set_span_in_context(self._span)
            self._tracer.start_span(part.name, within, start_time=part.began).end(part.ended)

    @_never_in_the_way
    def link(self, others: Sequence[Context], /) -> None:
        """See `WorkSpan`."""
        if self.told:
            for other in others:
                self._span.add_link(_elsewhere(other))

    @_never_in_the_way
    def end(self, at: int | None = None, /) -> None:
        """See `WorkSpan`."""
        self._span.end(at)


class OtelTracing:
    """Tells spans through one tracer; ``ending`` is called once, when nothing more is told."""

    def __init__(self, tracer: Tracer, ending: Callable[[], None] = lambda: None) -> None:
        self._tracer = tracer
        self.end = ending

    def current(self) -> WorkSpan:
        """See `Tracing`."""
        return OtelSpan(trace.get_current_span(), self._tracer)

    @contextmanager
    def span(self, name: str, kind: Kind, attributes: Attributes, parent: Context | None) -> Iterator[WorkSpan]:
        """See `Tracing`."""
        found = self._started(name, kind, attributes, _below(parent))
        # Without what it would record of an error itself: its words.
        with trace.use_span(found, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            told = OtelSpan(found, self._tracer)
            try:
                yield told
            except BaseException as error:
                told.failed(error)
                raise

    def begun(self, name: str, kind: Kind, attributes: Attributes, parent: Context | None, at: int | None) -> WorkSpan:
        """See `Tracing`."""
        where = Surroundings() if parent is None else _below(parent)
        return OtelSpan(self._started(name, kind, attributes, where, at), self._tracer)

    def _started(
        self, name: str, kind: Kind, attributes: Attributes, where: Surroundings | None, at: int | None = None
    ) -> trace.Span:
        try:
            return self._tracer.start_span(name, where, _KINDS[kind], dict(attributes), start_time=at)
        except Exception as error:  # noqa: BLE001 - as above: no work stops for it
            log.warning("a span is not told", error=error_line.said(error))
            return trace.INVALID_SPAN


def exporting(process: str, exporter: SpanExporter | None = None) -> OtelTracing:
    """Tell the spans of a process of the service as the variables `OTEL_…` say; raises SettingsError.

    They are sent by a thread of its own, out of a queue with bounds: a collector that is slow, or away, loses spans and
    holds up nothing.
    """
    _require_usable()
    provider = TracerProvider(
        resource=Resource.create({"service.name": _name(process), "service.version": version("tonghop")}),
        span_limits=_LIMITS,
        shutdown_on_exit=False,
    )
    provider.sampler = OwnSampler(provider.sampler)  # that which OTEL_TRACES_SAMPLER names
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter() if exporter is None else exporter))

    def ending() -> None:
        last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(ENDED_WITHIN)

    return OtelTracing(provider.get_tracer("tonghop", version("tonghop")), ending)


def as_guest() -> OtelTracing:
    """Tell spans of the client as the program that uses it tells its own."""
    return OtelTracing(trace.get_tracer("tonghop", version("tonghop")))


def _name(process: str) -> str:
    return os.environ.get("OTEL_SERVICE_NAME", "").strip() or process


def _require_usable() -> None:
    """Refuse what would fail later, in a thread that nobody hears."""
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        protocol = os.environ.get(name, "").strip()
        if protocol and protocol != _PROTOCOL:
            raise SettingsError(
                Bilingual(f"chỉ dùng được {_PROTOCOL}", f"only {_PROTOCOL} can be used", f"{name}: {protocol!r}: ")
            )
    for name in ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        address = os.environ.get(name, "").strip()
        if address and (urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname):
            raise SettingsError(
                Bilingual(
                    "không phải địa chỉ HTTP, hãy viết ví dụ",
                    "is not an HTTP address, write for example",
                    before=f"{name}: {address!r} ",
                    after=" https://collector.example.org:4318",
                )
            )


def _below(parent: Context | None) -> Surroundings | None:
    if parent is None:
        return None
    return trace.set_span_in_context(NonRecordingSpan(_elsewhere(parent)), Surroundings())


def _elsewhere(other: Context) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if other.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(other.trace, 16), int(other.span, 16), is_remote=True, trace_flags=flags)
