"""Commands of `tonghop` as processes of their own that begin ready: what they import is imported once, and forked."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.embedded.process import Process
from tests.fault.eventually import AT_LAST
from tests.fault.stepping import TOP, end_with_the_tests, forking

Waits = Sequence[tuple[str, str, float]]
"""How many seconds a module waits before it looks again, by the name that it has for them."""

_GLANCE: Final = 0.005
_STREAMS: Final = ("stdin", "stdout", "stderr")
_one_at_a_time = threading.Lock()
"""The module multiprocessing looks after all of its children whenever it begins one, and is not made for threads."""


class Forked(Process):
    """A command that is killed, ended and read as one that was begun from nothing; only its beginning is quicker."""

    def start_forked(
        self, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], waits: Waits = ()
    ) -> None:
        """Start `tonghop` with these arguments and return at once."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        streams = (Path(os.devnull), self.log, self.log)
        self._child = _Child(arguments, environ, cwd, streams, waits)  # type: ignore[assignment]


def tonghop(
    *arguments: str, environ: Mapping[str, str], stdin: bytes = b"", cwd: Path = TOP
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with nothing but these variables, as `subprocess.run` does, and give what it said."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in _STREAMS]
        for path in paths:
            path.write_bytes(stdin if path.name == "stdin" else b"")
        code = run(arguments, environ, cwd, paths)
        said = [path.read_text(encoding="utf-8") for path in paths]
        return subprocess.CompletedProcess(arguments, code, *said[1:])


def run(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path, paths: Sequence[Path]) -> int:
    """Run a command to its end with these as its standard streams, and give its code."""
    return _Child(arguments, environ, cwd, paths).wait(AT_LAST)


class _Child:
    """What `subprocess.Popen` is to a Process."""

    def __init__(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        cwd: Path,
        streams: Sequence[Path],
        waits: Waits = (),
    ) -> None:
        given = (arguments, dict(environ), cwd, streams, waits)
        self._process = forking.Process(target=_become, args=given, daemon=True)
        with _one_at_a_time:
            self._process.start()
        self.pid: int = self._process.pid or -1
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            with _one_at_a_time:
                self.returncode = self._process.exitcode
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("tonghop", timeout)
            time.sleep(_GLANCE)
        return code


def _become(
    arguments: Sequence[str], environ: dict[str, str], cwd: Path, streams: Sequence[Path], waits: Waits
) -> None:
    """Be the command, in a session of its own, with its streams in files."""
    end_with_the_tests()
    os.setsid()
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND if number else os.O_RDONLY), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - multiprocessing has closed it
    for module, name, seconds in waits:
        setattr(importlib.import_module(module), name, seconds)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    sys.argv = ["tonghop", *arguments]
    from services.cli.app import main

    main()
