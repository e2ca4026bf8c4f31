"""Publishers that an operator should know by name: shown in the metrics while they are so, said once in the log."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from events.codec import Event, Refusal
from projections.rules.log.message import Message
from projections.store.live.reject_limit import Window
from services.projector import metrics
from services.projector.growth import Allowed, Growth

EVERY: Final = 1.0

log = structlog.get_logger("tonghop.projector")


class Naming:
    """Told of what is folded, it looks every second who makes the log grow and whose rejects weigh all they may."""

    def __init__(self, allowed: Allowed) -> None:
        self._growth = Growth(allowed)
        self._counted = 0
        self._bus_time = 0.0
        self._at = time.monotonic()
        self._looked_at = 0.0

    def took(self, messages: Sequence[Message], decoded: Sequence[Event | Refusal]) -> None:
        """Count messages once, however often they are folded."""
        first = max(0, self._counted + 1 - messages[0].position)
        self._counted = max(self._counted, messages[-1].position)
        self._bus_time, self._at = messages[-1].published_at.timestamp(), time.monotonic()
        publishers = [event.publisher or "" for event in decoded[first:]]
        sizes = [len(body) + len(headers or b"") + len(subject) for _, _, subject, headers, body in messages[first:]]
        self._growth.take(self._bus_time, zip(publishers, sizes, strict=True))

    def look(self, window: Window) -> None:
        """Name those who are to be named, if a second has gone by since it was last looked."""
        now = time.monotonic()
        if now - self._looked_at < EVERY:
            return
        self._looked_at = now
        growing = self._growth.named(self._bus_time + now - self._at)
        shares = {each.publisher: round(each.share, 4) for each in growing}
        _show(metrics.GROWING, shares, "a publisher makes the log grow", "share")
        _show(metrics.REJECTING, window.heaviest, "a publisher's rejects weigh all they may", "rejected")

    def forget(self) -> None:
        """Name nobody: another projector leads, or nothing is read."""
        metrics.GROWING.show({})
        metrics.REJECTING.show({})


def _show(named: metrics.Named, values: Mapping[str, float], event: str, what: str) -> None:
    before = named.show(values)
    for publisher in values.keys() - before:
        log.warning(event, publisher=publisher, **{what: values[publisher]})
    for publisher in before - values.keys():
        log.info(event, publisher=publisher, ended=True)
