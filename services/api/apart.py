"""Slow questions in processes of their own, so that no answer in the making holds up the process that answers others.

What takes seconds is Python as much as PostgreSQL: 240,000 rows laid out hold the interpreter's lock for all that time.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from services.api.apart_messages import ASK, CANCEL, FAILURE, HEAD, Job
from services.api.apart_process import answered
from services.api.asked import Given
from services.api.problems import too_busy, took_too_long
from services.bounded.starting import ended
from services.settings import Settings

if TYPE_CHECKING:
    from asyncpg import Pool, Record

WITHIN: Final = 150.0
"""Seconds after which a question is given up, somewhat more than the database gives it."""
LET_GO: Final = 1.0
"""Seconds that a process has to let go of a question whose asker is gone; then it is ended and another takes over."""
AGAIN: Final = 10
"""Seconds after which a question may be asked again over which its process ended."""

_log = structlog.get_logger()


class Apart(Protocol):
    """Where slow questions are answered."""

    async def answer(self, job: Job) -> Given:
        """Answer; raises what the question raises. Cancelled, it leaves nothing running in the database."""

    async def close(self) -> None:
        """End what was started."""


class Here:
    """In this process: for an app that is tried out, and answers few."""

    def __init__(self, pool: Pool[Record], primary: Pool[Record]) -> None:
        self._pool = pool
        self._primary = primary

    async def answer(self, job: Job) -> Given:
        """Answer from a snapshot of one of the pools."""
        return await answered(self._primary if job.primary else self._pool, job)

    async def close(self) -> None:
        """Leave the pools to their owner."""


class Processes:
    """A few processes that live on from one question to the next, started when they are first needed."""

    def __init__(self, settings: Settings, number: int) -> None:
        self._environ = {**os.environ, **settings.as_environment()}
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._all = [_Process(self._environ) for _ in range(number)]
        for each in self._all:
            self._idle.put_nowait(each)
        self._settling: set[asyncio.Task[None]] = set()

    async def answer(self, job: Job) -> Given:
        """Hand the question to a process that is idle; it is given back, or replaced, whatever happens."""
        process = await self._idle.get()
        try:
            async with asyncio.timeout(WITHIN):
                given = await process.ask(job)
        except BaseException as error:
            # Whoever goes, or is told to wait no longer, doesn't wait for the process to let go of it.
            settling = asyncio.create_task(self._settle(process))
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)
            if isinstance(error, TimeoutError):
                raise took_too_long() from error
            raise
        self._idle.put_nowait(process)
        return given

    async def _settle(self, process: _Process) -> None:
        await process.let_go()
        self._idle.put_nowait(process)

    async def close(self) -> None:
        """End all of them; what they work on in the database ends with their connections."""
        await asyncio.gather(*(each.end() for each in self._all))
        for settling in list(self._settling):
            settling.cancel()


class _Process:
    """One process, made anew whenever it is gone."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self._running: asyncio.subprocess.Process | None = None
        self._pending = False

    async def ask(self, job: Job) -> Given:
        """Hand over a question and wait for what comes of it. Raises a 503 Problem where the process ends over it."""
        for _ in range(2):  # one that has ended since the last question is noticed by asking
            if self._running is None or self._running.returncode is not None:
                await self._start()
            self._pending = True
            try:
                self._send(ASK, pickle.dumps(job))
                kind, answer = await self._receive()
            except (asyncio.IncompleteReadError, OSError):
                self._pending = False
                await self.end()
                continue
            self._pending = False
            if kind == FAILURE:
                assert isinstance(answer, Exception)  # noqa: S101 - the other side is this program
                raise answer
            assert isinstance(answer, Given)  # noqa: S101 - as above
            return answer
        _log.warning("apart", error="a process that answers slow questions ended over one")
        raise too_busy(AGAIN)

    async def _start(self) -> None:
        self._running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.api.apart_process",
            env=self._environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def let_go(self) -> None:
        """Have the question dropped that was asked last, or end the process."""
        if self._running is None or not self._pending:
            return
        try:
            self._send(CANCEL, b"")
            async with asyncio.timeout(LET_GO):
                _, answer = await self._receive()
            if isinstance(answer, Given) and answer.spooled is not None:  # it was quicker than the asker
                answer.spooled.unlink(missing_ok=True)
        except (asyncio.IncompleteReadError, OSError, TimeoutError):
            await self.end()
        self._pending = False

    async def end(self) -> None:
        """End the process, if there is one."""
        if self._running is not None and self._running.returncode is None:
            with suppress(ProcessLookupError):
                self._running.kill()
            await self._running.wait()
            await ended(self._running.stdin)
        self._running = None

    def _send(self, kind: int, message: bytes) -> None:
        assert self._running is not None  # noqa: S101 - it was started
        assert self._running.stdin is not None  # noqa: S101 - as a pipe
        self._running.stdin.write(HEAD.pack(kind, len(message)) + message)

    async def _receive(self) -> tuple[int, object]:
        assert self._running is not None  # noqa: S101 - it was started
        assert self._running.stdout is not None  # noqa: S101 - as a pipe
        kind, length = HEAD.unpack(await self._running.stdout.readexactly(HEAD.size))
        message = await self._running.stdout.readexactly(length)
        return kind, pickle.loads(message)  # noqa: S301 - from a process that this one started, over its own pipe
