"""Each command of the README and of docs/ does what it says, as it stands there: on a service of its own.

Only where something listens differs: no test has fixed ports. `tonghop` and `curl` are found on the path, as readers
find them.
"""

import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from services.settings import Address
from services.up.ports import claim
from tests import servers
from tests.attacks import leaves
from tests.documented import DEMONSTRATION, TOP, Block, blocks, words_of
from tests.fault import forked

BLOCKS = blocks()
STAYS = {"up", "projector", "api"}
"""Commands that stay until they are stopped."""


class Reader:
    """Somebody who types what is written, in a folder of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        path = folder / "bin"
        path.mkdir()
        _script(path / "tonghop", _TONGHOP.format(python=sys.executable, stays=STAYS, address=str(folder / "commands")))
        _script(
            path / "curl", _CURL.format(curl=shutil.which("curl") or "curl", service=self.data / "run/service.json")
        )
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / ".venv/bin/tonghop").symlink_to(path / "tonghop")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
        self.environ = {**kept, "PATH": f"{path}:{os.environ['PATH']}", **environ}
        self.staying: list[tuple[subprocess.Popen[bytes], Path]] = []

    def types(self, block: Block) -> None:
        """Type the commands of a block; each but the last ends with 0."""
        for command in block.commands:
            words = words_of(command)
            if words[0] == "export":
                name, _, value = words[1].partition("=")
                self.environ[name] = self.environ.get(f"INSTEAD_OF_{name}", value)
            elif Path(words[0]).name == "tonghop" and words[1] in STAYS:
                self.starts(command)
            else:
                done = self.runs(command)
                expected = block.exit_code if command == block.commands[-1] else 0
                said = f"{block.where}: {command}\n{done.stdout}\n{done.stderr}"
                assert done.returncode == expected, said
                assert "Traceback" not in done.stdout + done.stderr, said

    def runs(self, command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def starts(self, command: str) -> None:
        """Start what stays, and wait until the service answers or, of the projector, until it leads."""
        log = self.folder / f"log-{len(self.staying)}"
        with log.open("wb") as output:
            started = subprocess.Popen(
                ["/bin/bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.staying.append((started, log))
        if words_of(command)[1] != "projector":
            own = " --token-file admin.token" if (self.folder / "admin.token").exists() else ""
            self.waits(lambda: self.runs(f"tonghop status{own}").returncode == 0)

    def waits(self, until: "object") -> None:
        end = time.monotonic() + 90
        while not until():  # type: ignore[operator]
            alive = [process.poll() is None for process, _ in self.staying]
            assert all(alive), [log.read_text() for _, log in self.staying]
            assert time.monotonic() < end, [log.read_text() for _, log in self.staying]
            time.sleep(0.05)

    def stops(self) -> None:
        """Stop what stays, as Ctrl-C does."""
        for process, log in reversed(self.staying):
            process.send_signal(signal.SIGINT)
            assert process.wait(60) in {0, 130}, log.read_text()
        self.staying.clear()


@contextmanager
def reader(**environ: str) -> Iterator[Reader]:
    with servers.short_folder() as folder, _taking_commands(folder / "commands"):
        one = Reader(folder, environ)
        try:
            yield one
            one.stops()
        finally:
            for process, _ in one.staying:
                process.kill()
                process.wait()


_TONGHOP = """#!{python} -IS
import json, os, socket, sys
given = sys.argv[1:]
if given[:1] == ["up"]:
    given[1:1] = ["--http", "127.0.0.1:0", "--nats", "127.0.0.1:0"]
if given and given[0] in {stays}:
    os.execv({python!r}, [{python!r}, "-m", "services.cli", *given])
