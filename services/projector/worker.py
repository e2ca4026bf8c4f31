"""The projector's loop: lead, load, then batch after batch; whatever fails is waited out or narrowed down, never skipped."""

from __future__ import annotations

import asyncio
import contextlib
import time

import asyncpg
import structlog
from nats.aio.client import Client

from events.codec import Event, Refusal
from events.vocabulary import Reason
from projections.core.changes import Changes
from projections.core.fold import EventKey
from projections.core.message import Message
from projections.core.state import LARGE_FROM, Recorded, State
from projections.store.projection import decode_all, load, looks_back, prepare, unseen
from projections.store.writing import write
from services import metrics
from services.projector.errors import RefusedError, is_transient, part_of
from services.projector.gaps import read_range
from services.projector.intake import Intake
from services.projector.leadership import try_to_lead
from services.projector.log_check import check_log
from services.projector.pulse import Pulse
from services.settings import Settings

MOST = 8_000
"""Messages a batch at the most: large enough that counters of higher levels are written once for many events."""
_PATIENCE = 1.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0

log = structlog.get_logger("tonghop.projector")


class Worker:
    """Carries the read models forward until it is cancelled. Any number may run; one of them leads."""

    def __init__(self, settings: Settings, client: Client, pulse: Pulse) -> None:
        self._settings = settings
        self._client = client
        self._pulse = pulse
        self._pause = _FIRST_PAUSE
        self._suspects: list[int] = []
        self._poison: dict[int, str] = {}

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
        self._pulse.state, self._pulse.detail = "waiting", f"{type(error).__name__}: {error}"
        if is_transient(error):
            log.warning("waiting", part=part, error=self._pulse.detail, seconds=self._pause)
        else:
            self._narrow_down(error)
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _narrow_down(self, error: BaseException) -> None:
        """Go on one message a batch until the one that can't be processed is known; then it is rejected with its error."""
        if len(self._suspects) == 1:
            self._poison[self._suspects[0]] = f"{type(error).__name__}: {error}"[:300].replace("\x00", "")
            log.error("message set aside", position=self._suspects[0], error=self._poison[self._suspects[0]])
            self._pause = _FIRST_PAUSE
        else:
            log.error("narrowing down", first=self._suspects[:1], messages=len(self._suspects), exc_info=error)

    async def _lead(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            writer = await self._connect(stack)
            reader = await self._connect(stack)
            while not await try_to_lead(writer):
                if self._pulse.state != "standby":
                    log.info("another projector leads, standing by")
                self._pulse.state, self._pulse.detail = "standby", None
                await asyncio.sleep(_PATIENCE)
            self._pulse.state, self._pulse.detail = "loading", None
            started = time.monotonic()
            await check_log(self._client.jetstream(), self._settings.stream, reader)
            state = await load(reader, self._settings.root, LARGE_FROM)
            log.info(
                "leading",
                position=state.position,
                units=len(state.hierarchy),
                seconds=round(time.monotonic() - started, 2),
            )
            intake = Intake(self._client, self._settings.stream, self._settings.consumer)
            await intake.open()
            stack.push_async_callback(intake.close)
            self._pulse.leads(state.position)
            stack.callback(self._pulse.leads_no_more)
            await self._carry_forward(state, intake, writer, reader)

    async def _connect(self, stack: contextlib.AsyncExitStack) -> asyncpg.Connection:
        connection = await asyncpg.connect(self._settings.database_url, timeout=10, command_timeout=None)
        stack.callback(connection.terminate)
        return connection

    async def _carry_forward(
        self, state: State, intake: Intake, writer: asyncpg.Connection, reader: asyncpg.Connection
    ) -> None:
        """Fold the next batch while the one before is committed; at most one is under way."""
        under_way: asyncio.Task[None] | None = None
        pending: dict[EventKey, Recorded] = {}
        try:
            while True:
                most = 1 if self._suspects and state.position < self._suspects[-1] else MOST
                taken = await intake.take(most, _PATIENCE)
                self._pulse.fetched(intake)
                if under_way is not None and (under_way.done() or not taken):
                    await under_way
                    under_way, pending = None, {}
                if not taken:
                    continue
                messages = await self._without_gap(state.position, [message for message, _ in taken])
                if not messages:
                    await intake.acknowledge(taken[-1][1])
                    continue
                self._suspects = [message.position for message in messages]
                started = time.perf_counter()
                decoded = self._decode(messages)
                if under_way is not None and looks_back(state, decoded):
                    await under_way
                    under_way, pending = None, {}
                changes, keys = await prepare(reader, state, messages, decoded, pending)
                metrics.BATCH_SECONDS.labels(stage="fold").observe(time.perf_counter() - started)
                if under_way is not None:
                    await under_way
                pending = keys
                under_way = asyncio.create_task(self._commit(writer, changes, intake, taken[-1][1], state))
                await asyncio.sleep(0)
        finally:
            if under_way is not None and not under_way.done():
                with contextlib.suppress(Exception):
                    await asyncio.shield(under_way)

    def _decode(self, messages: list[Message]) -> list[Event | Refusal]:
        decoded = decode_all(messages, self._settings.root)
        for index, message in enumerate(messages):
            if message.position in self._poison:
                detail = f"the message could not be processed: {self._poison[message.position]}"
                decoded[index] = Refusal(Reason.MALFORMED, None, detail, None, None, None, None)
        return decoded

    async def _without_gap(self, position: int, messages: list[Message]) -> list[Message]:
        """Leave out what is known; where the bus gave later messages first, read those between from the stream."""
        fresh = sorted({m.position: m for m in messages if m.position > position}.values())
        wanted, whole = position + 1, []
        for message in fresh:
            if message.position > wanted:
                log.info("filling a gap", first=wanted, last=message.position - 1)
                whole += await read_range(self._client, self._settings.stream, wanted, message.position - 1)
            whole.append(message)
            wanted = message.position + 1
        return unseen(position, whole)

    async def _commit(
        self, writer: asyncpg.Connection, changes: Changes, intake: Intake, reply: str, state: State
    ) -> None:
        started = time.perf_counter()
        async with writer.transaction():
            await write(writer, changes)
        await intake.acknowledge(reply)
        self._pause = _FIRST_PAUSE
        self._poison = {p: why for p, why in self._poison.items() if p > changes.position}
        self._pulse.committed(changes, state)
        metrics.BATCH_SECONDS.labels(stage="commit").observe(time.perf_counter() - started)
