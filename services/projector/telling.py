"""The position told over the bus after each commit: a hint for APIs on standbys, where no NOTIFY can be heard."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import nats.errors
from nats.aio.client import Client

from services.bus_accounts import POSITION
from services.connecting.bus import DeniedError

LEAST: Final = 0.01
"""Seconds between two messages at the least; of several positions in between the last is told."""
EVERY: Final = 1.0
"""Seconds after which the same is told again, so that a bus that tells nothing is told from one where nothing comes."""
DENIED: Final = 60.0
"""Seconds for which nothing is told where the bus does not allow it: its accounts are of an earlier release."""


class PositionTeller:
    """Tells the position of the projector that leads. Nothing depends on it: what can't be told is left untold."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._position: int | None = None
        self._news = asyncio.Event()

    def tell(self, position: int) -> None:
        """Note what is committed; it is told soon."""
        self._position = position
        self._news.set()

    def stop(self) -> None:
        """Tell nothing more: another may lead."""
        self._position = None

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), EVERY)
            self._news.clear()
            if self._position is None or not self._client.is_connected:
                continue
            with suppress(nats.errors.Error, OSError):
                await self._client.publish(POSITION, b"%d" % self._position)
            await asyncio.sleep(DENIED if self._denied() else LEAST)

    def _denied(self) -> bool:
        """Tell whether the bus has denied it; that is told apart from the message, at the next one."""
        denied: list[DeniedError] = getattr(self._client, "denied", [])
        mine = [each for each in denied if each.subject == POSITION]
        for each in mine:
            denied.remove(each)
        return bool(mine)
