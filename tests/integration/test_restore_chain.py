"""What a restore makes of the hash chain and of a pause: the same chain every way, a pause only from a backup."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests import servers
from tests.fault.projecting import bench
from tests.integration.odd_log import LENGTH, publish_odd_log
from tests.integration.restoring import client_of, figures, fresh, project, remove_stream, tonghop
from tests.integration.test_projector_limit import WINDOW, WORLD, bad, good, hold, paused_at, resume

LOST = "lost_with_chain"


@pytest.fixture
async def lost(postgres: PostgresServer) -> AsyncIterator[str]:
    """Name a database that isn't there."""
    yield postgres.database_url(LOST)
    await servers.execute(postgres, f"DROP DATABASE IF EXISTS {LOST} WITH (FORCE)")


async def done(settings: Settings, *arguments: str) -> str:
    answer = await tonghop(settings, *arguments)
    assert answer.code == 0, answer.said
    return answer.said


async def signed(settings: Settings, folder: Path) -> str:
    """Sign where the ledger ends, with a new key."""
    key, file = folder / "khoa.pem", folder / "statement.json"
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(pem)
    file.write_text(await done(settings, "sign-position", "--key", str(key)))
    return str(file)


async def test_what_was_signed_holds_after_every_way_back(
    nats_server: NatsServer, postgres: PostgresServer, database: str, lost: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    async with client_of(settings) as client:
        await publish_odd_log(client)
        await project(settings)
        statement, before = await signed(settings, tmp_path), await figures(settings)
        assert [position for position, _ in before["chain"]] == [LENGTH]
        assert before["publisher_rejects"]
        await done(settings, "backup", str(tmp_path / "copy"))
        # The stream from the ledger has the bus's times as they were, so what is made of it has the same chain.
        await remove_stream(client)
        await done(settings, "restore", "--from-ledger")
        anew = replace(settings, database_url=lost)
        await done(anew, "restore", "--from-log")
        assert await figures(anew) == before
        await done(anew, "verify", "--chain")
        await done(anew, "verify-position", statement)
        await remove_stream(client)
    async with servers.fresh_database(postgres) as url:
        both = replace(settings, database_url=url)
        await done(both, "restore", "--backup", str(tmp_path / "copy"))
        assert await figures(both) == before
        await done(both, "verify-position", statement)


@pytest.mark.long
async def test_a_backup_keeps_a_pause_and_the_log_has_none(
    nats_server: NatsServer, postgres: PostgresServer, database: str, lost: str, tmp_path: Path
) -> None:
    settings = await fresh(nats_server, database)
    count = len(WORLD) + 20 + 30
    async with bench(settings.nats_url, database, reject_window=WINDOW) as on:
        await on.publish(*WORLD, *good(0, 20), *bad(0, 30))
        with on.projector():
            await paused_at(on, len(WORLD) + 20 + 11)
        await done(on.settings, "backup", str(tmp_path / "copy"))
        # From the log alone nobody knows that there was a pause: all of it is folded, that is what was asked for.
        await done(replace(on.settings, database_url=lost), "restore", "--from-log")
        async with bench(settings.nats_url, lost, reject_window=WINDOW) as anew:
            await hold(anew, count)
            # The window is that of the ledger's end all the same: the next one that is wrong is too much.
            with anew.projector():
                await anew.publish(*bad(30, 31))
                await paused_at(anew, count + 1)
    async with servers.fresh_database(postgres) as url:
        again = replace(settings, database_url=url)
        await done(again, "restore", "--backup", str(tmp_path / "copy"), "--only", "database")
        async with bench(settings.nats_url, url, reject_window=WINDOW) as kept:
            with kept.projector() as running:
                await running.says("paused")
                await paused_at(kept, len(WORLD) + 20 + 11)
                assert resume(kept)
                await kept.reached(count + 1)
            await hold(kept, count + 1)