asked = socket.socket(socket.AF_UNIX)
asked.connect({address!r})
asked.sendall(json.dumps([given, dict(os.environ), os.getcwd(), os.getpid()]).encode() + b"\\n")
sys.exit(int(asked.makefile().readline()))
"""
"""What stays is started as it is; for the rest a process is forked that has imported everything, with these streams."""


class _Typed(socketserver.StreamRequestHandler):
    """A command that somebody typed."""

    def handle(self) -> None:
        arguments, environ, cwd, pid = json.loads(self.rfile.readline())
        streams = [Path(f"/proc/{pid}/fd/{number}") for number in range(3)]
        self.wfile.write(b"%d\n" % forked.run(arguments, environ, Path(cwd), streams))


@contextmanager
def _taking_commands(address: Path) -> Iterator[None]:
    with socketserver.ThreadingUnixStreamServer(str(address), _Typed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


_CURL = """#!/bin/sh
listens=$(sed -n 's/ *"http": "\\(.*\\)",*/\\1/p' {service})
exec {curl} --silent --show-error --fail-with-body --connect-to "127.0.0.1:8080:$listens" "$@"
"""


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def wanting(what: str) -> list[Block]:
    return [block for block in BLOCKS if block.wants == what]


def test_every_block_is_tested_somewhere() -> None:
    assert {block.wants for block in BLOCKS} == {DEMONSTRATION, "empty", "stopped", "servers", "make", "leaf"}
    assert len(BLOCKS) > 12


@pytest.mark.parametrize("command", [command for block in wanting("make") for command in block.commands])
def test_what_would_test_itself_is_there(command: str) -> None:
    """`make test` in a test would be a test in itself: that there is such a thing, with these options, is tested."""
    program, *given = words_of(command)
    if program == "make":
        done = subprocess.run(["/usr/bin/env", "make", "-n", *given], cwd=TOP, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    elif program == "python":
        assert all(word in _help_of(*given[:2]) for word in given if word.startswith("--")), command
    else:
        assert os.access(TOP / program, os.X_OK)


@cache
def _help_of(*module: str) -> str:
    done = subprocess.run([sys.executable, *module, "--help"], cwd=TOP, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("poor_line", [False, pytest.param(True, marks=pytest.mark.long)])
def test_first_steps_with_own_data(poor_line: bool) -> None:
    """An empty service says what to do; the commands of the README make a hierarchy, and can be run again.

    With a poor line to it goes on as its own page says: quick tests of that are those of the commands of a leaf.
    """
    with reader() as one:
        start, begin, let_in = wanting("empty")
        one.types(start)
        for question in ("report tinh-uy-a", "tree tinh-uy-a", "indicators tinh-uy-a"):
            asked = one.runs(f"tonghop {question}")
            assert asked.returncode == 1
            assert "tonghop init --root" in asked.stderr, asked.stderr
        other = one.runs("tonghop init --root trung-uong --name 'Trung ương'")
        assert other.returncode == 1
        assert "TONGHOP_ROOT=trung-uong" in other.stderr
        one.types(begin)
        drawn = one.runs("tonghop tree tinh-uy-a").stdout
        for shown in ("Tỉnh ủy A", "Đảng ủy xã B", "Chi bộ thôn 1"):
            assert shown in drawn
        one.types(begin)
        again = one.runs("tonghop init --units don-vi.csv")
        assert "không phải gửi gì" in again.stdout
        wrong = one.runs(
            "printf 'id,name,level,parent\\nA,x,cell,nobody\\nb,\\u200b,cells,c\\n' | tonghop init --units -"
        )
        assert wrong.returncode == 1
        assert "Chưa gửi gì" in wrong.stderr
        told = json.loads(one.runs("tonghop status --format json").stdout)
        assert (told["parked"], told["rejected"], told["position"]) == (0, 0, 3)
        one.types(let_in)
        assert "lan.nguyen" in one.runs("tonghop grants xa-b").stdout
        assert (one.folder / "xa-b-cb-1.creds").stat().st_mode & 0o777 == 0o600
        if poor_line:
            over_a_poor_line(one)


def over_a_poor_line(one: Reader) -> None:
    """Set a leaf of the service up as its page says, and send an event through it."""
    issue, renew, keys, forward, pack, unpack = wanting("leaf")
    one.types(issue)
    one.types(renew)
    shutil.copy(one.data / "secrets/keys/signed.conf", one.folder / "signed.conf")
    one.types(keys)
    leaf = one.folder / "leaf"
    leaf.mkdir()
    with leaves.running(leaf, (one.folder / "leaf-keys/signed.conf").read_text()) as (address, _):
        hub = json.loads((one.data / "run/service.json").read_bytes())["nats"]
        one.environ |= {
            "INSTEAD_OF_TONGHOP_NATS_URL": f"nats://{address}",
            "INSTEAD_OF_TONGHOP_HUB_NATS_URL": f"nats://{hub}",
        }
        one.types(forward)
        event = json.dumps(
            {
                "specversion": "1.0",
                "id": "tram-1",
                "source": "/units/xa-b-cb-1",
                "type": "member.admitted",
                "subject": "xa-b-cb-1",
                "time": "2026-11-28T09:30:00+07:00",
                "data": {"member": "2026-001", "decided_on": "2026-11-20"},
            }
        )
        (one.folder / "events.jsonl").write_text(event + "\n")
        one.types(
            Block("a unit", "leaf", ("tonghop publish events.jsonl --credentials xa-b-cb-1.creds --no-wait",), 0, ())
        )
        one.types(forward)
    told = one.runs("tonghop why xa-b-cb-1 tram-1 --format json")
    assert json.loads(told.stdout)["outcome"] == "counted", told.stderr
    (one.folder / "events.jsonl").write_text(f"{event}\n{event.replace('tram-1', 'goi-1')}\n")
    one.types(pack)
    assert (one.folder / "december.pack").stat().st_mode & 0o777 == 0o600
    for outcomes in (("counted", "counted"), ("counted", "counted")):  # again is harmless
        one.types(unpack)
        head, *items = map(json.loads, (one.folder / "december.pack.result").read_text().splitlines())
        assert (head["unit"], head["events"]) == ("xa-b-cb-1", 2)
        assert [(item["line"], item["outcome"]) for item in items] == [*enumerate(outcomes, 1)]
    assert [item["status"] for item in items] == ["duplicate", "duplicate"]


@pytest.mark.long
def test_the_demonstration_and_what_comes_after() -> None:
    """Every command on a service with the demonstration; then it is stopped, loses its data, and gets it back."""
    with reader() as one:
        one.starts("tonghop up --data-dir data --demo")
        one.waits(lambda: b"--on 2021-08-28" in one.staying[0][1].read_bytes())
        for block in wanting(DEMONSTRATION):
            one.types(block)
        learned = json.loads(one.runs("tonghop why xa-dai-bai bai-hoc-1 --format json").stdout)
        assert (learned["outcome"], learned["taken_back"]["reason"]) == ("retracted", "ghi nhầm")
        one.stops()
        for block in wanting("stopped"):
            for part in block.lost:
                shutil.rmtree(one.data / part)
            one.types(block)
        one.starts("tonghop up --data-dir data")
        told = one.runs("tonghop report gia-binh --from 01/01/2023 --to 28/11/2023 --by none --format json")
        assert json.loads(told.stdout)["total"] == {"admissions": 89, "confirmations": 99, "badges": 396}


@pytest.mark.long
def test_each_part_by_itself() -> None:
    with (
        servers.short_folder() as folder,
        servers.running_postgres(folder) as postgres,
        servers.running_nats(folder) as nats,
    ):
        listens = claim(Address("127.0.0.1", 0), "http")
        with reader(
            INSTEAD_OF_TONGHOP_NATS_URL=nats.url,
            INSTEAD_OF_TONGHOP_DATABASE_URL=postgres.url,
            TONGHOP_HTTP=str(listens),
            TONGHOP_API_URL=f"http://{listens}",
            TONGHOP_PROJECTOR_HTTP=str(claim(Address("127.0.0.1", 0), "projector")),
            TONGHOP_METRICS_HTTP=str(claim(Address("127.0.0.1", 0), "metrics")),
        ) as one:
            for block in wanting("servers"):
                one.types(block)
            assert "Lần dựng" in one.runs("tonghop status --token-file admin.token").stdout
