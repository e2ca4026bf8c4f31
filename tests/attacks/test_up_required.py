"""`tonghop up --access required`: nobody sends without a credential, its owner issues and takes back, the log stays."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import nats
import nats.errors
import pytest
from nats.aio.client import Client

from services.access.authentication import asker_of
from services.access.credentials import Credentials
from services.cli.own_token import own_token
from services.connecting.bus import connect_once
from services.settings import Settings
from services.up.admin_token import ensure_admin_token
from services.up.folder import Folder
from tests.attacks.publishing import admitted, lines_of
from tests.fault.forked import tonghop
from tests.integration.test_up import AT_LAST, Up, up
from tests.servers import short_folder

EVENT = "party.v1.gia-binh.member.admitted"
QUIET = {"allow_reconnect": False, "max_reconnect_attempts": 0}


async def quietly(_: Exception) -> None:
    """Say nothing: what is wrong is raised."""


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Up]:
    with short_folder() as parent, up(parent / "data", access="required") as service:
        await asyncio.to_thread(service.ready)
        yield service
        assert service.end() == 0


async def run(service: Up, *arguments: str, code: int = 0) -> str:
    """Run a command as the owner of the folder does."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
    command = (*arguments, "--data-dir", str(service.folder))
    done: subprocess.CompletedProcess[str] = await asyncio.to_thread(
        tonghop, *command, environ=environ | {"TONGHOP_LANG": "en"}
    )
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


async def signed_in(service: Up, file: Path, unit: str = "gia-binh") -> Client:
    return await nats.connect(
        f"nats://{service.service['nats']}",
        user_credentials=str(file),
        inbox_prefix=f"_INBOX_{unit}",
        error_cb=quietly,
        **QUIET,
    )


async def last(service: Up) -> int:
    """Say how far the log goes."""
    reader = await connect_once(Folder(service.folder).signed_in(Settings(), service.service, "reader"), "test")
    try:
        return int((await reader.jetstream().stream_info("PARTY")).state.last_seq)
    finally:
        await reader.close()


async def test_nobody_comes_in_without_a_credential(running: Up) -> None:
    for user in ("", "anybody@", "operator:x@"):
        with pytest.raises(nats.errors.Error):
            await nats.connect(f"nats://{user}{running.service['nats']}", error_cb=quietly, **QUIET)


async def test_a_credential_speaks_for_its_unit_alone_and_is_taken_back_at_once(running: Up, tmp_path: Path) -> None:
    said = await run(running, "credential", "issue", "gia-binh", "bac-ninh", "--out", str(tmp_path))
    file = tmp_path / "gia-binh.creds"
    assert str(file) in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    client = await signed_in(running, file)
    other = await signed_in(running, tmp_path / "bac-ninh.creds", "bac-ninh")
    assert (await client.jetstream().publish(EVENT, b"{}")).stream == "PARTY"
    for subject in ("party.v1.bac-ninh.member.admitted", "party.v1.gia-binh.access.granted"):
        with suppress(nats.errors.Error):
            await client.jetstream(timeout=0.05).publish(subject, b"{}")
    before = await last(running)
    assert "taken effect on 1 server" in await run(running, "credential", "revoke", "gia-binh")
    async with asyncio.timeout(AT_LAST):
        while client.is_connected:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    with pytest.raises(nats.errors.Error):
        await signed_in(running, file)
    assert (await other.jetstream().publish("party.v1.bac-ninh.x.y", b"{}")).seq == before + 1
    await other.close()
    listed = json.loads(await run(running, "credential", "list", "gia-binh", "--format", "json"))
    assert [(one["name"], one["state"]) for one in listed] == [("gia-binh", "revoked")]
    assert "is there already" in await run(running, "credential", "issue", "gia-binh", "--out", str(file), code=1)


