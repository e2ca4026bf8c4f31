"""The projector's loop: lead, load, then batch after batch.

Whatever fails is waited out or narrowed down to one message, never skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import time
from typing import NamedTuple

import asyncpg
import structlog
from nats.aio.client import Client

from projections.bilingual import Bilingual
from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.state import SIZES, State
from projections.rules.log.asides import Asides
from projections.rules.log.message import Message
from projections.rules.log.set_aside import UndecidableError, said_of
from projections.store.batch.pipeline import Pipeline, Ready, commit
from projections.store.batch.preparing import load
from projections.store.connecting import connect
from projections.store.fingerprint import rules
from projections.store.live import pausing
from projections.store.live.leadership import PROJECTOR, end_the_frozen, try_to_lead, while_leading
from projections.store.live.poison_search import Consequence, PoisonSearch
from projections.store.live.reject_limit import Excess, RejectLimit, Window, arrivals
from projections.store.succession import carry_on, replaced_at
from services.connecting.failures import described
from services.connecting.patience import Backoff
from services.garbage_collection import collect_rarely
from services.log.check import check_log
from services.log.errors import (
    ForeignLogError,
    ReplacedRulesError,
    WrongSqlError,
    is_transient,
    is_wrong,
    part_of,
)
from services.log.intake import Intake
from services.log.supply import MOST, Supply
from services.projector import batch_tracing, metrics
from services.projector.batch_tracing import BatchTrace
from services.projector.growth import Allowed
from services.projector.limit_notice import describe
from services.projector.naming import Naming
from services.projector.pulse import Pulse
from services.settings import Settings

_PATIENCE = 1.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 2.0
"""Seconds between two attempts, at last: after a failover the new primary is found so soon."""
_MOST_WRONG = 6
"""Attempts, some six seconds, after which a statement that PostgreSQL can't make sense of is given up."""
_ALIVE = {"client_connection_check_interval": "1s"}
"""PostgreSQL looks whether this process lives, also while a statement runs or waits: a dead one's lock is free."""
_WRITER = {**_ALIVE, "statement_timeout": "5min", "idle_in_transaction_session_timeout": "30s"}
"""What a writer that hangs may hold up: no statement of a batch takes minutes, and between two there is no waiting."""

log = structlog.get_logger("tonghop.projector")


class Sessions(NamedTuple):
    """The two of PostgreSQL that carry the figures forward: what the next batch needs is read while one is written."""

    writer: asyncpg.Connection
    reader: asyncpg.Connection


