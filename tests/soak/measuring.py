"""How much memory each process of the service holds, sampled while it runs."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final, NamedTuple

import psutil

from tests.fault.cluster import PARTS, Cluster

EVERY: Final = 2.0
MB: Final = 1 << 20


class Sample(NamedTuple):
    """Megabytes of a part at a moment: its own (of PostgreSQL all its processes, what they share counted once)."""

    seconds: float
    part: str
    pid: int
    megabytes: float


class Memory:
    """Samples all parts until it is cancelled."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._began = time.monotonic()
        self.samples: list[Sample] = []

    async def run(self) -> None:
        while True:
            for part in PARTS:
                with suppress(psutil.Error):
                    pid = self._cluster.pid_of(part)
                    megabytes = await asyncio.to_thread(_megabytes, pid)
                    self.samples.append(Sample(time.monotonic() - self._began, part, pid, megabytes))
            await asyncio.sleep(EVERY)

    def longest_life(self, part: str) -> list[Sample]:
        """Give the samples of the process of this part that lived longest."""
        lives: dict[int, list[Sample]] = {}
        for sample in self.samples:
            if sample.part == part:
                lives.setdefault(sample.pid, []).append(sample)
        return max(lives.values(), key=len, default=[])


def _megabytes(pid: int) -> float:
    total = 0.0
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_full_info().pss / MB
    return total