async def test_the_owner_publishes_as_any_unit_and_grants_nothing(running: Up, tmp_path: Path) -> None:
    file, before = tmp_path / "events.jsonl", await last(running)
    file.write_bytes(lines_of(admitted("u1", "e-1"), admitted("u2", "e-1")))
    await run(running, "publish", str(file), "--no-wait")
    assert await last(running) == before + 2
    found = Folder(running.folder).signed_in(Settings(), running.service, "anybody")
    owner = await connect_once(found, "test")
    with suppress(nats.errors.Error):
        await owner.jetstream(timeout=0.05).publish("party.v1.u1.access.granted", b"{}")
    await owner.close()
    assert await last(running) == before + 2


async def test_a_unit_that_is_shut_out_is_refused_until_it_is_let_in_again(running: Up, tmp_path: Path) -> None:
    await run(running, "credential", "issue", "u5", "--out", str(tmp_path))
    unit = await signed_in(running, tmp_path / "u5.creds", "u5")
    subject = "party.v1.u5.member.admitted"
    await unit.jetstream().publish(subject, b"{}")
    before = await last(running)
    assert "is shut out" in await run(running, "shut-out", "u5")
    with suppress(nats.errors.Error):
        await unit.jetstream(timeout=0.05).publish(subject, b"{}")
    assert await last(running) == before
    assert "u5" in await run(running, "shut-out")
    await run(running, "credential", "hand")
    with suppress(nats.errors.Error):  # whatever else is changed leaves it shut out
        await unit.jetstream(timeout=0.05).publish(subject, b"{}")
    assert await last(running) == before
    assert "may publish again" in await run(running, "shut-out", "u5", "--end")
    assert (await unit.jetstream().publish(subject, b"{}")).seq == before + 1
    await unit.close()


async def test_commands_find_the_services_own_credentials(running: Up) -> None:
    assert "Everything agrees" in await run(running, "verify", "--from-log")


def test_nobody_else_may_look_at_a_key(running: Up) -> None:
    secrets = running.folder / "secrets"
    for path in (secrets, *secrets.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.long
async def test_the_owner_of_the_folder_has_the_token_of_admin(running: Up) -> None:
    file, url = running.folder / "secrets" / "admin.token", running.service["database_url"]
    assert str(file) in running.said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with asyncpg.create_pool(url, min_size=0) as pool:
        before = file.read_text()
        asker = await asker_of(pool, Credentials(authorization=f"Bearer {before.strip()}"))
        assert asker.holds_everything
        assert not await ensure_admin_token(url, file.parent), "it holds"
        file.write_text(f"tonghop_{'a' * 43}")
        assert await ensure_admin_token(url, file.parent), "one that holds no more is made anew"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert await asker_of(pool, Credentials(authorization=f"Bearer {file.read_text().strip()}"))
    assert own_token(f"http://{running.service['http']}", running.folder) == file.read_text().strip()
    assert own_token("http://another.example.org", running.folder) is None, "it is for nobody else"


@pytest.mark.parametrize("part", ["projector", "api"])
async def test_no_part_is_the_owner_of_the_database(running: Up, part: str) -> None:
    (url,) = (value for name, value in running.child(part).environ().items() if name == "TONGHOP_DATABASE_URL")
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT current_user::text") == f"tonghop_{part}"
    assert await connection.fetchval("SELECT count(*) FROM checkpoint") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM account")
    await connection.close()


@pytest.mark.long
async def test_the_log_goes_on_under_the_other_access_and_back_again() -> None:
    with short_folder() as parent:
        for number, access in enumerate(("open", "required", "open"), 1):
            with up(parent / "data", access=access) as service:
                await asyncio.to_thread(service.ready)
                publisher = await connect_once(
                    Folder(service.folder).signed_in(Settings(), service.service, "gateway"), "test"
                )
                assert (await publisher.jetstream().publish(EVENT, b"{}")).seq == number
                await publisher.close()
                assert ("taken over" in service.said) is (number > 1)
                assert service.end() == 0