class Worker:
    """Carries the read models forward until it is cancelled. Any number may run; one of them leads."""

    def __init__(self, settings: Settings, client: Client, pulse: Pulse) -> None:
        self._settings = settings
        self._client = client
        self._pulse = pulse
        self._name = f"{PROJECTOR} {secrets.token_hex(4)}"
        self._backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._wrong = 0
        self._stop_at = 0
        self._asides = Asides()
        self._search = PoisonSearch(self._asides)
        self._naming = Naming(Allowed(settings.growth_share, settings.growth_least))
        self._written = 0
        self._under_way: list[tuple[list[Message], bytes | None]] = []
        self._told = ""
        self._leads = False

    async def run(self) -> None:
        """Run for ever; raises ForeignLogError and WrongSqlError alone."""
        while True:
            try:
                await self._lead()
            except ForeignLogError as refused:
                await self._end(refused)
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
        told = described(error)
        self._pulse.state, self._pulse.detail = "waiting", str(told)
        pause = self._backoff.next()
        if is_wrong(error):
            self._wrong += 1
            if self._wrong >= _MOST_WRONG:
                given_up = WrongSqlError(told.within(after=f" ({self._wrong} ×)"))
                await self._end(given_up)
                raise given_up from error
            log.error("wrong statement", part=part, error=told, tries=self._wrong, seconds=pause)
        elif is_transient(error):
            log.warning("waiting", part=part, error=told, seconds=pause)
        else:
            again = self._pulse.detail == self._told
            self._told = self._pulse.detail
            log.error("failed", error=told, seconds=pause, exc_info=None if again else error)
        await asyncio.sleep(pause)

    async def _end(self, error: ForeignLogError | WrongSqlError) -> None:
        """Tell for the last time how things stand."""
        self._pulse.state, self._pulse.detail = "refused", str(error)
        await self._pulse.beat_once()

    async def _lead(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            lead = await self._connect(stack, _ALIVE)
            await self._stand_by(lead)
            stack.callback(self._pulse.leads_no_more)
            stack.callback(self._naming.forget)
            self._pulse.state, self._pulse.detail = "loading", None
            await while_leading(lambda: self._pulse.sign(lead), self._settings.lead_patience, self._work())

    async def _stand_by(self, connection: asyncpg.Connection) -> None:
        """Return when this projector leads; while other rules are in the place of its own it does not try to."""
        while True:
            if (at := await replaced_at(connection, rules())) is not None:
                self._is_outdated(ReplacedRulesError(at, rules()))
                await asyncio.sleep(_PATIENCE)
                continue
            if await try_to_lead(connection):
                return
            if self._pulse.state != "standby":
                log.info("another projector leads, standing by")
            else:
                self._all_is_well()  # the database answers again and again: an outage of before is over
            self._pulse.stands_by()
            if await end_the_frozen(connection, self._settings.lead_patience):
                log.warning("the projector that led is frozen or cut off, its sessions are ended")
                continue
            await asyncio.sleep(_PATIENCE)

    def _is_outdated(self, refused: ReplacedRulesError) -> None:
        if self._pulse.state != "outdated":
            log.warning("outdated, standing by", error=Bilingual.of(refused))
        self._all_is_well()
        self._pulse.is_outdated(str(refused))

    async def _work(self) -> None:
        """Carry forward for as long as the lead is kept: up to a pause, and again after it."""
        self._leads = False
        structlog.contextvars.bind_contextvars(trace=secrets.token_hex(16))  # what is logged of one lead has one
        while True:
            async with contextlib.AsyncExitStack() as stack:
                await self._while_paused(await self._connect(stack, _ALIVE))
            async with contextlib.AsyncExitStack() as stack:
                await check_log(self._client.jetstream(), self._settings.stream, await self._connect(stack, _ALIVE))
                intake = Intake(self._client, self._settings.stream, self._settings.consumer)
                await intake.open()
                stack.push_async_callback(intake.close)
                supply = Supply(self._client, self._settings.stream, intake)
                self._under_way = []
                while not await self._until_paused(supply, intake):
                    log.warning("connected anew")

    async def _until_paused(self, supply: Supply, intake: Intake) -> bool:
        """Load and carry forward, again where a batch failed by a message; False where that ended a session."""
        async with contextlib.AsyncExitStack() as stack:
            sessions = Sessions(await self._connect(stack, _WRITER), await self._connect(stack, _ALIVE))
            while not any(session.is_closed() for session in sessions):
                state, window = await self._load(sessions.reader)
                for messages, reply in self._under_way:
                    supply.give_back(messages, reply)
                self._under_way = []
                self._pulse.leads(state)
                try:
                    if await self._carry_forward(state, window, supply, intake, sessions):
                        return True
                except Exception as error:
                    known = is_transient(error) or is_wrong(error) or isinstance(error, ForeignLogError)
                    if known or not self._under_way:
                        raise
                    self._blame(error)
            return False

    async def _load(self, reader: asyncpg.Connection) -> tuple[State, Window]:
        started = time.monotonic()
        gc.unfreeze()
        state = await load(reader, self._settings.root, SIZES, self._chained)
        # Asked after the loading: what is switched since then, the fence finds.
        if (at := await replaced_at(reader, rules())) is not None:
            raise ReplacedRulesError(at, rules())
        await carry_on(reader, rules())
        limit = RejectLimit(self._settings.reject_window, self._settings.reject_limit, self._settings.reject_share)
        window = await pausing.recent(reader, limit)
        collect_rarely()
        self._written = state.position
        structlog.contextvars.bind_contextvars(position=state.position)
        say = log.debug if self._leads else log.info
        self._leads = True
        seconds = round(time.monotonic() - started, 2)
        say("leading", units=len(state.hierarchy), seconds=seconds)
        return state, window

    def _blame(self, error: Exception) -> None:
        """Narrow down which message the failure of what is under way comes from; raises it where none is to blame."""
        culprit = error.position if isinstance(error, UndecidableError) else None
        cause = (error.__cause__ if culprit is not None else None) or error
        last = self._under_way[-1][0][-1].position
        first = not self._search.under_way
        step = self._search.failed(self._written, last, cause, culprit)
        if step == Consequence.HELPLESS:
            raise error
        metrics.ERRORS.labels(part=part_of(cause)).inc()
        if first:
            log.error("a batch failed", after=self._written, up_to=last, exc_info=error)
        if step in {Consequence.SET_ASIDE, Consequence.NAMELESS}:
            log.error(step, position=culprit or last, error=said_of(cause))
        else:
            log.debug(step, after=self._written, up_to=last)

    def _all_is_well(self) -> None:
        """Forget earlier outages: the next one is waited for from the first pause on."""
        self._backoff.reset()
        self._wrong = 0

    def _chained(self, position: int) -> None:
        self._pulse.detail = f"chaining the ledger, at position {position}"

    async def _while_paused(self, connection: asyncpg.Connection) -> None:
        """Hold the lead and do nothing for as long as a pause lasts, whoever began it."""
        paused = await pausing.paused(connection)
        if paused is None:
            return
        self._naming.forget()
        log.warning("paused", position=paused.position, detail=paused.detail)
        try:
            while paused is not None:
                self._pulse.pauses(paused.detail, paused.position - 1)
                await asyncio.sleep(_PATIENCE)
                paused = await pausing.paused(connection)
        finally:
            self._pulse.goes_on()
        log.info("resumed")

    async def _connect(self, stack: contextlib.AsyncExitStack, session: dict[str, str]) -> asyncpg.Connection:
        session = {"application_name": self._name, **session}
        connection = await connect(self._settings.database_url, server_settings=session)
        stack.callback(connection.terminate)
        return connection

    async def _carry_forward(
        self,
        state: State,
        window: Window,
        supply: Supply,
        intake: Intake,
        sessions: Sessions,
    ) -> bool:
        """Fold the next batch while the one before is committed and another waits for that; none while one is sought.

        Returns where the limit on rejects is exceeded, whether it is paused there: what was folded is not written, and
        the state is of no use.
        """
        pipeline = Pipeline(sessions.reader, state, waiting=1)
        connections = self._client.stats["reconnects"]
        try:
            while True:
                last, since = self._pulse.stream_last, batch_tracing.fetching()
                messages, reply = await supply.take(state.position, self._most(state.position), _PATIENCE, last)
                if self._client.stats["reconnects"] != connections:  # what was taken may be another log's
                    connections = self._client.stats["reconnects"]
                    await check_log(self._client.jetstream(), self._settings.stream, sessions.reader)
                self._pulse.fetched(intake)
                self._naming.look(window)
                if not (messages and pipeline.writing):
                    await pipeline.settled()
                if not messages:
                    self._all_is_well()  # both servers answer, and nothing is left to fail at
                    if state.position >= last:
                        await pipeline.rest(sessions.writer)
                    continue
                structlog.contextvars.bind_contextvars(position=self._written)
                self._under_way.append((messages, reply))
                started = time.perf_counter()
                traced = batch_tracing.traced(messages, since)
                with traced.part("decide"):
                    ready = await pipeline.make_ready(messages, self._asides.instead_of)
                self._naming.took(messages, ready.events)
                metrics.BATCH_SECONDS.labels(stage="fold").observe(time.perf_counter() - started)
                excess = window.take(arrivals(ready.changes.ledger, window.passed))
                if excess is not None:
                    await pipeline.settled()
                    return await self._stop_before(excess, ready.changes, sessions.writer)
                await pipeline.begin_writing(ready, self._commit(sessions.writer, ready, intake, reply, traced))
                if self._search.under_way:
                    await pipeline.settled()
                await asyncio.sleep(0)
        finally:
            await pipeline.end()

    def _most(self, position: int) -> int:
        """Say how many messages after a position may be in the next batch."""
        most = min(MOST, self._stop_at - position) if position < self._stop_at else MOST
        return self._search.most(position, most)

    async def _stop_before(self, excess: Excess, changes: Changes, writer: asyncpg.Connection) -> bool:
        """Pause before the event that exceeds the limit; what of the batch comes before it is written first."""
        if changes.after + 1 < excess.position:
            self._stop_at = excess.position - 1
            return False
        detail = describe(excess, self._settings.reject_limit)
        await pausing.pause(writer, excess.position, detail, changes.edition)
        return True

    async def _commit(
        self, writer: asyncpg.Connection, ready: Ready, intake: Intake, reply: bytes | None, traced: BatchTrace
    ) -> None:
        started = time.perf_counter()
        with traced.part("write"):
            await commit(writer, ready, traced.written)
        traced.committed()
        changes = ready.changes
        if reply is not None:
            await intake.acknowledge(reply)
        self._written = changes.position
        self._under_way = [batch for batch in self._under_way if batch[0][-1].position > changes.position]
        self._search.written(changes.position, MOST)
        self._all_is_well()
        self._told = ""
        self._pulse.committed(changes)
        metrics.BATCH_SECONDS.labels(stage="commit").observe(time.perf_counter() - started)
