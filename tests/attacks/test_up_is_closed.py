"""`tonghop up` against whoever else is on the machine: the bus without a credential, the files, the addresses."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import nats
import nats.errors
import psutil
import pytest

from services.up.service import KEEP_EVERY
from tests.attacks.test_bus_units import FORBIDDEN as FORBIDDEN_FOR_A_UNIT
from tests.fault.forked import tonghop
from tests.integration.test_up import AT_LAST, Up, up, wait_until
from tests.servers import short_folder

EVENT = "party.v1.u1.member.admitted"
ANY_UNITS = ("party.v1.", "tonghop.v1.receipts.bac-ninh", "_INBOX", "_R_")
FORBIDDEN = [s for s in FORBIDDEN_FOR_A_UNIT if not s.startswith(ANY_UNITS)] + [
    "party.v1.u1.access.granted",
    "_INBOX.x",
]


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Up]:
    with short_folder() as parent:
        data = parent / "data"
        for name in ("logs", "run"):
            (data / name).mkdir(parents=True)
            (data / name).chmod(0o777)
        (data / "logs/old.log").write_text("of before")
        data.chmod(0o755)
        with up(data) as service:
            await asyncio.to_thread(service.ready)
            yield service
            assert service.end() == 0


async def test_without_a_credential_one_speaks_as_any_unit_and_does_nothing_else(running: Up) -> None:
    heard: list[str] = []

    async def hear(error: Exception) -> None:
        heard.append(str(error).lower())

    operator = await nats.connect(running.bus("operator"))
    before = (await operator.jetstream().stream_info("PARTY")).state.last_seq
    for prefix in ("_INBOX", "_INBOX_gia-binh"):
        client = await nats.connect(f"nats://{running.service['nats']}", error_cb=hear, inbox_prefix=prefix)
        assert (await client.jetstream().publish(EVENT, b"{}")).stream == "PARTY"
        await client.publish(EVENT, b"{}", reply="$JS.API.STREAM.DELETE.PARTY", headers=first_of_a_batch(prefix))
        for subject in FORBIDDEN:
            await client.publish(subject, b"")
        await client.subscribe("party.v1.>", cb=_nothing)
        await client.subscribe(">", cb=_nothing)
        with suppress(nats.errors.Error):
            await client.jetstream(timeout=0.1).stream_info("PARTY")
        await client.flush()
        await client.close()
    async with asyncio.timeout(AT_LAST):
        while not all(any(f'to "{subject.lower()}"' in said for said in heard) for subject in [*FORBIDDEN, ">"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await operator.jetstream().stream_info("PARTY")).state.last_seq == before + 2
    await operator.close()


def first_of_a_batch(name: str) -> dict[str, str]:
    return {"Nats-Batch-Id": f"b{name}", "Nats-Batch-Sequence": "1"}


async def _nothing(_: object) -> None:
    """Take nothing."""


def test_nobody_else_may_look_into_anything(running: Up) -> None:
    root = os.geteuid() == 0
    passable = {running.folder} if root else set()
    for path in (running.folder, *running.folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        reachable = all(parent.stat().st_mode & 0o001 for parent in (path.parent, *path.parent.parents))
        if path in passable:
            assert mode == 0o711, path
        elif reachable:
            assert mode & 0o077 == 0, f"{path} {mode:o}"
    secrets = running.folder / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    assert "assword: s" not in (running.folder / "nats/nats.conf").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_no_server_runs_as_root(running: Up) -> None:
    for name in ("nats", "postgres"):
        assert psutil.Process(running.pid(name)).uids().real != 0, name


async def test_a_deleted_durable_is_made_anew(running: Up) -> None:
    assert KEEP_EVERY < 5  # seconds within which it has to be noticed
    client = await nats.connect(running.bus("operator"))
    jetstream = client.jetstream()
    await jetstream.delete_consumer("PARTY", "projector")
    async with asyncio.timeout(AT_LAST):
        while True:
            with suppress(nats.errors.Error):
                await jetstream.consumer_info("PARTY", "projector")
                break
            await asyncio.sleep(0.05)
    await client.close()
    await asyncio.to_thread(wait_until, lambda: "made anew" in running.said, AT_LAST)  # said once it is there


async def test_commands_find_the_services_own_users(running: Up) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
    command = ("verify", "--from-log", "--data-dir", str(running.folder))
    done = await asyncio.to_thread(tonghop, *command, environ=environ)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"http": "0.0.0.0:0"}, "--http 0.0.0.0:0"),
        ({"http": "[::]:0"}, "--http [::]:0"),
        ({"bus": "0.0.0.0:0"}, "--nats 0.0.0.0:0"),
        ({"bus": "192.0.2.1:4222"}, "--nats 192.0.2.1:4222"),
        ({"http": "127.0.0.1:18765", "bus": "127.0.0.1:18765"}, "--http and --nats"),
        ({"http": "localhost:18765", "bus": "127.0.0.1:18765"}, "--http and --nats"),
    ],
)
def test_an_address_that_is_not_fit_is_said_at_once(given: dict[str, str], said: str) -> None:
    with short_folder() as parent, up(parent / "data", **given) as service:
        assert service.process.wait(AT_LAST) == 2
        assert said in service.said
        assert "Traceback" not in service.said
        assert not (parent / "data").exists()


def test_the_projectors_address_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_PROJECTOR_HTTP", "0.0.0.0:8081")
    with short_folder() as parent, up(parent / "data") as service:
        assert service.process.wait(AT_LAST) == 2
        assert "TONGHOP_PROJECTOR_HTTP 0.0.0.0:8081" in service.said


@pytest.mark.long
async def test_a_data_folder_of_before_goes_on_with_its_limits_mended() -> None:
    with short_folder() as parent:
        data = parent / "data"
        with up(data) as service:
            await asyncio.to_thread(service.ready)
            client = await nats.connect(service.bus())
            config = (await client.jetstream().stream_info("PARTY")).config
            await client.jetstream().update_stream(config.evolve(max_msg_size=-1, duplicate_window=120))
            unit = await nats.connect(f"nats://{service.service['nats']}")
            for number in range(3):
                await unit.jetstream().publish(EVENT, json.dumps(number).encode())
            await unit.close()
            await client.close()
            assert service.end() == 0
        store = data / "nats/jetstream"
        (store / "$G/streams").mkdir(parents=True)
        (store / "PARTY/streams/PARTY").rename(store / "$G/streams/PARTY")
        with up(data) as service:
            await asyncio.to_thread(service.ready)
            assert "taken over" in service.said
            assert "gets its limits" in service.said
            client = await nats.connect(service.bus("reader"))
            assert (await client.jetstream().get_msg("PARTY", 3)).data == b"2"
            config = (await client.jetstream().stream_info("PARTY")).config
            assert (config.max_msg_size, config.duplicate_window) == (18_432, 30)
            await client.close()
            database = service.service["database_url"]
            connection = await asyncpg.connect(database)
            assert await connection.fetchval("SELECT count(*) FROM checkpoint") == 1
            await connection.close()
            assert service.end() == 0
