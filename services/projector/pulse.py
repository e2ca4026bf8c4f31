"""The projector's sign of life: its row in ``worker``, its metrics, its answer to health questions."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import time
from collections import Counter

import asyncpg
from nats.aio.client import Client
from nats.js.api import StreamInfo

from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.state import State
from projections.store.connecting import connect
from services.connecting.database_failures import SERVERS_FAIL
from services.log.intake import Intake
from services.projector import metrics
from services.projector.telling import PositionTeller
from services.settings import Settings

EVERY = 1.0
SILENCE = 20.0
"""Seconds without a word from the bus after which the projector calls itself unhealthy."""

_ANSWER = 1.0
"""Seconds in which the bus says how far the log goes: less than the patience with a leader that says nothing."""

_BEAT = """
INSERT INTO worker (name, state, detail, seen_at, fetched_at, advanced_at, stream_last)
VALUES ($1, $2, $3, now(), now() - make_interval(secs => $4), now() - make_interval(secs => $5), $6)
ON CONFLICT (one) DO UPDATE SET
    name = excluded.name, state = excluded.state, detail = excluded.detail, seen_at = excluded.seen_at,
    fetched_at = excluded.fetched_at, advanced_at = excluded.advanced_at, stream_last = excluded.stream_last
WHERE $7 OR worker.name = excluded.name OR worker.seen_at < now() - interval '3 seconds'
"""
"""Who leads writes the row; who doesn't, only where nobody else has lately."""


