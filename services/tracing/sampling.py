"""Which traces are told: decided here, whatever those say who send a `traceparent`.

A stranger's header says which trace its sender is in, and claims that all of it is wanted. Its claim counts for
nothing, nor does its trace, which it may have chosen: a share of traces (`OTEL_TRACES_SAMPLER`) is drawn by numbers of
our own. Beside that no more than so many a second are told, so that no flood of requests or events is one of spans.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

MOST_A_SECOND: Final = 20.0
"""Traces that begin here, of each kind: requests, batches, events of batches, sendings."""
AT_ONCE: Final = 100.0


class Bucket:
    """Lets so many pass a second, and so many at once after a quiet time."""

    def __init__(self, a_second: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._clock = clock
        self._left = at_once
        self._looked = clock()

    def take(self) -> bool:
        """Say whether one more may pass."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._looked) * self._a_second)
        self._looked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class OwnSampler(Sampler):  # type: ignore[misc]  # mypy is not told of what may not be installed
    """Asks ``chosen`` about what begins here, as if nobody had asked for it; what belongs to that goes with it."""

    def __init__(
        self,
        chosen: Sampler,
        *,
        a_second: float = MOST_A_SECOND,
        at_once: float = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chosen = chosen
        self._buckets = {kind: Bucket(a_second, at_once, clock) for kind in SpanKind}

    def should_sample(  # noqa: PLR0917 - as `Sampler` has it
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide about one span; see `Sampler`. The trace's own number decides nothing: its sender chose it."""
        _ = trace_id, trace_state
        kind = kind or SpanKind.INTERNAL
        parent = trace.get_current_span(parent_context).get_span_context()
        if parent.is_valid and not parent.is_remote:
            told = parent.trace_flags.sampled
        else:
            drawn = secrets.randbits(128)
            told = self._chosen.should_sample(Context(), drawn, name, kind, attributes, links).decision.is_sampled()
            told = told and self._buckets[kind].take()
        return SamplingResult(Decision.RECORD_AND_SAMPLE if told else Decision.DROP, attributes)

    def get_description(self) -> str:
        """Say what it is."""
        return f"OwnSampler({self._chosen.get_description()})"
