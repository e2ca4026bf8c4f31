"""The projector's loop: lead, load, then batch after batch.

Whatever fails is waited out or narrowed down to one message, never skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time

import asyncpg
import structlog
from nats.aio.client import Client

from events.codec import Event, Refusal
from events.vocabulary import Reason
from projections.core.changes import Changes
from projections.core.disaster import Excess, Limit, Window, arrivals
from projections.core.fold import EventKey
from projections.core.message import Message
from projections.core.state import SIZES, Recorded, State
from projections.store import pausing
from projections.store.copying import Rendered, render
from projections.store.projection import decode_all, load, looks_back, prepare
from projections.store.writing import write
from services import metrics
from services.collecting import collect_rarely
from services.projector.errors import RefusedError, described, is_transient, part_of
from services.projector.intake import Intake
from services.projector.leadership import try_to_lead
from services.projector.limit import describe
from services.projector.log_check import check_log
from services.projector.pulse import Pulse
from services.projector.supply import MOST, Supply
from services.settings import Settings

_PATIENCE = 1.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_SESSION = {"application_name": "tonghop projector", "client_connection_check_interval": "1s"}
"""PostgreSQL looks whether this process lives, also while a statement runs or waits: a dead one's lock is free."""

log = structlog.get_logger("tonghop.projector")


