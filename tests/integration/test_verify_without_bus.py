"""`tonghop verify --from-log` while the bus is away: said in a sentence, and no more than that."""

from __future__ import annotations

from dataclasses import replace

from services.settings import Settings
from tests.fault.cluster import Command, free_address
from tests.fault.projecting import eventually
from tests.servers import short_folder


async def test_a_bus_that_is_away_is_said_plainly(database: str) -> None:
    settings = replace(Settings(), nats_url=f"nats://{free_address()}", database_url=database)
    with short_folder() as folder:
        command = Command("verify", settings, folder, "--from-log")
        command.start()

        async def ended() -> bool:
            return not command.process.alive

        try:
            await eventually(ended, "it goes on")
        finally:
            command.kill()
        said = command.process.tail(100)
        assert command.process.exit == "exit code 1", said
        assert "Traceback" not in said
        assert said.strip()
