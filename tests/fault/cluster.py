"""The real processes of the service on one folder: each can be killed and started again by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.embedded.process import Process, Stages
from services.migration import migrate
from services.settings import Settings
from tests.fault.bus_of_units import BusOfUnits
from tests.fault.forked import Forked, Waits
from tests.servers import free_address, put_migrated_data, short_folder

HERE: Final = Path(__file__).parents[2]
PARTS: Final = ("nats", "postgres", "projector", "api")
BACKEND: Final = "backend"
"""One process of PostgreSQL's own: when it is killed, the server ends all sessions and recovers by itself."""
_IN_A_TEST: Final = "PYTEST_CURRENT_TEST"
_BEFORE_ALL: Final = "LD_PRELOAD"
_STOP: Final[Stages] = ((signal.SIGTERM, 15.0),)
_AGAIN: Final = (
    ("services.projector.worker", "_PATIENCE", 0.3),
    ("services.projector.worker", "_FIRST_PAUSE", 0.05),
    ("services.projector.worker", "_LONGEST_PAUSE", 1.0),
    ("services.connecting.broker", "AGAIN_AFTER", 0.1),
)
"""Seconds after which a projector that a test starts tries again what failed; a soak's has those of the service."""
_USERS: Final = {"projector": "projector", "api": "api"}
"""As whom a command signs in on a bus with accounts; all others as `reader`."""


class Command:
    """A command of `tonghop` as a process of its own."""

    def __init__(self, name: str, settings: Settings, folder: Path, *options: str, waits: Waits = ()) -> None:
        self._options = options
        self._waits = waits
        self.process = Forked(name, folder / "logs" / f"{name}.log")
        self._name = name.partition("-")[0]
        self.settings = settings

    def start(self) -> None:
        """Start it; nothing is waited for."""
        environ = {**os.environ, **self.settings.as_environment()}
        arguments = (self._name, *self._options)
        if _IN_A_TEST in environ and _BEFORE_ALL not in environ:
            self.process.start_forked(arguments, cwd=HERE, environ=environ, waits=self._waits)
        else:  # a soak measures it, or it has to have a library before its own
            self.process.start([sys.executable, "-m", "services.cli", *arguments], cwd=HERE, environ=environ)

    def kill(self) -> None:
        """Kill it with SIGKILL and wait for its end."""
        self.process.stop(())

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.stop(_STOP)


class Cluster:
    """NATS, PostgreSQL, projectors and an API. Everything acknowledged is on disk, as in a deployment.

    With `unit` the bus has the accounts of `tonghop up`, and this unit a credential. `settings` are those of all.
    """

    def __init__(
        self, folder: Path, disks: Mapping[str, Path], *, unit: str | None = None, projectors: int = 1, **settings: Any
    ) -> None:
        place, log = disks.get("nats", folder) / "nats", folder / "logs" / "nats.log"
        self.nats = (
            NatsServer(place, free_address(), log=log)
            if unit is None
            else BusOfUnits(place, free_address(), log=log, secrets=folder / "secrets", unit=unit)
        )
        self.postgres = PostgresServer(disks.get("postgres", folder) / "postgres", log=folder / "logs" / "postgres.log")
        self._folder = folder
        self.settings = Settings(smallest_cell=1, access="open", **settings)
        """No cell is hidden, so that figures by facet can be held to exact ones."""
        self.projectors = ("projector", *(f"projector-{n}" for n in range(2, projectors + 1)))
        self._commands: dict[str, Command] = {}

    async def open(self) -> None:
        """Start everything."""
        if self.postgres.data_dir.is_relative_to(self._folder):
            await asyncio.to_thread(put_migrated_data, self.postgres.data_dir)
        await asyncio.gather(asyncio.to_thread(self.nats.start), asyncio.to_thread(self.postgres.start))
        self.settings = replace(
            self.settings,
            nats_url=self.nats.url,
            database_url=self.postgres.url,
            http=free_address(),
            projector_http=free_address(),
            metrics_http=free_address(),
        )
        await migrate(replace(self.settings, nats_url=self.nats.url_of("migrate")), notice=lambda _: None)
        for name in (*self.projectors, "api"):
            self._commands[name] = self.command(name)
            self._commands[name].start()

    def close(self) -> None:
        """Stop everything, in whatever state it is."""
        for command in self._commands.values():
            command.stop()
        self.nats.stop()
        self.postgres.stop()

    def command(self, name: str, *options: str) -> Command:
        """Make a command that runs beside the service, not started yet."""
        settings = replace(self.settings, nats_url=self.url_of(_USERS.get(name.partition("-")[0], "reader")))
        if name in self.projectors[1:]:
            settings = replace(settings, projector_http=free_address())
        waits = _AGAIN if name in self.projectors else ()
        return Command(name, settings, self._folder, *options, waits=waits)

    def url_of(self, user: str) -> str:
        """Where a user finds the bus."""
        return self.nats.url_of(user)

    @property
    def api(self) -> str:
        """Where the API answers."""
        return f"http://{self.settings.http}"

    def metrics_of(self, name: str) -> str:
        """Where a projector or the API tells its metrics, HOST:PORT."""
        settings = self._commands[name].settings
        return str(settings.metrics_http if name == "api" else settings.projector_http)

    def log_of(self, name: str) -> str:
        """Give the last lines that a part wrote."""
        return self._process(name).tail(60)

    def pid_of(self, name: str) -> int:
        """Give the process id of a part that was started."""
        return self._process(name).pid

    def alive(self, name: str) -> bool:
        """Whether a part runs; one that is frozen does."""
        return self._process(name).alive

    def kill(self, names: Sequence[str], random: Random) -> None:
        """Kill all of these at once with SIGKILL."""
        pids = [self._backend(random) if name == BACKEND else self._process(name).pid for name in names]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for name in names:
            if name != BACKEND:
                self._process(name).stop(())

    async def revive(self, names: Sequence[str]) -> None:
        """Start again what was killed, all at the same time; returns when the servers are ready."""
        starts = [self._part(name).start for name in names if name != BACKEND]
        await asyncio.gather(*(asyncio.to_thread(start) for start in starts))

    def _backend(self, random: Random) -> int:
        children = psutil.Process(self.postgres.pid).children()
        return random.choice(children).pid if children else -1

    def _part(self, name: str) -> NatsServer | PostgresServer | Command:
        servers: dict[str, NatsServer | PostgresServer] = {"nats": self.nats, "postgres": self.postgres}
        return servers[name] if name in servers else self._commands[name]

    def _process(self, name: str) -> Process:
        return self._part(name).process


@asynccontextmanager
async def running_cluster(
    *, unit: str | None = None, projectors: int = 1, lead_patience: int = Settings().lead_patience, **disks: Path
) -> AsyncIterator[Cluster]:
    """Run everything on a folder of its own, and leave nothing behind; `disks` are other places for servers' data."""
    with short_folder() as folder:
        cluster = Cluster(folder, disks, unit=unit, projectors=projectors, lead_patience=lead_patience)
        try:
            await cluster.open()
            yield cluster
        except BaseException:
            print(*(f"{name}:\n{cluster.log_of(name)}" for name in (*PARTS, *cluster.projectors[1:])), sep="\n\n")
            raise
        finally:
            await asyncio.to_thread(cluster.close)
