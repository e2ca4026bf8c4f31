"""From the leaf's store to the hub, in order: a message is taken away only after the hub has acknowledged it.

The store is all the state there is: what is in it was not acknowledged, as far as is known. Whoever is killed at any
step begins again at its first message; what the hub had already is one event by its id, or by the ledger's key.
"""

from __future__ import annotations

import time
from typing import Final

import structlog

from projections.rules.log.message import Message
from services.forwarding import metrics
from services.forwarding.aside import NOT_PERMITTED, Aside
from services.forwarding.forwardable import NO_SUBJECT, forwardable, publisher_of
from services.forwarding.store import Store
from services.publishing.connection import BusConnection
from services.publishing.lines import Line
from services.publishing.owning import Owning
from services.publishing.sending import CHUNK, ChunkOutcome, NotSent, Sender, Sent, Unsent

RETRY: Final = 600.0
"""Seconds after which it is tried whether the hub takes a unit now; also tried with every connection."""
_MOST_SINGLE: Final = 1_000
"""Single messages of a unit that may be set aside before all of the unit is: what bounds the work on them."""

_log = structlog.get_logger("tonghop.forward")


class Forwarder:
    """Sends on over one connection to the hub. What it does raises what the store raises, and BusRefusedError."""

    def __init__(self, store: Store, bus: BusConnection, unit: str | None, aside: Aside) -> None:
        self._store = store
        self._bus = bus
        owning = Owning(bus, unit)
        self._sender = Sender(bus, batches=True, owning=owning, notice=lambda said: _log.warning("hub", said=said))
        self._aside = aside
        self._position: int | None = None
        self._losses: int | None = None  # a new connection: whom the hub did not take may be taken now
        self._tried_at = time.monotonic()

    async def step(self) -> bool:
        """Send on what comes next, at most CHUNK messages, and say whether there was any."""
        waiting = await self._store.waiting()
        position = waiting.first - 1 if self._position is None else max(self._position, waiting.first - 1)
        if position > waiting.last:  # the store was made anew
            self._aside.units.clear()
            position = waiting.first - 1
        position = await self._try_again(position)
        last = min(waiting.last, position + CHUNK)
        if last <= position:
            self._position = position
            return False
        messages = await self._store.read(position + 1, last)
        lines: list[Line] = []
        waits: list[tuple[Message, str]] = []
        for message in messages:
            unit = publisher_of(message)
            line = None if self._aside.held(unit) else forwardable(message)
            if line is not None:
                lines.append(line)
            else:
                waits.append((message, "" if self._aside.held(unit) else NO_SUBJECT))
        outcome = await self._sender.send(lines) if lines else ChunkOutcome([], None)
        unsent = min((answer.line.number for answer in outcome.answers if isinstance(answer, Unsent)), default=last + 1)
        for message, reason in waits:
            if message.position < unsent:
                self._put(publisher_of(message), message.position, reason, message.bus_subject[:100])
        await self._after(outcome, unsent)
        self._position = unsent - 1
        if outcome.ended is not None:
            raise outcome.ended
        return True

    async def _after(self, outcome: ChunkOutcome, unsent: int) -> None:
        """Take away what the hub has, and set aside what it does not take."""
        done: list[int] = []
        for answer in outcome.answers:
            match answer:
                case Sent(line, _, _):
                    done.append(line.number)
                case NotSent(line, reason, detail) if line.number < unsent:
                    self._put(line.publisher, line.number, reason, detail)
        self._aside.seen(unsent - 1)
        metrics.FORWARDED.inc(len(done))
        first = self._aside.first
        stays = unsent if first is None else min(unsent, first)
        await self._store.take_away_before(stays)
        await self._store.take_away([position for position in done if position >= stays])

    def _put(self, unit: str, position: int, reason: str, detail: str) -> None:
        found = self._aside.units.get(unit)
        whole = reason == NOT_PERMITTED or (found is not None and found.count >= _MOST_SINGLE)
        if self._aside.put(unit, position, reason, detail, whole=whole):
            _log.error(
                "set aside: the hub does not take it", unit=unit, reason=reason, detail=detail, position=position
            )

    async def _try_again(self, position: int) -> int:
        """Where a unit was held, try whether the hub takes it now; return where to go on, so that its order stays."""
        new = self._bus.losses != self._losses
        if not new and time.monotonic() - self._tried_at < RETRY:
            return position
        self._losses, self._tried_at = self._bus.losses, time.monotonic()
        self._bus.denied.clear()
        for unit, waits in list(self._aside.units.items()):
            if not waits.whole:
                continue
            there = await self._store.read(waits.first, waits.first)
            if there:
                line = forwardable(there[0])
                if line is None:
                    continue
                outcome = await self._sender.send([line])
                if outcome.ended is not None:
                    raise outcome.ended
                if not isinstance(outcome.answers[0], Sent):
                    continue
                await self._store.take_away([line.number])
            _log.info("the hub takes a unit again", unit=unit)
            position = min(position, self._aside.release(unit) - 1)
        return position
