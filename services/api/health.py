"""Whether the API can answer, and whether the figures are fresh: two questions, asked by different people.

A load balancer asks whether an API can answer (`/readyz`): it can where the database does, however old the figures
are, for taking all reading away makes no figure fresher. That they are old is told by alerts, in `/v1/status` and in
every answer.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from projections.store.reading.status import WorkerSeen

BUS_AWAY: Final = "bus: NATS không trả lời / the bus does not answer"
DATABASE_AWAY: Final = "database: cơ sở dữ liệu không trả lời / the database does not answer"
NOT_MIGRATED: Final = "database: chưa có lược đồ, hãy chạy `tonghop migrate` / the schema is missing"

UNSEEN: Final = dt.timedelta(seconds=15)
STALLED: Final = dt.timedelta(seconds=30)


def troubles(worker: WorkerSeen | None, position: int, stream_last: int | None) -> list[str]:
    """Return why the figures are not or may not stay fresh; `stream_last` is None where the bus is away.

    A projector can be connected and yet stand still (its consumer deleted, its subscription lost): it is judged by
    what it last fetched and committed, by the database's clock.
    """
    found = [] if stream_last is not None else [BUS_AWAY]
    if worker is None:
        return [*found, "projector: chưa từng chạy / never ran"]
    state, age = worker.state, worker.age
    paused = state.state == "paused"
    if paused:
        found.append(f"projector: {state.detail}")
    if age(state.seen_at) > UNSEEN:
        found.append(f"projector: không thấy từ {state.seen_at.isoformat()} / not seen since")
    elif state.fetched_at is None or age(state.fetched_at) > STALLED:
        found.append(f"projector: {state.state}, không nhận được gì từ bus trong {STALLED.seconds} s / fetches nothing")
    lag = (worker.stream_last if stream_last is None else stream_last) - position
    stands = state.advanced_at is None or age(state.advanced_at) > STALLED
    if lag > 0 and stands and not paused:
        found.append(f"lag: {lag} sự kiện, không giảm trong {STALLED.seconds} s / does not fall")
    if found and state.detail is not None and not paused:
        found.append(f"projector: {state.state}: {state.detail}")
    return found
