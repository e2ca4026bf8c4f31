"""The service under test: real servers, and processes of any of the programs on them, started and ended one by one."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.embedded.process import Process, Stages
from services.settings import Settings
from tests.fault.eventually import AT_LAST
from tests.servers import free_address, short_folder
from tests.upgrade.programs import Program

_IN_ORDER: Final[Stages] = ((signal.SIGTERM, 40.0),)


class Part:
    """A projector or an API of a program."""

    def __init__(self, kind: str, program: Program, settings: Settings, log: Path) -> None:
        self.kind = kind
        self.program = program
        self._settings = settings
        self._process = Process(f"{kind} of {program.name}", log)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{self._settings.http if self.kind == 'api' else self._settings.projector_http}"

    def start(self) -> None:
        """Start it; nothing is waited for."""
        environ = {**os.environ, **self._settings.as_environment(), **self.program.environ}
        self._process.start([*self.program.command, self.kind], cwd=self.program.home, environ=environ)

    async def ready(self, *states: str) -> None:
        """Wait until it says that it is ready; a projector, that it is in one of these states."""
        deadline = time.monotonic() + AT_LAST
        async with httpx.AsyncClient(base_url=self.address, timeout=5) as client:
            said = ""
            while True:
                assert self._process.alive, self._process.tail(40)
                assert time.monotonic() < deadline, (self._process.name, said, self._process.tail(40))
                try:
                    answer = await client.get("/readyz")
                    said = answer.text
                    if states and answer.json().get("state") in states:
                        return
                    if not states and answer.status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def end(self) -> None:
        """End it as an operator would, in order."""
        await asyncio.to_thread(self._process.stop, _IN_ORDER)

    def kill(self) -> None:
        """End it at once, for what a failed test leaves."""
        self._process.stop(())

    @property
    def log(self) -> str:
        """The last lines that it wrote."""
        return f"{self._process.name}:\n{self._process.tail(40)}"


class Service:
    """The servers, the processes on them, and what readers are sent to."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._folder = folder
        self.nats = NatsServer(folder / "nats", free_address(), log=folder / "logs" / "nats.log")
        self.postgres = PostgresServer(folder / "postgres", log=folder / "logs" / "postgres.log")
        self.settings = Settings(smallest_cell=1, access="open", **settings)
        self.balanced: list[Part] = []
        """The APIs that a load balancer knows: the ready ones, and one that ends, until it has."""
        self._parts: list[Part] = []

    async def open(self) -> None:
        """Start the servers."""
        await asyncio.gather(asyncio.to_thread(self.nats.start), asyncio.to_thread(self.postgres.start))
        self.settings = replace(self.settings, nats_url=self.nats.url, database_url=self.postgres.url)

    def close(self) -> None:
        """End everything."""
        for part in self._parts:
            part.kill()
        self.nats.stop()
        self.postgres.stop()

    def part(self, kind: str, program: Program) -> Part:
        """Start a projector or an API; nothing is waited for."""
        settings = replace(
            self.settings, http=free_address(), projector_http=free_address(), metrics_http=free_address()
        )
        log = self._folder / "logs" / f"{kind}-{len(self._parts)}.log"
        made = Part(kind, program, settings, log)
        self._parts.append(made)
        made.start()
        return made

    async def run(self, program: Program, *arguments: str) -> str:
        """Run a command of a program to its end; it has to end well. Returns what it said."""
        process = await asyncio.create_subprocess_exec(
            *program.command,
            *arguments,
            cwd=program.home,
            env={**os.environ, **self.settings.as_environment(), **program.environ, "TONGHOP_LANG": "en"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, (program.name, arguments, said.decode())
        return said.decode()

    def logs(self) -> str:
        """Give the last lines of all."""
        return "\n\n".join(part.log for part in self._parts)


@asynccontextmanager
async def running_service(**settings: Any) -> AsyncIterator[Service]:
    """Run servers on a folder of its own, and leave nothing behind."""
    with short_folder() as folder:
        service = Service(folder, **settings)
        try:
            await service.open()
            yield service
        except BaseException:
            print(service.logs())
            raise
        finally:
            await asyncio.to_thread(service.close)
