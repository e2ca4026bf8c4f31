"""Where the time of a round went: processor seconds of each process, wall seconds of each stage and statement."""

import pstats
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Self

import asyncpg
import msgspec
import psutil

FUNCTIONS: Final = 25
_STATEMENTS = """
SELECT regexp_replace(left(query, 300), '\\s+', ' ', 'g') AS query, calls, rows, total_exec_time AS milliseconds
FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%'
ORDER BY total_exec_time DESC LIMIT 12
"""


class Usage(NamedTuple):
    """A reading at a moment; the difference of two tells of the time between them."""

    at: float
    cpu: dict[str, float]
    stages: dict[str, float]

    def __sub__(self, earlier: Self) -> "Usage":
        return Usage(
            self.at - earlier.at,
            {name: seconds - earlier.cpu.get(name, 0) for name, seconds in self.cpu.items()},
            {name: seconds - earlier.stages.get(name, 0) for name, seconds in self.stages.items()},
        )

    def shares(self) -> dict[str, float]:
        """Give each process's and each stage's seconds as a share of the wall's."""
        busy = {f"processor: {name}": seconds for name, seconds in self.cpu.items()}
        busy |= {f"stage: {name}": seconds for name, seconds in self.stages.items()}
        return {name: seconds / self.at for name, seconds in busy.items()}


class Statement(msgspec.Struct, frozen=True):
    """What one statement cost the database, its calls together; a COPY's time includes waiting for its rows."""

    query: str
    calls: int
    rows: int
    milliseconds: float


class Function(msgspec.Struct, frozen=True):
    """Seconds of a function of the projector: its own, and with all that it called."""

    name: str
    calls: int
    own: float
    cumulative: float


def cpu_seconds(pid: int, *, below: bool = True) -> float:
    """Sum user and system time of a process, unless told otherwise with its children, living or waited for."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    total = times.user + times.system
    if below:
        total += times.children_user + times.children_system
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                total += sum(child.cpu_times()[:2])
    return float(total)


def peak_memory(pid: int) -> int:
    """Sum the bytes that a process and those below it have held at the most (Linux, proc(5): VmHWM)."""
    held = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with suppress(psutil.NoSuchProcess, FileNotFoundError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            held += sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    return held


def busy_seconds() -> float:
    """Sum what all processors of the machine have done, for whomever."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


async def forget_statements(connection: asyncpg.Connection) -> None:
    """Count the statements from here on."""
    await connection.execute("SELECT pg_stat_statements_reset()")


async def costliest_statements(connection: asyncpg.Connection) -> list[Statement]:
    """List the statements that took the most time, costliest first."""
    return [Statement(*row) for row in await connection.fetch(_STATEMENTS)]


def costliest_functions(profile: Path) -> list[Function]:
    """List the functions of a profile with the most seconds of their own, costliest first; paths are shortened."""
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, object]]
    stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    found = sorted(stats.items(), key=lambda item: -item[1][2])[:FUNCTIONS]
    return [
        Function(f"{'/'.join(Path(file).parts[-2:])}:{name}", calls, round(own, 3), round(cumulative, 3))
        for (file, _, name), (_, calls, own, cumulative, _) in found
    ]
