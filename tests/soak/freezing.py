"""A projector that leads is frozen (SIGSTOP): another takes over, and the frozen one goes on later."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from tests.fault.cluster import Cluster
from tests.fault.eventually import AT_LAST
from tests.servers import connect

PATIENCE: Final = 2
"""Seconds after which a leader that says nothing is taken for frozen (TONGHOP_LEAD_PATIENCE)."""
_LEADS: Final = "SELECT name FROM worker WHERE state = 'leading' AND seen_at > now() - interval '2 seconds'"


class Freezer:
    """Freezes who leads; `takeovers` has how long each of the others took, in seconds."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.takeovers: list[float] = []

    @asynccontextmanager
    async def frozen(self) -> AsyncIterator[str]:
        """Freeze who leads, wait until another does, and let the first go on in the end, unless it was killed."""
        name = await self._leader(None)
        pid = self._cluster.pid_of(name)
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            await self._leader(name)
            self.takeovers.append(time.monotonic() - began)
            yield name
        finally:
            if self._cluster.alive(name) and self._cluster.pid_of(name) == pid:
                os.kill(pid, signal.SIGCONT)

    async def _leader(self, other_than: str | None) -> str:
        """Wait until a projector leads that isn't this one, and has said so lately."""
        deadline = time.monotonic() + AT_LAST
        while True:
            assert time.monotonic() < deadline, f"nobody leads but {other_than}"
            name = await self._found()
            if name is not None and name != other_than:
                return name
            await asyncio.sleep(0.1)

    async def _found(self) -> str | None:
        try:
            connection = await connect(self._cluster.settings.database_url)
            try:
                worker = await connection.fetchval(_LEADS)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None
        pids = {self._cluster.pid_of(name): name for name in self._cluster.projectors if self._cluster.alive(name)}
        return None if worker is None else pids.get(int(worker.rpartition(":")[2]))
