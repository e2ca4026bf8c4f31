"""One warm process that forks for each command, so that a hostile surrounding costs milliseconds and not a start.

What the interpreter makes of its surroundings before the command line begins is what `test_terminal` also tries with
processes of their own.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[2]
SERVER = """
import contextlib, gc, importlib, io, json, os, sys
import httpx, typer
for name in %r:
    importlib.import_module(name)
from services.cli.app import app
from services.cli.running import run

def standard(number, mode, encoding):
    try:
        os.fstat(number)
    except OSError:
        return None
    raw = io.FileIO(number, mode, closefd=False)
    return io.TextIOWrapper(io.BufferedReader(raw) if mode == "rb" else io.BufferedWriter(raw), encoding)

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for given in (["report", "--help"], ["report"]):  # what is made at its first use
        with contextlib.suppress(BaseException):
            typer.main.get_command(app).main(given, prog_name="tonghop", standalone_mode=False)
    with contextlib.suppress(BaseException):
        httpx.get("http://127.0.0.1:1/", verify=False)
gc.freeze()
requests, answers = os.fdopen(int(sys.argv[1])), os.fdopen(int(sys.argv[2]), "w", buffering=1)
for line in requests:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        os.setsid()
        os.environ.clear()
        os.environ.update(asked["environ"])
        os.chdir(asked["cwd"])
        if asked["gone"]:
            os.rmdir(asked["cwd"])
        opened = {}
        for number, path in enumerate(asked["streams"]):
            if path == "UNREAD":
                unread, opened[number] = os.pipe()
                os.close(unread)
            elif path is not None:
                opened[number] = os.open(path, os.O_RDWR if number else os.O_RDONLY)
        for number in range(3):
            os.close(number)
            if number in opened:
                os.dup2(opened[number], number)
                os.close(opened[number])
        encoding = asked["environ"].get("PYTHONIOENCODING", "utf-8").split(":")[0]
        sys.stdin = standard(0, "rb", encoding)
        sys.stdout, sys.stderr = standard(1, "wb", encoding), standard(2, "wb", encoding)
        try:
            code = run(app, asked["arguments"])
        except BaseException as error:
            code = 99
            if sys.stderr: sys.stderr.write("Traceback: %%r" %% error); sys.stderr.flush()
        os._exit(code)
    print(child, file=answers)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), file=answers)
"""
HEAVY = (
    "asyncpg",
    "httpx",
    "nats",
    "rich.json",
    "rich.progress",
    "rich.table",
    "rich.tree",
    "services.cli.client",
    "services.cli.commands.hash_chain",
    "services.cli.packing",
    "services.cli.views.accounts",
    "services.cli.views.findings",
    "services.cli.views.operations",
    "services.cli.views.past",
    "services.cli.views.plans",
    "services.cli.views.proofs",
    "services.cli.views.publish",
    "services.cli.views.sheets",
    "services.cli.views.silence",
    "services.cli.views.single_events",
    "services.cli.views.units",
    "services.api.serve",
    "services.projector",
    "services.verification.rebuilding",
    "services.recovery.from_backup",
    "services.recovery.from_ledger",
    "services.recovery.from_log",
    "services.up",
    "services.verification.verifying",
    "typer.rich_utils",
)


AGAIN = 3.0
"""Seconds after which a signal is sent again."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where a command runs: variables, the current folder, and where its streams lead.

    A stream is a path, CAPTURED, UNREAD (a pipe that nobody reads, for standard output alone), or None: closed.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = os.devnull
    stdout: str | None = "CAPTURED"
    stderr: str | None = "CAPTURED"
    gone: bool = False
    """Whether the current folder is deleted."""


@dataclass(frozen=True)
class Done:
    """What a command did: its exit code, and what it wrote where that was captured."""

    code: int
    stdout: bytes
    stderr: bytes


class Warm:
    """The process that forks. Its environment is no part of what a command sees."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ours, theirs = os.pipe(), os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER % (HEAVY,), str(ours[0]), str(theirs[1])],
            pass_fds=(ours[0], theirs[1]),
            cwd=TOP,
            stdin=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        self._requests, self._answers = os.fdopen(ours[1], "w", buffering=1), os.fdopen(theirs[0])

    def close(self) -> None:
        self._requests.close()
        self._process.wait(10)
        self._answers.close()

    @contextlib.contextmanager
    def running(self, arguments: Sequence[str], within: Surroundings) -> Iterator[tuple[int, Any]]:
        """Start a command and give its process and what waits for its end."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            paths = [Path(folder, name) for name in ("out", "err")]
            for path in paths:
                path.touch()
            streams = [within.stdin, within.stdout, within.stderr]
            for number, path in enumerate(paths, 1):
                streams[number] = str(path) if streams[number] == "CAPTURED" else streams[number]
            cwd = Path(folder, "cwd")
            cwd.mkdir()
            asked = {"environ": {**within.environ}, "streams": streams, "cwd": str(cwd), "gone": within.gone}
            print(json.dumps({**asked, "arguments": list(arguments)}), file=self._requests)
            child = int(self._answers.readline())

            def done() -> Done:
                return Done(int(self._answers.readline()), *(path.read_bytes() for path in paths))

            yield child, done

    def run(self, arguments: Sequence[str], within: Surroundings) -> Done:
        """Run a command to its end."""
        with self.running(arguments, within) as (_, done):
            finished: Done = done()
            return finished

    def interrupted(self, arguments: Sequence[str], within: Surroundings, number: signal.Signals, when: Any) -> Done:
        """Run a command, send it a signal as soon as `when()` returns, and wait for its end.

        Python hears of a signal between two steps of its own: of one that comes right before it waits for an answer, by
        the next one alone. So it is sent again, as one presses Ctrl-C again.
        """
        with self.running(arguments, within) as (child, done):
            when()
            ended = threading.Event()
            sending = threading.Thread(target=_send, args=(child, number, ended))
            sending.start()
            try:
                finished: Done = done()
            finally:
                ended.set()
                sending.join()
            return finished


def _send(child: int, number: signal.Signals, ended: threading.Event) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)
        while not ended.wait(AGAIN):
            os.kill(child, number)
