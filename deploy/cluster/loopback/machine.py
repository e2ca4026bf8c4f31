"""One machine of a cluster: its processes can be started, ended, killed, frozen and cut off, as if it were one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from deploy.cluster.loopback import cutting
from deploy.cluster.loopback.whose import processes
from services.embedded.owner import Identity
from services.embedded.process import Process, Stages

READY_WITHIN: Final = 120.0
_POSTMASTER: Final = "data/postmaster.pid"


@dataclass(frozen=True)
class Program:
    """What runs on a machine, as whom, and how it is ended."""

    command: Sequence[str | Path]
    environ: Mapping[str, str]
    ready: Callable[[], bool]
    """Whether what was started can be used."""
    identity: Identity = field(default_factory=Identity)
    stages: Stages = ((signal.SIGTERM, 20.0),)


class Machine:
    """One machine. Whatever works in its folder belongs to it: Patroni's PostgreSQL too, whoever is its parent.

    All of it blocks: from a coroutine it is called in a thread.
    """

    def __init__(self, name: str, place: Path, run: Path, log: Path, program: Program) -> None:
        self.name = name
        self.place = place
        self._run = run
        self._program = program
        self._process = Process(name, log, run / f"{name}.json")
        self.wanted = False
        """Whether it is meant to run: one that was killed or ended here is not."""

    @property
    def pid(self) -> int:
        """The process id of the first process of the last start, which leads its group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its first process runs; one that is frozen does."""
        return self._process.alive

    @property
    def exit(self) -> str:
        """How its first process ended, in words."""
        return self._process.exit

    @property
    def log(self) -> Path:
        """The file with what its processes say."""
        return self._process.log

    def tail(self, lines: int = 40) -> str:
        """Give the last lines that it has said."""
        return self._process.tail(lines)

    def ready(self) -> bool:
        """Tell whether it can be used now."""
        return self.alive and self._program.ready()

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it can be used unless told otherwise. Raises ServerError."""
        self.wanted = True
        program = self._program
        self._process.start(
            program.command,
            cwd=self.place,
            environ=program.environ,
            user=program.identity.user,
            group=program.identity.group,
        )
        if wait:
            self.wait()

    def wait(self, seconds: float = READY_WITHIN) -> None:
        """Wait until it can be used. Raises ServerError with its last lines where it doesn't become so."""
        self._process.wait_until(self._program.ready, seconds)

    def kill(self) -> None:
        """Take its power away: SIGKILL for all of its processes, and nothing of it runs when this returns."""
        self.wanted = False
        for process in self._all():  # Patroni is the oldest: it starts nothing any more
            _send(process, signal.SIGKILL)
        self._process.stop(())
        while left := processes(self.place):
            for process in left:
                _send(process, signal.SIGKILL)
            psutil.wait_procs(left, timeout=1)
            if all(process.status() == psutil.STATUS_ZOMBIE for process in left if process.is_running()):
                break
        # PostgreSQL takes any process that has this number by then for another server on the same data.
        (self.place / _POSTMASTER).unlink(missing_ok=True)

    def stop(self) -> None:
        """Freeze it: SIGSTOP for all of its processes, which answer nothing and keep their connections."""
        for process in self._all():
            _send(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on: SIGCONT."""
        for process in self._all():
            _send(process, signal.SIGCONT)

    def end(self) -> None:
        """End it as an operator would, and wait until nothing of it runs."""
        self.wanted = False
        self.resume()
        self._process.stop(self._program.stages)
        if processes(self.place):
            self.kill()

    def restart(self) -> None:
        """End it as an operator would, and start it again."""
        self.end()
        self.start()

    def cut(self) -> None:
        """Cut it off: it hears no other machine and no client, and none hears it. Its processes go on."""
        self._tell("cut")

    def mend(self) -> None:
        """Join it again."""
        self._tell("mend")

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Cut it off for as long as this lasts."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def _tell(self, word: str) -> None:
        answer = cutting.tell(self._run, f"{word} {self.name}")
        if answer != "ok":
            raise RuntimeError(f"{word} {self.name}: {answer}")

    def _all(self) -> list[psutil.Process]:
        found = processes(self.place)
        with suppress(psutil.Error):
            if self.alive and self.pid not in {process.pid for process in found}:  # it is just being started
                found.insert(0, psutil.Process(self.pid))
        return found


def end_left_over(places: Sequence[Path], patience: float = 20.0) -> list[str]:
    """End what a killed runner has left running in these folders; name the machines of which there was any."""
    left = {place.name: found for place in places if (found := processes(place))}
    every = [process for found in left.values() for process in found]
    for process in every:
        _send(process, signal.SIGCONT)
        _send(process, signal.SIGINT if process.info["name"] == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + patience
    while (still := [one for place in places for one in processes(place)]) and time.monotonic() < deadline:
        psutil.wait_procs(still, timeout=0.2)
    for process in still:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(still, timeout=5)
    for place in places:
        (place / _POSTMASTER).unlink(missing_ok=True)
    return list(left)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        os.kill(process.pid, number)
