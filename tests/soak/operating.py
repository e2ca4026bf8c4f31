"""An operator through a storm: rebuilds with their switch, ways back and verifications, some of them killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count
from random import Random
from typing import Final

from tests.fault.cluster import Cluster, Command

LOOK_EVERY: Final = 0.1
WORK: Final = (
    ("rebuild", ("rebuild", "--throttle", "4000"), 3),
    ("rebuild", ("rebuild",), 3),
    ("back", ("rebuild", "--back"), 2),
    ("verify", ("verify",), 3),
    ("verify --from-log", ("verify", "--from-log"), 2),
)
DONE: Final = "exit code 0"
CANNOT: Final = "exit code 1"
"""A server is away, or there is no generation to go back to. That figures differ is another code: a failure here."""


class Operator:
    """Runs one command after the other; `done` counts how each kind of them ended."""

    def __init__(self, cluster: Cluster, random: Random) -> None:
        self._cluster = cluster
        self._random = random
        self._numbers = count(1)
        self.done: Counter[tuple[str, str]] = Counter()

    async def run(self) -> None:
        """Work until cancelled; raises AssertionError where figures differ or a command ends in any other way."""
        while True:
            kind, arguments, _ = self._random.choices(WORK, [weight for *_, weight in WORK])[0]
            patience = self._random.uniform(0.3, 2.5) if self._random.random() < 0.3 else None
            await self.work(kind, *arguments, patience=patience)
            await asyncio.sleep(self._random.uniform(0, 1.5))

    async def work(self, kind: str, *arguments: str, patience: float | None = None, must: bool = False) -> None:
        """Run one command to its end, or kill it after some seconds; `must`: nothing stands in its way."""
        name, *options = arguments
        command = self._cluster.command(f"{name}-{next(self._numbers)}", *options)
        command.start()
        try:
            how = await self._ended(command, patience)
        finally:
            command.kill()
        said = command.process.log.read_text(errors="replace")
        assert how in ({DONE} if must else {DONE, CANNOT, "killed"}), f"{arguments}: {how}\n{said}"
        assert "Traceback" not in said, f"{arguments}: {how}\n{said}"
        self.done[kind, {DONE: "done", CANNOT: "not done"}.get(how, how)] += 1
        command.process.log.unlink(missing_ok=True)

    async def _ended(self, command: Command, patience: float | None) -> str:
        loop = asyncio.get_running_loop()
        until = None if patience is None else loop.time() + patience
        while command.process.alive:
            if until is not None and loop.time() > until:
                command.kill()
                return "killed"
            await asyncio.sleep(LOOK_EVERY)
        return command.process.exit