class Worker:
    """Carries the read models forward until it is cancelled. Any number may run; one of them leads."""

    def __init__(self, settings: Settings, client: Client, pulse: Pulse) -> None:
        self._settings = settings
        self._client = client
        self._pulse = pulse
        self._pause = _FIRST_PAUSE
        self._tried = 0
        self._narrow_to = 0
        self._stop_at = 0
        self._alone: int | None = None
        self._poison: dict[int, str] = {}
        self._nameless: set[int] = set()
        self._failed_alone: int | None = None

    async def run(self) -> None:
        """Run for ever; raises RefusedError alone."""
        while True:
            try:
                await self._lead()
            except RefusedError as refused:
                self._pulse.state, self._pulse.detail = "refused", str(refused)
                await self._pulse.beat_once()
                raise
            except asyncio.CancelledError:
                raise
            except BaseExceptionGroup as group:
                await self._recover(group.exceptions[0])
            except Exception as error:  # noqa: BLE001 - sorted in _recover: nothing may end the loop and nothing is lost
                await self._recover(error)

    async def _recover(self, error: BaseException) -> None:
        part = part_of(error)
        metrics.ERRORS.labels(part=part).inc()
        metrics.OPEN_ERRORS.labels(part=part).set(1)
        self._pulse.state, self._pulse.detail = "waiting", described(error)
        if is_transient(error):
            log.warning("waiting", part=part, error=self._pulse.detail, seconds=self._pause)
        else:
            self._narrow_down(error)
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _narrow_down(self, error: BaseException) -> None:
        """Go on message by message until the one that can't be processed is known: it has failed alone, and twice.

        That one is rejected with its error.
        """
        position = self._alone
        if position is None:
            self._narrow_to = self._tried
            log.error("narrowing down", up_to=self._narrow_to, exc_info=error)
        elif position != self._failed_alone:
            self._failed_alone = position
            log.error("tried once more", position=position, exc_info=error)
        elif position in self._poison:
            self._nameless.add(position)
            log.error("not even set aside", position=position, exc_info=error)
        else:
            self._poison[position] = f"{type(error).__name__}: {error}"[:300].replace("\x00", "")
            self._pause = _FIRST_PAUSE
            log.error("message set aside", position=position, error=self._poison[position])

    async def _lead(self) -> None:
        self._tried, self._alone = 0, None
        async with contextlib.AsyncExitStack() as stack:
            writer = await self._connect(stack)
            reader = await self._connect(stack)
            while not await try_to_lead(writer):
                if self._pulse.state != "standby":
                    log.info("another projector leads, standing by")
                self._pulse.state, self._pulse.detail = "standby", None
                await asyncio.sleep(_PATIENCE)
            await self._while_paused(writer)
            self._pulse.state, self._pulse.detail = "loading", None
            started = time.monotonic()
            await check_log(self._client.jetstream(), self._settings.stream, reader)
            gc.unfreeze()
            state = await load(reader, self._settings.root, SIZES, self._chained)
            window = await pausing.recent(reader, Limit(self._settings.reject_window, self._settings.reject_limit))
            collect_rarely()
            log.info(
                "leading",
                position=state.position,
                units=len(state.hierarchy),
                seconds=round(time.monotonic() - started, 2),
            )
            intake = Intake(self._client, self._settings.stream, self._settings.consumer)
            await intake.open()
            stack.push_async_callback(intake.close)
            self._pulse.leads(state)
            stack.callback(self._pulse.leads_no_more)
            await self._carry_forward(state, window, intake, writer, reader)

    def _chained(self, position: int) -> None:
        self._pulse.detail = f"chaining the ledger, at position {position}"

    async def _while_paused(self, connection: asyncpg.Connection) -> None:
        """Hold the lead and do nothing for as long as a pause lasts, whoever began it."""
        paused = await pausing.paused(connection)
        if paused is None:
            return
        log.warning("paused", position=paused.position, detail=paused.detail)
        try:
            while paused is not None:
                self._pulse.pauses(paused.detail, paused.position - 1)
                await asyncio.sleep(_PATIENCE)
                paused = await pausing.paused(connection)
        finally:
            self._pulse.goes_on()
        log.info("resumed")

    async def _connect(self, stack: contextlib.AsyncExitStack) -> asyncpg.Connection:
        connection = await asyncpg.connect(self._settings.database_url, timeout=10, server_settings=_SESSION)
        stack.callback(connection.terminate)
        return connection

    async def _carry_forward(
        self, state: State, window: Window, intake: Intake, writer: asyncpg.Connection, reader: asyncpg.Connection
    ) -> None:
        """Fold the next batch while the one before is committed: at most one is, and none while narrowing down.

        Returns where the limit on rejects is exceeded: what was folded is not written, and the state is of no use.
        """
        supply = Supply(self._client, self._settings.stream, intake)
        under_way: asyncio.Task[None] | None = None
        pending: dict[EventKey, Recorded] = {}
        try:
            while True:
                narrow = state.position < self._narrow_to
                last = self._pulse.stream_last
                messages, reply = await supply.take(state.position, self._most(state.position), _PATIENCE, last)
                self._pulse.fetched(intake)
                if under_way is not None and (under_way.done() or not messages):
                    await under_way
                    under_way, pending = None, {}
                if not messages:
                    continue
                self._tried = messages[-1].position
                self._alone = self._tried if narrow else None
                started = time.perf_counter()
                decoded = await self._decode(messages)
                if under_way is not None and looks_back(state, decoded):
                    await under_way
                    under_way, pending = None, {}
                changes, keys = await prepare(reader, state, messages, decoded, pending)
                rendered = await render(changes)
                metrics.BATCH_SECONDS.labels(stage="fold").observe(time.perf_counter() - started)
                if under_way is not None:
                    await under_way
                    under_way = None
                excess = window.take(arrivals(changes.ledger, window.passed))
                if excess is not None:
                    await self._stop_before(excess, changes, writer)
                    return
                pending = keys
                under_way = asyncio.create_task(self._commit(writer, changes, rendered, intake, reply))
                if narrow:
                    await under_way
                    under_way, pending, self._alone = None, {}, None
                await asyncio.sleep(0)
        finally:
            if under_way is not None:
                with contextlib.suppress(Exception):
                    await asyncio.shield(under_way)

    def _most(self, position: int) -> int:
        """Say how many messages after a position may be in the next batch."""
        if position < self._narrow_to:
            return 1
        return min(MOST, self._stop_at - position) if position < self._stop_at else MOST

    async def _stop_before(self, excess: Excess, changes: Changes, writer: asyncpg.Connection) -> None:
        """Pause before the event that exceeds the limit; what of the batch comes before it is written first."""
        if changes.after + 1 < excess.position:
            self._stop_at = excess.position - 1
            return
        detail = describe(excess, self._settings.reject_limit)
        await pausing.pause(writer, excess.position, detail, changes.edition)

    async def _decode(self, messages: list[Message]) -> list[Event | Refusal]:
        decoded = await decode_all(messages, self._settings.root)
        for index, message in enumerate(messages):
            if message.position in self._poison:
                detail = f"the message could not be processed: {self._poison[message.position]}"
                event = decoded[index]
                named = (event.publisher, event.id, event.type, event.subject)
                if message.position in self._nameless:
                    named = (None, None, None, None)
                decoded[index] = Refusal(Reason.MALFORMED, None, detail, *named)
        return decoded

    async def _commit(
        self, writer: asyncpg.Connection, changes: Changes, rendered: Rendered, intake: Intake, reply: str | None
    ) -> None:
        started = time.perf_counter()
        async with writer.transaction():
            await write(writer, changes, rendered)
        if reply is not None:
            await intake.acknowledge(reply)
        self._pause = _FIRST_PAUSE
        self._poison = {p: why for p, why in self._poison.items() if p > changes.position}
        self._nameless &= self._poison.keys()
        self._pulse.committed(changes)
        metrics.BATCH_SECONDS.labels(stage="commit").observe(time.perf_counter() - started)