class Pulse:
    """What the projector is doing, told every second while it leads or is kept from leading."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self.telling = PositionTeller(client)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._signs = False
        self.state = "starting"
        self.detail: str | None = None
        self.position = 0
        self.stream_last = 0
        self._fetched_at: float | None = None
        self._advanced_at: float | None = None
        self._as_of: dt.datetime | None = None
        self._caught_up_at = time.monotonic()
        self._parked: Counter[str] = Counter()

    def leads(self, state: State) -> None:
        """Tell that the projector leads from here on."""
        if self._advanced_at is None or state.position > self.position:
            self._advanced_at = time.monotonic()  # who leads again and again and gets no further is stalled
        self.state, self.detail, self.position = "leading", None, state.position
        self.telling.tell(state.position)
        self._parked = Counter(str(parked.waits.reason) for parked in state.parking.events.values())
        for reason, n in self._parked.items():
            metrics.PARKED.labels(reason=reason).set(n)
        metrics.LEADING.set(1)
        metrics.POSITION.set(state.position)
        _nothing_fails()

    def stands_by(self) -> None:
        """Tell that another projector leads: nothing fails here, whatever did before."""
        self.state, self.detail = "standby", None
        _nothing_fails()

    def is_outdated(self, detail: str) -> None:
        """Tell that the figures are made by rules that came after this program's: it stands by and writes nothing."""
        self.state, self.detail = "outdated", detail
        _nothing_fails()

    def pauses(self, detail: str, position: int) -> None:
        """Tell that the projector holds the lead and stands still at the limit on rejects."""
        self.state, self.detail, self.position = "paused", detail, position
        self.telling.tell(position)
        metrics.LEADING.set(1)
        metrics.PAUSED.set(1)
        metrics.POSITION.set(position)

    def goes_on(self) -> None:
        """Tell that a pause is over."""
        metrics.PAUSED.set(0)
        metrics.LEADING.set(0)

    def leads_no_more(self) -> None:
        """Tell that the projector lost its lead or a server."""
        self._signs = False
        self.telling.stop()
        metrics.LEADING.set(0)
        metrics.PAUSED.set(0)

    def fetched(self, intake: Intake) -> None:
        """Tell that a fetch was answered, be it with nothing."""
        self.stream_last = max(self.stream_last, intake.stream_last)
        if intake.silent_for < SILENCE:
            self._fetched_at = time.monotonic()
            metrics.FETCHED_AT.set(time.time())
        if self.stream_last <= self.position:
            self._advanced_at = time.monotonic()

    def committed(self, changes: Changes) -> None:
        """Tell that a batch is in the figures."""
        self.position, self._advanced_at = changes.position, time.monotonic()
        self.telling.tell(changes.position)
        self._as_of = changes.as_of
        self.stream_last = max(self.stream_last, changes.position)
        metrics.POSITION.set(changes.position)
        metrics.BATCH_SIZE.observe(len(changes.ledger))
        for (type_, outcome, reason), n in changes.tally.items():
            if n > 0:
                metrics.EVENTS.labels(type=type_ or metrics.UNREADABLE, outcome=outcome).inc(n)
            if outcome == "parked":
                self._parked[reason] += n
                metrics.PARKED.labels(reason=reason).set(self._parked[reason])
        self._lag()

    async def sign(self, connection: asyncpg.Connection) -> None:
        """Write the row on the connection that holds the lead: it can't be written after the lead is lost."""
        self._signs = True
        await self._ask_the_bus()
        try:
            await connection.execute(_BEAT, *self._row(), True)
        except asyncpg.PostgresError:
            if connection.is_closed():
                raise
            metrics.ERRORS.labels(part="database").inc()  # a full disk, say: the server has heard of this one

    async def run(self) -> None:
        """Beat until cancelled. The database being away is no reason to stop."""
        while True:
            await self.beat_once()
            await asyncio.sleep(EVERY)

    async def beat_once(self) -> None:
        """Tell how things stand, where this projector does not lead and yet has a say and the database is there."""
        if self._signs:
            return
        await self._ask_the_bus()
        if self.state in {"standby", "starting"}:
            return
        try:
            connection = await connect(self._settings.database_url, within=2)
            try:
                await connection.execute(_BEAT, *self._row(), False, timeout=2)
            finally:
                connection.terminate()
        except SERVERS_FAIL:
            metrics.ERRORS.labels(part="database").inc()

    async def _ask_the_bus(self) -> None:
        try:
            if self._client.is_connected:
                info = await self._client.jetstream(timeout=_ANSWER).stream_info(self._settings.stream)
                self.stream_last = max(self.position, info.state.last_seq)
                _tell_of_the_log(info)
                if self.state == "paused":  # nothing is fetched, so this is what tells that the bus answers
                    self._fetched_at = time.monotonic()
                    metrics.FETCHED_AT.set(time.time())
        except Exception:  # noqa: BLE001 - told by fetched_at growing old
            metrics.ERRORS.labels(part="bus").inc()
        self._lag()

    def _row(self) -> tuple[object, ...]:
        ages = (_age(self._fetched_at), _age(self._advanced_at))  # by the database's clock they are times again
        return (self._name, self.state, self.detail, *ages, self.stream_last)

    def troubles(self) -> list[str]:
        """Say why the projector can't do what it is there for, in words; nothing where it can.

        Paused, loading or standing by it can: it answers for receipts, and neither a restart nor another version that
        is held back would change it. An alert tells of a pause. Outdated it can't: an upgrade, or a way back, that
        waits until this one is ready leaves those that can count where they are.
        """
        found = []
        if self.state in {"waiting", "refused", "starting", "outdated"}:
            found.append(f"{self.state}: {self.detail or 'not leading yet'}")
        if self.state == "leading" and ((age := _age(self._fetched_at)) is None or age > SILENCE):
            found.append("the bus has not answered a fetch for too long")
        return found

    @property
    def doing(self) -> dict[str, str | None]:
        """What it is doing, and what there is to say of it."""
        return {"state": self.state, "detail": self.detail}

    def _lag(self) -> None:
        if self.state not in {"leading", "paused"}:
            return  # one that stands by knows no position; the leader's figures are the service's
        lag = max(0, self.stream_last - self.position)
        if not lag:
            self._caught_up_at = time.monotonic()
        metrics.STREAM_LAST.set(self.stream_last)
        metrics.LAG_EVENTS.set(lag)
        metrics.LAG_SECONDS.set(self._behind() if lag else 0.0)

    def _behind(self) -> float:
        """Count the seconds since the figures were last complete, by the bus's time where that is before this clock's.

        A clock that was set back says nothing about the age of what the bus took before.
        """
        behind = time.monotonic() - self._caught_up_at
        if self._as_of is None:
            return behind
        age = (dt.datetime.now(dt.UTC) - self._as_of).total_seconds()
        return min(behind, age) if age >= 0 else behind


def _nothing_fails() -> None:
    for part in metrics.PARTS:
        metrics.OPEN_ERRORS.labels(part=part).set(0)


def _tell_of_the_log(info: StreamInfo) -> None:
    """Tell how large the log is, and how many servers have all of it: who leads the stream, and who is up to date."""
    others = (info.cluster.replicas if info.cluster is not None else None) or []
    led = info.cluster is None or bool(info.cluster.leader)
    metrics.LOG_BYTES.set(info.state.bytes)
    metrics.LOG_COPIES.set(led + sum(bool(each.current and not each.offline) for each in others))
    metrics.LOG_COPIES_WANTED.set(info.config.num_replicas or 1)


def _age(moment: float | None) -> float | None:
    """Count the seconds since a moment; the clock of the day may be set meanwhile."""
    return None if moment is None else time.monotonic() - moment
