"""The service under measurement: durable servers of its own, and the real processes as children."""

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.embedded.process import Process, Stages
from services.migration import migrate
from services.publishing.connection import connect
from services.publishing.lines import Line
from services.publishing.sending import CHUNK, Sender, Sent
from services.settings import Address, Settings
from tests import servers
from tests.bench.asking import Client

STOP: Stages = ((signal.SIGTERM, 30.0),)
PATIENCE = 120.0


class BenchError(RuntimeError):
    """What was measured isn't what was meant to be: a figure is wrong, or a process ended."""


class Rig:
    """Servers, migrated, and the processes `projector` and `api`, not started yet."""

    def __init__(self, folder: Path, postgres: PostgresServer, nats: NatsServer, settings: Settings) -> None:
        self.folder = folder
        self.postgres = postgres
        self.nats = nats
        self.settings = settings
        self.projector = Process("projector", folder / "logs" / "projector.log")
        self.api = Process("api", folder / "logs" / "api.log")
        self.peak_memory = 0
        """Bytes: the most that any projector without a profiler has held at once so far."""
        self._profiled = False

    def start_projector(self, profile: Path | None = None, checkout: Path | None = None) -> None:
        """Start `tonghop projector` and return at once; with `profile`, under cProfile, which writes it at the end.

        ``checkout`` is the folder of another version, whose code is run.
        """
        self._profiled = profile is not None
        profiler = ("-m", "cProfile", "-o", str(profile)) if profile else ()
        command = [sys.executable, *profiler, "-m", "services.cli", "projector"]
        self.projector.start(command, cwd=checkout, environ={**os.environ, **self.settings.as_environment()})

    def stop_projector(self) -> None:
        """Stop the projector in order, and keep what its memory came to."""
        self.note_memory()
        self.projector.stop(STOP)

    def note_memory(self) -> None:
        """Keep the projector's peak of resident memory (Linux, proc(5): VmHWM)."""
        if self.projector.alive and not self._profiled:
            status = Path(f"/proc/{self.projector.pid}/status").read_text()
            kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
            self.peak_memory = max(self.peak_memory, kilobytes * 1024)

    async def start_missing(self) -> None:
        """Start whichever of projector and API doesn't run; the projector isn't waited for."""
        if not self.projector.alive:
            self.start_projector()
        if not self.api.alive:
            await self.start_api()

    async def start_api(self) -> None:
        """Start `tonghop api` and return when it answers."""
        command = [sys.executable, "-m", "services.cli", "api"]
        self.api.start(command, environ={**os.environ, **self.settings.as_environment()})
        await answering(self.api, self.settings.http)

    async def publish(self, lines: Iterable[Line]) -> tuple[int, int]:
        """Put the lines into the log in atomic batches, in order; give their first and last position."""
        positions: list[int] = []
        async with connect(self.nats.url, notice=print) as bus:
            sender = Sender(bus, batches=True)
            remaining = iter(lines)
            while chunk := list(islice(remaining, CHUNK)):
                for sent in (await sender.send(chunk)).answers:
                    if not isinstance(sent, Sent) or sent.duplicate:
                        raise BenchError(f"the bus did not take {sent}")
                    positions.append(sent.position)
        return positions[0], positions[-1]

    async def stage_seconds(self) -> dict[str, float]:
        """Ask the projector's own metrics how many seconds each stage of a batch has taken so far."""
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(f"http://{self.settings.projector_http}/metrics")).text
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        return {s.labels["stage"]: s.value for s in samples if s.name == "tonghop_batch_seconds_sum"}

    async def connect_database(self) -> asyncpg.Connection:
        """Connect to the read models."""
        return await servers.connect(self.postgres.url)

    def stop(self) -> None:
        """Stop the processes; the servers are stopped by those who started them."""
        self.api.stop(STOP)
        self.projector.stop(STOP)


async def answering(api: Process, address: Address) -> None:
    """Wait until a process of the API answers; raises BenchError where it doesn't."""
    for _ in range(int(PATIENCE / 0.05)):
        if not api.alive:
            break
        try:
            async with Client(address) as client:
                await client.get("/healthz")
                return
        except OSError:
            await asyncio.sleep(0.05)
    raise BenchError(f"the API does not answer ({api.exit}):\n{api.tail()}")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Rig]:
    """Run the servers with durable settings under `folder`, with statistics of statements, and migrate them."""
    with servers.running_postgres(folder, durable=True) as postgres, servers.running_nats(folder) as nats:
        await servers.execute(postgres, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        postgres.stop()
        postgres.start()
        settings = dataclasses.replace(
            Settings(),
            nats_url=nats.url,
            database_url=postgres.url,
            http=servers.free_address(),
            projector_http=servers.free_address(),
            metrics_http=servers.free_address(),
            access="open",
        )
        await migrate(settings)
        rig = Rig(folder, postgres, nats, settings)
        try:
            connection = await rig.connect_database()
            await connection.execute("CREATE EXTENSION pg_stat_statements SCHEMA public")
            await connection.close()
            yield rig
        finally:
            rig.stop()
