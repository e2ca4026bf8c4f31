"""The load of a run: units that send over the bus and over HTTP without end, and reorganisations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any, Final

import httpx

from services.connecting.bus import reach
from services.settings import Settings
from tests.cluster.sending import HttpPublisher
from tests.fault.publishing import SHUT_OUT, Acked, Publisher
from tests.soak.telling import Country

CELLS: Final = 180
TOGETHER: Final = 100
GROUP: Final = 4
"""Events that a clerk sends at once, and waits for."""
PAUSE: Final = 0.4
CLERKS: Final = 2
"""Over the bus; one more sends over HTTP."""
REORGANISED_EVERY: Final = 15.0
LOST: Final = 0.1
"""Of the groups: those of which two are sent again at once, as after an acknowledgement that never came."""


class Load:
    """What is sent; `bus.acked` has all that was acknowledged, over whichever way."""

    def __init__(self, seed: int, bus: Publisher, apis: Sequence[httpx.AsyncClient]) -> None:
        self._seed = seed
        self.bus = bus
        self.http = HttpPublisher(apis, bus.acked)
        self.country = Country(Random(f"{seed} country"), CELLS)
        self.reorganisations = 0
        self._done = asyncio.Event()

    @property
    def acked(self) -> list[Acked]:
        """All that was acknowledged, in no order."""
        return self.bus.acked

    @property
    def last(self) -> int:
        """The highest position that was acknowledged."""
        return max(position for position, _ in self.acked)

    def names(self) -> Sequence[str]:
        """Name the units that there are, and some that there are not."""
        return self.country.names

    async def tell_tree(self) -> int:
        """Say the units that there are from the beginning."""
        tree = self.country.tree()
        for at in range(0, len(tree), TOGETHER):
            await self.bus.send(tree[at : at + TOGETHER])
        return len(tree)

    def clerks(self) -> list[Coroutine[Any, Any, None]]:
        """Give what sends until `end`."""
        over_bus = [self._tell(f"clerk {n}", self.bus) for n in range(CLERKS)]
        return [*over_bus, self._tell("clerk over HTTP", self.http), self._reorganise()]

    def end(self) -> None:
        """Begin nothing more; what is on its way is waited for."""
        self._done.set()

    async def _tell(self, name: str, publisher: Publisher | HttpPublisher) -> None:
        chance = Random(f"{self._seed} {name}")
        while not self._done.is_set():
            group = self.country.group(GROUP)
            await publisher.send(group)
            if chance.random() < LOST:
                await publisher.send(group[:2])
            await asyncio.sleep(PAUSE)

    async def _reorganise(self) -> None:
        while not self._done.is_set():
            await self.bus.send(self.country.reorganisation())
            self.reorganisations += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), REORGANISED_EVERY)


@asynccontextmanager
async def loading(seed: int, gateway: Settings, apis: Sequence[httpx.AsyncClient]) -> AsyncIterator[Load]:
    """Connect to the bus as its user who may publish for every unit, as the service itself connects."""
    client = await reach(gateway, "clerks", max_reconnect_attempts=-1, reconnect_time_wait=SHUT_OUT)
    try:
        yield Load(seed, Publisher(client.jetstream()), apis)
    finally:
        await client.close()
