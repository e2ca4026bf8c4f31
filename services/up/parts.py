"""The parts of a running service, all started, watched and stopped in the same way."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from services.embedded import tether
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.embedded.process import Process, Stages

ASK_EVERY = 2.0
STOP: Stages = ((signal.SIGTERM, 12.0),)  # longer than the API gives the requests that run


class Part(Protocol):
    """Something that runs as one process."""

    @property
    def process(self) -> Process:
        """The process, as it was started last."""

    async def start(self) -> None:
        """Start it and return when others may use it; ServerError where it can't be started."""

    def stop(self) -> None:
        """Stop it, whatever state it is in; blocks until it has ended."""

    async def stuck(self) -> str | None:
        """Say why it has to be started anew although it runs, None where it doesn't."""

    @property
    def folder(self) -> Path:
        """Where it writes."""


class Server:
    """An embedded server."""

    def __init__(self, server: PostgresServer | NatsServer) -> None:
        self._server = server
        self._asked_at = 0.0
        self.process = server.process
        self.stop = server.stop

    async def start(self) -> None:
        """Start the server; this waits in a thread, until it is ready."""
        await asyncio.to_thread(self._server.start)

    async def stuck(self) -> str | None:
        """Ask the server, not more often than it may be asked."""
        if not isinstance(self._server, NatsServer) or time.monotonic() - self._asked_at < ASK_EVERY:
            return None
        self._asked_at = time.monotonic()
        return await asyncio.to_thread(self._server.stuck)

    @property
    def folder(self) -> Path:
        """Its data."""
        return self._server.data_dir.parent


class Command:
    """One of this program's own commands, which stops by itself when the supervisor dies."""

    def __init__(
        self, name: str, command: Sequence[str], *, environ: Mapping[str, str], log: Path, record: Path
    ) -> None:
        self.process = Process(name, log, record)
        self._command = command
        self._environ = environ

    async def start(self) -> None:
        """Start the command; it is not waited for.

        This stays in the main thread: the tether holds to the thread that started it.
        """
        self.process.start(
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *self._command], environ=self._environ
        )

    def stop(self) -> None:
        """Ask the command to end, and kill it where it doesn't."""
        self.process.stop(STOP)

    async def stuck(self) -> str | None:
        """Never: it goes on by itself."""
        return None

    @property
    def folder(self) -> Path:
        """Its log."""
        return self.process.log.parent
