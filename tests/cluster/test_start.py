"""A whole cluster on loopback by its command: it starts, answers, goes on after a kill, ends; nobody else gets in."""

from __future__ import annotations

import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats
import pytest

from deploy.cluster.loopback.layout import HOST, Layout
from deploy.cluster.loopback.machines import Cluster
from deploy.cluster.loopback.whose import processes
from projections.store.connecting import connect
from services.connecting.bus import connect_once
from tests.oracle.telling import ROOT, event_of
from tests.servers import short_folder

pytestmark = pytest.mark.cluster
HERE = Path(__file__).parents[2]
READY, STOPPED = "The cluster is ready", "Stopped"
AT_LAST = 240.0
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")} | {
    "TONGHOP_LANG": "en"
}
GUESSED = "guessed"
READING = {"tonghop api", "tonghop api service"}
"""The names of the sessions by which an API reads."""


class Command:
    """`python -m deploy.cluster.loopback up`, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    def said(self, words: str) -> str:
        """Wait until it has said this."""
        deadline = time.monotonic() + AT_LAST
        while words not in (text := self._output.read_text()):
            assert self.process.poll() is None or words in self._output.read_text(), text
            assert time.monotonic() < deadline, text
            time.sleep(0.1)
        return text


@contextmanager
def up(folder: Path, *options: str) -> Iterator[Command]:
    """Run the command until the block is left, and then end it by Ctrl-C."""
    output = folder.with_suffix(".out")
    with output.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.cluster.loopback", "up", "--data-dir", folder, "--etcd", "1", *options],
            cwd=HERE,
            env=ENVIRON,
            stdout=written,
            stderr=written,
        )
    command = Command(process, output)
    try:
        yield command
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(AT_LAST)
        finally:
            process.kill()


@contextmanager
def clients(folder: Path) -> Iterator[list[httpx.Client]]:
    """Give a client of each API, as `admin`."""
    layout = Layout(folder)
    layout.read()
    token = (layout.secrets / "admin.token").read_text().strip()
    trust = ssl.create_default_context(cafile=layout.tls / "ca.pem")
    made = [
        httpx.Client(
            base_url=f"https://{layout.address(machine, 'http')}",
            headers={"authorization": f"Bearer {token}"},
            verify=trust,
            trust_env=False,
            timeout=60,
        )
        for machine in layout.of("api")
    ]
    try:
        yield made
    finally:
        for client in made:
            client.close()


def establish(client: httpx.Client, event_id: str, unit: str, parent: str | None) -> dict[str, Any]:
    """Establish a unit, and wait until that counts."""
    level = "central" if parent is None else "upper"
    data = {"parent": parent, "name": f"Đảng bộ {unit}", "level": level, "since": "2000-01-01"}
    answer = client.post(
        "/v1/events",
        content=json.dumps(event_of(ROOT, event_id, "unit.established", unit, data)),
        headers={"content-type": "application/cloudevents+json", "prefer": "wait=30"},
    )
    (item,) = answer.json()["items"]
    assert item["outcome"] in {"counted", "applied"}, item
    return dict(item)


def left_running(folder: Path) -> list[str]:
    """Name the machines of which anything runs."""
    return [path.name for path in folder.iterdir() if path.is_dir() and processes(path)]


def test_one_command_brings_it_up_and_goes_on_with_what_a_killed_one_has_left() -> None:
    with short_folder() as parent:
        folder = parent / "cluster"
        with up(folder) as command:
            said = command.said(READY)
            assert str(folder / "secrets/admin.token") in said
            with clients(folder) as (one, other):
                establish(one, "root", ROOT, None)
                position = establish(other, "found", "gia-binh", ROOT)["position"]
                for client in (one, other):
                    answer = client.get("/v1/units/gia-binh", params={"min_position": position, "wait": 30})
                    assert answer.status_code == 200, answer.text
            status = subprocess.run(
                [sys.executable, "-m", "deploy.cluster.loopback", "status", "--data-dir", folder],
                cwd=HERE,
                env=ENVIRON,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            assert {"nats-3", "etcd-1", "postgres-3", "projector-2", "api-2"} <= set(status.split())
            assert "primary" in status
            assert "in force" in status
            second = subprocess.run(
                [sys.executable, "-m", "deploy.cluster.loopback", "up", "--data-dir", folder],
                cwd=HERE,
                env=ENVIRON,
                capture_output=True,
                text=True,
                check=False,
            )
            assert second.returncode == 1
            assert str(folder) in second.stderr
            command.process.kill()
            command.process.wait()
            assert left_running(folder)
        with up(folder) as command:
            command.said(READY)
            with clients(folder) as (one, other):
                for client in (one, other):
                    answer = client.get("/v1/units/gia-binh", params={"min_position": position, "wait": 30})
                    assert answer.status_code == 200, answer.text
                establish(one, "found-2", "dong-cuu", "gia-binh")
        assert command.process.returncode == 0
        command.said(STOPPED)
        assert not left_running(folder)


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    with short_folder() as folder:
        async with Cluster(folder / "cluster").running() as running:
            assert running.asking.has_a_successor()  # as soon as it is said to be ready
            yield running


async def test_apis_read_from_standbys_and_write_to_the_primary(cluster: Cluster) -> None:
    with clients(cluster.layout.folder) as both:
        for client in both:
            assert client.get("/v1/status").status_code == 200
    primary, found = cluster.primary(), {}
    for machine in cluster.layout.of("postgres"):
        connection = await connect(cluster.database_url_of("postgres", machine))
        try:
            names = await connection.fetch(
                "SELECT application_name FROM pg_stat_activity WHERE usename = 'tonghop_api'"
            )
        finally:
            await connection.close()
        found[machine] = {row["application_name"] for row in names}
    assert not found.pop(str(primary)) & READING
    assert set().union(*found.values()) & READING


async def test_a_commit_of_the_api_waits_for_a_standby_and_one_of_the_projector_does_not(cluster: Cluster) -> None:
    found = {}
    for user in ("tonghop_api", "tonghop_projector"):
        connection = await connect(cluster.database_url_of(user))
        try:
            found[user] = await connection.fetchval("SHOW synchronous_commit")
            assert await connection.fetchval("SHOW synchronous_standby_names")
        finally:
            await connection.close()
    assert found == {"tonghop_api": "on", "tonghop_projector": "local"}


def asked(cluster: Cluster, machine: str, what: str, path: str, **how: Any) -> httpx.Response:
    """Ask a machine by HTTPS, showing whatever is given."""
    context = ssl.create_default_context(cafile=cluster.certificates.database_ca)
    if (pair := how.pop("pair", None)) is not None:
        context.load_cert_chain(*pair)
    with httpx.Client(verify=context, trust_env=False, timeout=10) as client:
        return client.post(f"https://{cluster.layout.address(machine, what)}{path}", **how)


@pytest.mark.parametrize("shown", ["nothing", "the service's"])
@pytest.mark.parametrize(
    ("machine", "what", "path"),
    [
        ("etcd-1", "client", "/v3/kv/range"),
        ("etcd-1", "client-behind", "/v3/kv/range"),
        ("etcd-2", "peer", "/raft"),
        ("postgres-1", "rest", "/restart"),
        ("postgres-2", "rest-behind", "/switchover"),
    ],
)
async def test_nobody_takes_the_cluster_over_without_a_certificate_of_the_database_machines(
    cluster: Cluster, machine: str, what: str, path: str, shown: str
) -> None:
    """A certificate for the bus, which every unit's system may have, is of another authority."""
    pair = None if shown == "nothing" else cluster.certificates.client
    with pytest.raises((httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)):
        asked(cluster, machine, what, path, pair=pair, json={})


