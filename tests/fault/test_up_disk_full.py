"""`tonghop up` on a disk without room: it waits and says so, and everything goes on when there is some."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import nats
import nats.errors
import pytest

from tests.fault.disk import Disk, small_disk
from tests.fault.projecting import eventually
from tests.integration.test_up import up
from tests.oracle.telling import admitted


def elsewhere(disk: Disk) -> Path:
    """Name the disk by a way beside it: what `up` says is kept there, and is read by the test."""
    (disk.path / "data").mkdir()
    way = disk.path.parent / "data"
    way.symlink_to(disk.path / "data")
    return way


async def published(url: str, number: int) -> bool:
    """Publish a fact; say whether the bus acknowledged it."""
    said = admitted("u1", "2023-01-01", f"e{number}")
    client = await nats.connect(url)
    try:
        await client.jetstream().publish(said.bus_subject, said.body, timeout=1)
    except (nats.errors.Error, OSError):
        return False
    finally:
        await client.close()
    return True


@pytest.mark.long
async def test_servers_are_started_again_when_there_is_room() -> None:
    with small_disk(220) as disk, up(elsewhere(disk)) as service:
        await asyncio.to_thread(service.ready)
        bus, database = f"nats://{service.service['nats']}", service.service["database_url"]
        assert await published(bus, 0)
        disk.fill()
        numbers = iter(range(1, 1_000))

        async def full() -> bool:
            return not await published(bus, next(numbers))

        await eventually(full, service.said)
        os.kill(service.pid("postgres"), signal.SIGKILL)

        async def waits() -> bool:
            return all(f"{name}: the disk is full" in service.said for name in ("nats", "postgres"))

        await eventually(waits, service.said)
        assert service.process.poll() is None
        disk.make_room()

        async def stores() -> bool:
            return await published(bus, next(numbers))

        await eventually(stores, service.said)

        async def answers() -> bool:
            try:
                connection = await asyncpg.connect(database)
            except (OSError, asyncpg.PostgresError):
                return False
            await connection.close()
            return True

        await eventually(answers, service.said)
