"""`tonghop up` on real servers: starts, stops, refuses, restarts what dies, and recovers from its own sudden death.

Only the projector and the API are stand-ins here: what is tested is that they are run, whatever they do.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import asyncpg
import nats
import psutil
import pytest

from services.settings import Settings
from services.up.folder import Folder
from tests.servers import short_folder

ROOT = Path(__file__).parents[2]
AT_LAST = 120.0
"""Seconds after which something that has to happen won't: nothing is timed by it."""
PARTS = ("postgres", "nats", "projector", "api")

API = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
host, _, port = os.environ["TONGHOP_HTTP"].rpartition(":")
http.server.HTTPServer((host, int(port)), Answer).serve_forever()
"""
WAITING = "import time; time.sleep(600)"
FAILING = "import sys; print('the reason why', flush=True); sys.exit(3)"
# What dies is started again at once, and however slow the machine is, it lives shortly.
SUPERVISOR = """
import json, sys
from pathlib import Path
from services.up import run, watching
watching.FIRST_PAUSE, watching.SHORT_LIFE = 0.02, 600
folder, http, nats, projector, api, access = sys.argv[1:]
commands = {"projector": [sys.executable, "-c", projector], "api": [sys.executable, "-c", api]}
sys.exit(run(Path(folder), http, nats, commands=commands, access=access))
"""


class Up:
    """A running `up`: its output goes to a file, so that it never waits for a reader."""

    def __init__(
        self,
        folder: Path,
        http: str = "127.0.0.1:0",
        bus: str = "127.0.0.1:0",
        projector: str = WAITING,
        access: str = "open",
    ) -> None:
        self.folder = folder
        self.output = folder.parent / f"output-{time.monotonic_ns()}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", SUPERVISOR, folder, http, bus, projector, API, access],
                cwd=ROOT,
                env={**os.environ, "TONGHOP_LANG": "en"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def ready(self) -> "Up":
        wait_until(lambda: "is ready" in self.said or self.process.poll() is not None, AT_LAST)
        assert "is ready (" in self.said, self.said
        return self

    @property
    def service(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "run" / "service.json").read_text()))

    def bus(self, user: str = "operator") -> str:
        """Give the address of the bus for one of the service's own users."""
        return Folder(self.folder).signed_in(Settings(), self.service, user).nats_url

    def pid(self, name: str) -> int | None:
        with suppress(FileNotFoundError):
            return int(json.loads((self.folder / "run" / f"{name}.json").read_text())["pid"])
        return None

    def child(self, name: str) -> psutil.Process:
        return psutil.Process(self.pid(name))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(120)


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it doesn't come"
        time.sleep(0.05)


def runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as parent:
        yield parent / "data"


@contextmanager
def up(folder: Path, **given: str) -> Iterator[Up]:
    """Run `up`, and leave nothing behind however the test ends."""
    running = Up(folder, **given)
    try:
        yield running
    finally:
        children = psutil.Process(running.process.pid).children() if running.process.poll() is None else []
        running.process.kill()
        running.process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def answers(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/docs", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def fetch(url: str, query: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_starts_everything_and_stops_it_in_order(folder: Path) -> None:
    with up(folder) as running:
        running.ready()
        children = {name: running.child(name) for name in PARTS}
        service = running.service
        assert answers(service["http"])
        assert await fetch(service["database_url"], "SELECT position FROM checkpoint") == 0
        client = await nats.connect(running.bus())
        info = await client.jetstream().consumer_info("PARTY", "projector")
        await client.close()
        assert (info.config.ack_policy, info.config.max_ack_pending) == ("all", 100_000)
        assert running.end() == 0
        assert not any(runs(child) for child in children.values())
        assert not list((folder / "run").glob("*.json"))
        assert "shut down" in (folder / "logs" / "postgres.log").read_text().splitlines()[-1]


@pytest.mark.long
def test_every_way_of_asking_stops_it_and_the_next_start_is_quick(folder: Path) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):  # all the others end by SIGTERM
        with up(folder) as again:
            again.ready()
            assert again.end(number) == 0
        said = (folder / "logs" / "postgres.log").read_text()
        assert "database system is shut down" in said.splitlines()[-1]
        assert "not properly shut down" not in said, "it has to recover first"


