"""A bus that is set back to an older copy and goes on, with the old last event at its own position again.

Without a check of more than the body at the checkpoint, what was published in between is acknowledged and in no figure.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest

from services.embedded.nats import NatsServer
from services.log.check import check_log, places
from services.log.errors import ForeignLogError
from services.settings import Settings
from tests import servers
from tests.fault.projecting import Bench, bench
from tests.oracle.telling import Said, admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))
LAST = admitted("u1", "2023-01-01", "last")


def facts(first: int, end: int) -> list[Said]:
    return [admitted("u1", "2023-01-01", f"e{n}") for n in range(first, end)]


class Bus:
    """A NATS server of its own, with a copy of its data as they were."""

    def __init__(self, server: NatsServer, folder: Path) -> None:
        self.server = server
        self._copy = folder / "copy"

    def copy(self) -> None:
        """Keep its data as they are, as a backup of a volume does."""
        self.server.stop()
        shutil.copytree(self.server.data_dir, self._copy)
        self.server.start()

    def set_back(self) -> None:
        """Bring back what was kept."""
        self.server.stop()
        shutil.rmtree(self.server.data_dir)
        shutil.copytree(self._copy, self.server.data_dir)
        self.server.start()


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    with servers.short_folder() as folder, servers.running_nats(folder) as server:
        await servers.fresh_party(server)
        yield Bus(server, folder)


async def set_back_and_gone_on(on: Bench, bus: Bus) -> None:
    """Lose positions 5 to 10, take others at 5 to 9, and the old last one at its own."""
    bus.set_back()
    await on.publish(*facts(20, 25), LAST)
    assert [one.position for one in on.publisher.acked][-6:] == [5, 6, 7, 8, 9, 10]


async def test_a_projector_that_starts_refuses_it(bus: Bus, database: str) -> None:
    async with bench(bus.server.url, database) as on:
        await on.publish(*WORLD, *facts(0, 2))
        bus.copy()
        with on.projector("projector-before") as running:
            await on.publish(*facts(2, 7), LAST)
            await on.settled()
            running.command.stop()
        before = await on.outcomes()
        await set_back_and_gone_on(on, bus)
        with on.projector() as running:
            assert await running.ends() == "exit code 3"
            for word in ("another message at 10", "set back", "time", "Nothing was changed"):
                assert word in running.said
        assert await on.outcomes() == before


async def test_a_projector_that_runs_refuses_it(bus: Bus, database: str) -> None:
    async with bench(bus.server.url, database) as on:
        await on.publish(*WORLD, *facts(0, 2))
        bus.copy()
        with on.projector() as running:
            await on.publish(*facts(2, 7), LAST)
            await on.settled()
            before = await on.outcomes()
            os.kill(running.pid, signal.SIGSTOP)  # it hears of nothing before all of it is done
            await set_back_and_gone_on(on, bus)
            await on.publish(*facts(30, 35))
            os.kill(running.pid, signal.SIGCONT)
            assert await running.ends() == "exit code 3"
            assert "set back" in running.said
        assert await on.outcomes() == before


async def test_what_was_altered_before_the_head_is_found_too(bus: Bus, database: str) -> None:
    """The ledger says so: positions ever further back are held to the stream, and the last ones to the chain."""
    async with bench(bus.server.url, database) as on:
        await on.publish(*WORLD, *facts(0, 8))
        with on.projector() as running:
            await on.settled()
            running.command.stop()
        client = await nats.connect(bus.server.url)
        jetstream = client.jetstream()
        await check_log(jetstream, Settings().stream, on.connection)
        for altered, words in {
            "published_at = published_at + interval '1 us' WHERE position = 8": "another message at 8",
            "body = '{}' WHERE position = 2": "another message at 2",
            "headers = 'NATS/1.0' WHERE position = 1": r"another message at 1 .*\(headers differ\)",
            "body = '{}' WHERE position = 3": "its chain covers",  # none of those that are looked at
        }.items():
            async with on.connection.transaction():
                await on.connection.execute("SAVEPOINT untouched")
                await on.connection.execute(f"UPDATE ledger SET {altered}")
                with pytest.raises(ForeignLogError, match=words):
                    await check_log(jetstream, Settings().stream, on.connection)
                await on.connection.execute("ROLLBACK TO untouched")
        await client.close()


def test_the_places_lie_ever_further_apart() -> None:
    assert places(1) == [1]
    assert places(10) == [10, 9, 8, 6, 2, 1]
    assert len(places(50_000_000)) < 30
    assert places(1_000_000)[-2:] == [1_000_000 - (1 << 19), 1]
