"""The way to the primary for questions that this API's own standby is too far behind for: few at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from projections.store.checkpoint import position_of
from projections.store.connecting import first_answer
from services.api.problems import Problem
from services.api.shared import Shared
from services.api.turns import Limits, Turns
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED

if TYPE_CHECKING:
    from asyncpg import Pool, Record

QUICK: Final = Limits(slots=2, vast=2, waiting=100, a_client=20, patience=3, again=2)
SLOW: Final = Limits(slots=1, vast=1, waiting=20, a_client=5, patience=30, again=15)
"""How many of this API's questions the primary answers at a time: it has the projector's work to do."""
PACE: Final = 0.02
"""Seconds between two questions for its position, however many want to know."""
WITHIN: Final = 1.0
"""Seconds in which it says its position, or it is taken to be away."""
AWAY_FOR: Final = 1.0
"""Seconds for which one that was away is not asked again."""


class PrimaryBusyError(Exception):
    """Too many questions wait for the primary already."""


class Primary:
    """Where it stands, and whose turn it is to ask it. `pool` leads to no other server."""

    def __init__(self, pool: Pool[Record]) -> None:
        self.pool = pool
        self._quick = Turns("primary", QUICK)
        self._slow = Turns("primary_slow", SLOW)
        self._shared = Shared(self._ask)
        self._asked_at = -AWAY_FOR
        self._away = False

    @asynccontextmanager
    async def turn(self, client: str, *, slow: bool = False) -> AsyncIterator[None]:
        """Hold a slot for as long as the block lasts. Raises PrimaryBusyError, and a 429 Problem for one client."""
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context((self._slow if slow else self._quick).turn(client))
            except Problem as refused:
                if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                raise PrimaryBusyError from refused
            yield

    async def position(self) -> int | None:
        """Return its position at a moment after this was asked; None where it is away."""
        return await self._shared.get()

    async def _ask(self) -> int | None:
        since = time.monotonic() - self._asked_at
        if self._away and since < AWAY_FOR:
            return None
        await asyncio.sleep(max(PACE - since, 0))
        self._asked_at = time.monotonic()
        try:
            async with asyncio.timeout(WITHIN):
                found = await first_answer(self.pool, position_of)
        except (*DATABASE_AWAY, *NOT_MIGRATED):
            self._away, self._asked_at = True, time.monotonic()
            return None
        self._away = False
        return found
