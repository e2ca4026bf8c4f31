"""The data of a service on one machine is deleted: what `tonghop restore --data-dir DIR` brings back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from projections.rules.log.message import Message
from services.embedded.nats import NatsServer
from services.recovery.servers import servers
from services.settings import Settings
from services.up.folder import Folder
from tests.integration.odd_log import publish_odd_log
from tests.integration.restoring import client_of, figures, fresh, project, read, tonghop
from tests.servers import running_nats, running_postgres, short_folder


class Kept(NamedTuple):
    """All that a service has."""

    figures: dict[str, list[Any]]
    log: list[Message]


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


async def kept(settings: Settings) -> Kept:
    """Read all that the servers have."""
    async with client_of(settings) as client:
        return Kept(await figures(settings), await read(client))


@pytest.mark.long
async def test_whatever_folder_is_deleted_comes_back(folder: Path, tmp_path: Path) -> None:
    at = ("--data-dir", str(folder))
    with running_postgres(folder, durable=True) as postgres, running_nats(folder) as bus:  # one of before: no accounts
        settings = replace(Settings(), nats_url=bus.url, database_url=postgres.url)
        assert (await tonghop(settings, "migrate")).code == 0
        async with client_of(settings) as client:
            await publish_odd_log(client)
        await project(settings)
        before = await kept(settings)
    done = await tonghop(Settings(), "backup", str(tmp_path / "copy"), *at)
    assert done.code == 0, done.said
    for lost, way in (
        (["postgres"], ("--from-log",)),
        (["nats"], ("--from-ledger",)),
        (["postgres", "nats"], ("--backup", str(tmp_path / "copy"))),
    ):
        for name in lost:
            shutil.rmtree(folder / name)
        done = await tonghop(Settings(), "restore", *way, *at)
        assert done.code == 0, done.said
        async with servers(Settings(), folder) as settings:
            assert await kept(settings) == before


async def test_the_servers_of_a_service_that_runs_are_found(
    nats_server: NatsServer, database: str, folder: Path, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
    await project(settings)
    place = Folder(folder)
    with place.held():
        starting = await tonghop(Settings(), "backup", str(tmp_path / "copy"), "--data-dir", str(folder))
        assert starting.code == 1
        assert f"A service runs on {folder} already" in starting.said
        place.tell({"nats": settings.nats_url.removeprefix("nats://"), "database_url": settings.database_url})
        elsewhere = replace(Settings(), nats_url="nats://127.0.0.1:1", database_url="postgresql://nowhere/none")
        done = await tonghop(elsewhere, "backup", str(tmp_path / "copy"), "--data-dir", str(folder))
        assert done.code == 0, done.said
