"""Why what was sent is not decided yet: how the projector stands, told alike over the bus and over HTTP."""

from __future__ import annotations

from projections.store.reading.receipts import Projector
from services.publishing.receipt import CATCHING_UP, PAUSED, STOPPED, BusBehind


def behind_of(projector: Projector, position: int) -> BusBehind | None:
    """Say why the figures are not further; None where they have all that the projector knows of.

    What an operator reads of a pause names other publishers: a unit is not told that.
    """
    events = max(0, projector.stream_last - position)
    if projector.paused:
        return BusBehind(events, PAUSED, "chờ quản trị cho chạy tiếp / until an operator resumes")
    if not projector.seen or projector.state in {"refused", "waiting", "outdated"}:
        return BusBehind(events, STOPPED, "bộ tổng hợp không chạy / the projector does not run")
    if events or projector.state != "leading":
        return BusBehind(events, CATCHING_UP)
    return None