@pytest.mark.long
async def test_recovers_after_its_own_sudden_death_with_the_servers_still_running(folder: Path) -> None:
    with up(folder) as killed:
        killed.ready()
        address = killed.service["nats"]
        client = await nats.connect(f"nats://{address}")
        await client.jetstream().publish("party.v1.a.member.admitted", b"kept")
        await client.close()
        await fetch(killed.service["database_url"], "CREATE TABLE kept AS SELECT 7 AS n")
        old = {name: killed.child(name) for name in PARTS}
        killed.process.kill()
        killed.process.wait()
        wait_until(lambda: not runs(old["projector"]) and not runs(old["api"]), 120)
        assert runs(old["postgres"])
        assert runs(old["nats"])
        with up(folder, bus=address) as again:
            again.ready()
            assert "postgres: " in again.said
            assert not runs(old["postgres"])
            assert not runs(old["nats"])
            client = await nats.connect(again.bus())
            assert (await client.jetstream().get_msg("PARTY", 1)).data == b"kept"
            await client.close()
            assert await fetch(again.service["database_url"], "SELECT n FROM kept") == 7
            assert again.end() == 0


@pytest.mark.long
async def test_everything_killed_at_once_comes_back(folder: Path) -> None:
    with up(folder) as killed:
        killed.ready()
        for process in [psutil.Process(killed.process.pid), *(killed.child(name) for name in PARTS)]:
            process.kill()
        killed.process.wait()
    with up(folder) as again:
        again.ready()
        assert await fetch(again.service["database_url"], "SELECT 1") == 1
        assert again.end() == 0


async def test_a_part_that_dies_is_started_again_and_said_so(folder: Path) -> None:
    with up(folder) as running:
        running.ready()
        service = running.service
        for name in PARTS:
            old = running.child(name)
            old.kill()
            wait_until(lambda name=name, old=old: running.pid(name) not in {None, old.pid}, 120)
            assert f"{name}: signal SIGKILL" in running.said
        wait_until(lambda: answers(service["http"]), 120)
        wait_until(lambda: (folder / "postgres" / "postmaster.pid").read_text().rstrip().endswith("ready"), 120)
        assert await fetch(service["database_url"], "SELECT position FROM checkpoint") == 0
        client = await nats.connect(f"nats://{service['nats']}")
        await client.close()
        assert running.end() == 0


@pytest.mark.long
def test_a_part_that_keeps_dying_ends_the_whole_with_its_last_words(folder: Path) -> None:
    with up(folder, projector=FAILING) as running:
        assert running.process.wait(AT_LAST) == 1
        assert "projector" in running.said
        assert "keeps dying" in running.said
        assert "the reason why" in running.said
        assert running.said.count("exit code 3; ") == 4
        assert not list((folder / "run").glob("*.json"))


def test_a_second_one_on_the_same_folder_is_refused(folder: Path) -> None:
    with up(folder) as first:
        first.ready()
        with up(folder) as second:
            assert second.process.wait(AT_LAST) == 1
            assert f"with pid {first.process.pid}" in second.said
        assert runs(first.child("postgres"))
        assert first.end() == 0


@pytest.mark.parametrize(("option", "given"), [("--http", "http"), ("--nats", "bus")])
def test_a_taken_port_is_said_before_anything_is_started(folder: Path, option: str, given: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with up(folder, **{given: address}) as running:
            assert running.process.wait(AT_LAST) == 1
            assert address in running.said
            assert f"{option} HOST:PORT" in running.said
            assert f"pid {os.getpid()})" in running.said
            assert "Traceback" not in running.said
    assert not (folder / "postgres").exists()


@pytest.mark.long
def test_a_stop_in_the_middle_of_the_start_leaves_nothing_running(folder: Path) -> None:
    for begun in (folder, folder / "postgres" / "PG_VERSION", folder / "run" / "postgres.json"):
        with up(folder) as running:
            wait_until(begun.exists, AT_LAST)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(AT_LAST) in {0, -signal.SIGTERM}
            assert "Traceback" not in running.said
            assert not list((folder / "run").glob("*.json"))


def test_a_bad_address_is_refused(folder: Path) -> None:
    with up(folder, http="8080") as running:
        assert running.process.wait(AT_LAST) == 2
        assert "HOST:PORT" in running.said
