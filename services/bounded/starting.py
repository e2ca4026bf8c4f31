"""Starts such a process, and leaves none behind, however the work with it ends."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""What the process is told of this one's surroundings: no setting, no address, no secret."""

_FAREWELL: Final = 1.0
"""Seconds for the pipe to a process that is gone to end."""


def surroundings(*more: str) -> dict[str, str]:
    """Give the environment of the process; ``more`` of what stands in this one's."""
    return {name: os.environ[name] for name in (*_PASSED_ON, *more) if name in os.environ}


@asynccontextmanager
async def started(
    module: str, *given: str, env: Mapping[str, str], stdout: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a module as a process that reads what this one writes; it is killed if it still runs at the end.

    Raises OSError where the machine can start no process.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *given),
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=stdout,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await ended(process.stdin)


async def ended(into: asyncio.StreamWriter | None) -> None:
    """Take note of how a pipe ended: what it had not read when it died nobody needs, and nobody is to be told of it."""
    if into is not None:
        into.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(into.wait_closed(), _FAREWELL)
