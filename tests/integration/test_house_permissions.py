"""The permissions of deploy/nats/accounts.conf on a real server: enough for each part, and no more."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import nats
import pytest
from nats.errors import TimeoutError as NatsTimeoutError

from services.embedded.nats import executable
from services.migration import migrate
from services.settings import Address, Settings
from services.up.ports import claim
from tests import servers

ACCOUNTS = Path(__file__).parents[2] / "deploy/nats/accounts.conf"
PASSWORDS = {f"TONGHOP_{user}_PASSWORD": "secret" for user in ("MIGRATE", "BUS", "GIA_BINH")}
TOLD_WITHIN = 20.0


@contextmanager
def guarded(folder: Path) -> Iterator[str]:
    """Run a server with the accounts of the deployment and give its host and port."""
    config = folder / "nats.conf"
    config.write_text(f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js" }}
        {ACCOUNTS.read_text(encoding="utf-8")}
    """)
    process = subprocess.Popen([executable(), "-c", config], env=os.environ | PASSWORDS, stderr=subprocess.DEVNULL)
    try:
        ports = folder / f"nats-server_{process.pid}.ports"
        while not ports.exists() or not ports.read_text().strip():
            assert process.poll() is None
        yield json.loads(ports.read_text())["nats"][0].removeprefix("nats://")
    finally:
        process.kill()
        process.wait()


@contextmanager
def projector(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "projector"], env=os.environ | settings.as_environment()
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


async def test_each_part_may_do_its_own_and_no_more(database: str) -> None:
    with servers.short_folder() as folder, guarded(folder) as address:
        settings = replace(
            Settings(),
            database_url=database,
            root="gia-binh",
            projector_http=claim(Address("127.0.0.1", 0), "projector"),
        )
        await migrate(replace(settings, nats_url=f"nats://migrate:secret@{address}"))
        with projector(replace(settings, nats_url=f"nats://tonghop:secret@{address}")):
            told = await asyncio.to_thread(_publish, f"nats://gia-binh:secret@{address}")
        assert told.returncode == 1, told.stderr
        assert "counted" not in told.stdout
        assert "applied" in told.stdout
        assert "not_permitted" in told.stdout
        for user in ("migrate", "tonghop"):
            assert await _denied(f"nats://{user}:secret@{address}", "party.v1.gia-binh.unit.renamed")
            assert await _denied(f"nats://{user}:secret@{address}", "$JS.API.STREAM.DELETE.PARTY")


def _publish(url: str) -> "subprocess.CompletedProcess[str]":
    """Publish one event as oneself, and one as somebody else."""
    data = {"parent": None, "name": "Huyện ủy Gia Bình", "level": "upper", "since": "2000-01-01"}
    lines = [
        {
            "specversion": "1.0",
            "id": f"e-{publisher}",
            "source": f"/units/{publisher}",
            "type": "unit.established",
            "subject": publisher,
            "time": "2023-01-01T00:00:00Z",
            "data": data,
        }
        for publisher in ("gia-binh", "thuan-thanh")
    ]
    command = (sys.executable, "-m", "services.cli", "publish", "-", "--all", "--mode", "pipelined", "--nats", url)
    return subprocess.run(
        [*command, "--inbox-prefix", "_INBOX_gia-binh"],
        input="\n".join(json.dumps(line) for line in lines),
        capture_output=True,
        text=True,
        timeout=TOLD_WITHIN * 2,
        check=False,
    )


async def _denied(url: str, subject: str) -> bool:
    """Tell whether the server denies publishing there: the reason reaches only the client's error callback."""
    denials: list[str] = []

    async def hear(error: Exception) -> None:
        denials.append(str(error).lower())

    client = await nats.connect(url, error_cb=hear)
    try:
        with pytest.raises(NatsTimeoutError):
            await client.request(subject, b"{}", timeout=0.3)
    finally:
        await client.close()
    return any("permissions violation for publish" in denial for denial in denials)
