"""Taking turns: a bounded number at work, a bounded queue, client by client whoever asked how often (decision 0027)."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from services.api.metrics import REFUSED, WAITING
from services.api.problems import too_busy, too_many


class Limits(NamedTuple):
    """How many are at work at once, how many of these may be vast, how many wait, of one client, and how long."""

    slots: int
    vast: int
    waiting: int
    a_client: int
    patience: float
    """Seconds."""
    again: int
    """Seconds after which one that is refused may ask again."""


class _Waiter(NamedTuple):
    turn: asyncio.Future[None]
    vast: bool


class Turns:
    """Gives turns to clients one after the other; who has asked for a hundred waits for ninety-nine of his own.

    What is vast takes only some of the slots, so that what is merely slow gets through beside it.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._free = limits.slots
        self._free_for_vast = limits.vast
        self._queues: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        self._waiting = 0
        for why in ("share", "full", "patience"):
            REFUSED.labels(name, why)  # from 0 on: a rate doesn't see what a series begins with

    @asynccontextmanager
    async def turn(self, client: str, *, vast: bool = False) -> AsyncIterator[None]:
        """Hold a slot for as long as the block lasts; the wait for it ends with the asker's going.

        Raises a Problem where too many wait: 429 for a client that is over its share, else 503.
        """
        await self._take(client, vast=vast)
        try:
            yield
        finally:
            self._give_back(vast=vast)

    async def _take(self, client: str, *, vast: bool) -> None:
        if self._free and not self._waiting and (self._free_for_vast or not vast):
            self._hold(vast=vast)
            return
        mine = self._queues.get(client)
        if mine is not None and len(mine) >= self._limits.a_client:
            REFUSED.labels(self._name, "share").inc()
            raise too_many(self._limits.again)
        if self._waiting >= self._limits.waiting:
            REFUSED.labels(self._name, "full").inc()
            raise too_busy(self._limits.again)
        waiter = _Waiter(asyncio.get_running_loop().create_future(), vast)
        self._queues.setdefault(client, deque()).append(waiter)
        self._count(1)
        self._go_on()  # those that wait may all be vast, and this one isn't
        try:
            async with asyncio.timeout(self._limits.patience):
                await waiter.turn
        except TimeoutError:
            self._leave(client, waiter)
            REFUSED.labels(self._name, "patience").inc()
            raise too_busy(self._limits.again) from None
        except asyncio.CancelledError:
            self._leave(client, waiter)
            raise

    def _leave(self, client: str, waiter: _Waiter) -> None:
        """Give up waiting; a turn that came at the last moment goes to the next."""
        if waiter.turn.done() and not waiter.turn.cancelled():
            self._give_back(vast=waiter.vast)
            return
        with suppress(KeyError, ValueError):
            self._queues[client].remove(waiter)
            self._count(-1)
            if not self._queues[client]:
                del self._queues[client]

    def _hold(self, *, vast: bool) -> None:
        self._free -= 1
        self._free_for_vast -= vast

    def _give_back(self, *, vast: bool) -> None:
        self._free += 1
        self._free_for_vast += vast
        self._go_on()

    def _go_on(self) -> None:
        """Give what is free to the first of the next client that can use it; the client goes to the end of the row."""
        while self._free and (found := self._next()) is not None:
            client, waiter = found
            queue = self._queues[client]
            queue.remove(waiter)
            self._count(-1)
            if queue:
                self._queues.move_to_end(client)
            else:
                del self._queues[client]
            self._hold(vast=waiter.vast)
            waiter.turn.set_result(None)

    def _next(self) -> tuple[str, _Waiter] | None:
        for client, queue in self._queues.items():
            for waiter in queue:
                if (self._free_for_vast or not waiter.vast) and not waiter.turn.done():
                    return client, waiter
        return None

    def _count(self, more: int) -> None:
        self._waiting += more
        WAITING.labels(self._name).set(self._waiting)


class Bounded:
    """How many may wait for something that takes no slot, in all and of one client."""

    def __init__(self, name: str, waiting: int, a_client: int, again: int) -> None:
        self._name = name
        self._most = (waiting, a_client)
        self._again = again
        self._waiting: Counter[str] = Counter()
        for why in ("share", "full"):
            REFUSED.labels(name, why)

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """Wait in the block. Raises a Problem where too many do: 429 for a client over its share, else 503."""
        most, a_client = self._most
        if self._waiting[client] >= a_client:
            REFUSED.labels(self._name, "share").inc()
            raise too_many(self._again)
        if self._waiting.total() >= most:
            REFUSED.labels(self._name, "full").inc()
            raise too_busy(self._again)
        self._waiting[client] += 1
        WAITING.labels(self._name).inc()
        try:
            yield
        finally:
            WAITING.labels(self._name).dec()
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