async def test_nobody_orders_patroni_about_without_its_password(cluster: Cluster) -> None:
    for authentication in (None, ("patroni", ""), ("patroni", GUESSED)):
        answer = asked(
            cluster, "postgres-1", "rest", "/restart", pair=cluster.certificates.database, auth=authentication, json={}
        )
        assert answer.status_code == 401, answer.text


async def test_no_database_without_tls_or_without_a_password(cluster: Cluster) -> None:
    port = cluster.layout.port("postgres-1", "tls")
    plain = {"host": HOST, "port": port, "user": "tonghop_api", "database": "tonghop", "timeout": 10}
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await asyncpg.connect(**plain, password=GUESSED, ssl=False)
    trust = ssl.create_default_context(cafile=cluster.certificates.ca)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**plain, password=GUESSED, ssl=trust)
    for what in ("replication", "behind"):
        for user in ("postgres", "replicator", "tonghop_migrate"):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)):
                await asyncpg.connect(
                    host=HOST,
                    port=cluster.layout.port("postgres-1", what),
                    user=user,
                    database="postgres",
                    password=GUESSED,
                    ssl=False,
                    timeout=10,
                )


async def test_nobody_joins_the_bus_without_a_certificate_and_a_credential(cluster: Cluster) -> None:
    address = f"tls://{cluster.layout.address('nats-1', 'client')}"
    trust = ssl.create_default_context(cafile=cluster.certificates.ca)
    strict = {"tls": trust, "allow_reconnect": False, "max_reconnect_attempts": 0, "connect_timeout": 5}
    with pytest.raises((OSError, nats.errors.Error, ssl.SSLError)):
        await nats.connect(address, **strict)
    trust.load_cert_chain(*cluster.certificates.client)
    with pytest.raises((OSError, nats.errors.Error)):
        await nats.connect(address, **strict)
    client = await connect_once(cluster.settings("reader"), "test")
    try:
        info = await client.jetstream().stream_info("PARTY")
    finally:
        await client.close()
    assert info.config.num_replicas == 3


async def test_secrets_are_for_their_owners_alone_and_in_no_command(cluster: Cluster) -> None:
    layout = cluster.layout
    secrets = {
        file.read_text().strip() for file in (*layout.secrets.glob("*.password"), layout.secrets / "admin.token")
    }
    assert len(secrets) == 9
    for machine in (*layout.machines, "relays"):
        folder = layout.place(machine)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for process in processes(folder):
            assert not any(secret in argument for secret in secrets for argument in process.cmdline())
    for folder in (layout.secrets, layout.run, layout.logs, layout.tls):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for log in layout.logs.glob("*.log"):
        said = log.read_text(errors="replace")
        assert not any(secret in said for secret in secrets), log
