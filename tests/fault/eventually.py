"""Waiting for what has to happen, for as long as any machine may need."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

AT_LAST = 180.0
"""Seconds after which something that has to happen won't: nothing is timed by it."""


async def eventually(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + AT_LAST
    while not await holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)
