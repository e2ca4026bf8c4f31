"""Asking again what the database broke off: by a recovery conflict on a standby, or as the server ended or changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from services.api.metrics import RETRIED
from services.connecting.database_failures import INTERRUPTED
from services.connecting.patience import Backoff

Answer = TypeVar("Answer")

ATTEMPTS: Final = 3
"""How often a question is asked in all."""
_SOON: Final = 0.02
_LATER: Final = 0.2


async def retried(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask, and where it is broken off again: only what reads, and of whose answer nothing was sent yet.

    Raises what asking raises, in the end also that it was broken off.
    """
    backoff = Backoff(_SOON, _LATER)
    while True:
        try:
            return await ask()
        except INTERRUPTED:
            if backoff.tried >= ATTEMPTS - 1:
                raise
            RETRIED.inc()
            await asyncio.sleep(backoff.next())
