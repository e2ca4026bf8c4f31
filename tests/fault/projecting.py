"""A projector, or two, as real processes on the servers of the test session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import asyncpg
import httpx

from projections.store.log.outcome_sql import DECIDED
from services.settings import Settings
from tests.fault.cluster import Command
from tests.fault.eventually import eventually
from tests.fault.load import Told, told_of
from tests.fault.publishing import Acked, Publisher, publishing
from tests.oracle.telling import Said
from tests.servers import connect, free_address, short_folder

SOON: Final = (
    ("services.projector.worker", "_PATIENCE", 0.1),
    ("services.projector.worker", "_FIRST_PAUSE", 0.05),
    ("services.projector.worker", "_LONGEST_PAUSE", 0.4),
    ("services.log.supply", "_BRIEFLY", 0.05),
    ("services.connecting.broker", "AGAIN_AFTER", 0.1),
    ("services.projector.pulse", "EVERY", 0.1),
    ("services.projector.watch", "EVERY", 0.2),
)
"""Seconds after which a projector looks again whether it may lead or go on, and tells how it stands."""


class Bench:
    """A stream and a database, with projectors between them and a publisher before them."""

    def __init__(self, settings: Settings, folder: Path, publisher: Publisher, connection: asyncpg.Connection) -> None:
        self.settings = settings
        self.publisher = publisher
        self.connection = connection
        self.folder = folder

    @contextmanager
    def projector(self, name: str = "projector") -> Iterator[Projector]:
        """Run a projector; it is ended in whatever state it is."""
        running = Projector(name, replace(self.settings, projector_http=free_address()), self.folder)
        running.command.start()
        try:
            yield running
        except BaseException:
            print(f"{name}:\n{running.said}")
            raise
        finally:
            running.command.kill()

    async def publish(self, *log: Said) -> list[Acked]:
        """Publish in order, each once."""
        for said in log:
            await self.publisher.send([told_of(said)])
        return self.publisher.acked[-len(log) :]

    async def send(self, *told: Told) -> None:
        """Publish all at once."""
        await self.publisher.send(told)

    async def position(self) -> int:
        return int(await self.connection.fetchval("SELECT position FROM checkpoint"))

    async def reached(self, position: int) -> None:
        """Wait until the figures are there."""

        async def there() -> bool:
            return await self.position() >= position

        await eventually(there, f"position {position} is not reached")

    async def settled(self) -> None:
        """Wait until the figures reflect all that was acknowledged."""
        await self.reached(max(one.position for one in self.publisher.acked))

    async def outcomes(self) -> list[tuple[int, str, str | None]]:
        rows = await self.connection.fetch(f"SELECT position, outcome, reason FROM {DECIDED} AS said ORDER BY position")
        return [tuple(row) for row in rows]


class Projector:
    """A running projector."""

    def __init__(self, name: str, settings: Settings, folder: Path) -> None:
        self.command = Command(name, settings, folder, waits=SOON)
        self.url = f"http://{settings.projector_http}"

    @property
    def said(self) -> str:
        """What it wrote to its log."""
        return self.command.process.tail(200)

    @property
    def pid(self) -> int:
        return self.command.process.pid

    async def says(self, words: str) -> None:
        """Wait until it has written something."""

        async def said() -> bool:
            return words in self.said

        await eventually(said, f"{words!r} is never said:\n{self.said}")

    async def ends(self) -> str:
        """Wait until it ends by itself, and tell how."""

        async def ended() -> bool:
            return not self.command.process.alive

        await eventually(ended, "it goes on")
        return self.command.process.exit

    async def ready(self) -> tuple[bool, str]:
        """Ask it whether it is ready."""
        async with httpx.AsyncClient(timeout=60) as client:
            try:
                answer = await client.get(f"{self.url}/readyz")
            except httpx.TransportError as error:
                return False, str(error)
        return answer.status_code == 200, answer.text

    async def becomes(self, *, ready: bool, saying: str = "") -> None:
        """Wait until it says that it is ready, or isn't and why."""

        async def so() -> bool:
            found, text = await self.ready()
            return found == ready and saying in text

        await eventually(so, f"it never says {ready} {saying}: {self.said}")


@asynccontextmanager
async def bench(party: str, database: str, **limits: int) -> AsyncIterator[Bench]:
    """Put a bench on a fresh stream and a fresh database."""
    settings = replace(Settings(), nats_url=party, database_url=database, **limits)
    connection = await connect(database)
    try:
        with short_folder() as folder:
            async with publishing(party) as publisher:
                yield Bench(settings, folder, publisher, connection)
    finally:
        await connection.close()
