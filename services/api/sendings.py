"""What the routes that send share while the app runs: the gateway, turns, and what is on its way."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeVar

import structlog
from fastapi import Request

from services.api.problems import Problem
from services.api.turns import Bounded, Limits, Turns
from services.publishing.gateway import Gateway

SENDING: Final = Limits(slots=8, vast=8, waiting=500, a_client=100, patience=30, again=2)
LONG: Final = (16, 4, 10)
"""Long bodies that are read at a time, in all and of a client: each up to 17 MB."""

Done = TypeVar("Done")
_log = structlog.get_logger()


class Sendings:
    """What the routes that send share; made once an app. ``close`` waits for what is on its way."""

    def __init__(self, gateway: Gateway, root: str) -> None:
        self.gateway = gateway
        self.root = root
        self.turns = Turns("sending", SENDING)
        self.long = Bounded("long body", *LONG)
        self.ending = False
        """Nothing more is begun: what goes on part by part ends after the part that it is at."""
        self._under_way: set[asyncio.Task[Any]] = set()

    async def finished(self, work: asyncio.Task[Done]) -> Done:
        """Wait for what is being sent; it goes on where its sender has gone, and the log says where it failed then."""
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(_ended_alone)
            raise

    async def close(self) -> None:
        """Wait for all that is being sent."""
        self.ending = True
        await asyncio.gather(*self._under_way, return_exceptions=True)


def _ended_alone(work: asyncio.Task[Any]) -> None:
    """Say what nobody is told any more."""
    if work.cancelled() or (error := work.exception()) is None:
        return
    if isinstance(error, Problem):  # its sender had been told so, and sends again
        _log.warning("sent by one who has gone", error=error.detail)
    else:
        _log.error("sent by one who has gone", exc_info=error)


def sendings_of(request: Request) -> Sendings:
    """Return what the app that serves the request sends with."""
    found: Sendings = request.app.state.sendings
    return found
