"""One program run as a child: its own session, its output in a file, known again after its parent was killed."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

TAIL_BYTES = 16_384

Stages = Sequence[tuple[signal.Signals, float]]
"""How to end a program: signals to send one after the other, each with the seconds that it gives."""


class ServerError(RuntimeError):
    """A program can't be started; the message says why, with its last log lines, and what to do where that is known."""


class Process:
    """A child in its own session, so that Ctrl-C in a terminal reaches its parent alone.

    `log` is appended to. `record`, where given, is a JSON file `{"pid", "created", "command"}` that lasts as long as
    the child may be running: `stop_recorded` finds it again after the parent was killed.
    """

    def __init__(self, name: str, log: Path, record: Path | None = None) -> None:
        self.name = name
        self.log = log
        self.record = record
        self._child: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        """Start the program and return at once; ServerError where it runs already or can't be executed."""
        if self.alive:
            raise ServerError(f"{self.name} runs already, with pid {self.pid}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            try:
                self._child = subprocess.Popen(  # noqa: S603 - a list of our own
                    command,
                    cwd=cwd,
                    env=environ,
                    user=user,
                    group=group,
                    extra_groups=None if user is None else [],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ServerError(f"{self.name} can't be started: {error}") from error
        if self.record:
            write_record(self.record, self._child.pid, [str(part) for part in command])

    @property
    def pid(self) -> int:
        """The process id of the last start; ServerError before the first."""
        if self._child is None:
            raise ServerError(f"{self.name} was not started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the child runs; one that has ended is reaped by this question."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit(self) -> str:
        """How the child ended, in words."""
        code = self._child.returncode if self._child else None
        if code is None:
            return "running" if self._child else "not started"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def stop(self, stages: Stages) -> None:
        """Send the signals one after the other, each with its seconds to end in; SIGKILL comes after the last."""
        if self._child is not None:
            for number, seconds in (*stages, (signal.SIGKILL, 10.0)):
                if not self.alive:
                    break
                self._child.send_signal(number)
                try:
                    self._child.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        if self.record:
            self.record.unlink(missing_ok=True)

    def tail(self, lines: int = 20) -> str:
        """Give the last lines of the log, or nothing."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return when `ready()` holds; ServerError with the last log lines if the child ends or the time is over.

        A child that doesn't become ready is killed.
        """
        deadline = time.monotonic() + seconds
        try:
            while not ready():
                self._check_start(deadline)
                time.sleep(0.02)
        except BaseException:
            self.stop(())
            raise

    def _check_start(self, deadline: float) -> None:
        if not self.alive:
            raise ServerError(f"{self.name} ended while starting ({self.exit}):\n{self.tail()}")
        if time.monotonic() > deadline:
            raise ServerError(f"{self.name} is not ready in time:\n{self.tail()}")


def write_record(path: Path, pid: int, command: Sequence[str]) -> None:
    """Note which process runs, so that it is known again: a pid alone may by then belong to another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"pid": pid, "created": created, "command": list(command)}))
    partial.replace(path)


def stop_recorded(path: Path, stages: Stages) -> bool:
    """Stop the process that `path` tells of, if it is still the same one; say whether it was. The file is removed."""
    try:
        record = json.loads(path.read_text())
        process = psutil.Process(record["pid"])
        same = bool(abs(process.create_time() - record["created"]) < 1)
    except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
        path.unlink(missing_ok=True)
        return False
    if same:
        end(process, stages)
    path.unlink(missing_ok=True)
    return same


def end(process: psutil.Process, stages: Stages) -> None:
    """Stop a process that isn't our child, as `Process.stop` does."""
    for number, seconds in (*stages, (signal.SIGKILL, 10.0)):
        if not _runs(process):
            return
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        deadline = time.monotonic() + seconds
        while _runs(process) and time.monotonic() < deadline:
            time.sleep(0.02)


def _runs(process: psutil.Process) -> bool:
    # In a container whose first process reaps nothing, an ended orphan stays a zombie for ever.
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
