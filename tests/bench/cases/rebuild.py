"""A rebuild and a verification of a ledger of their own, timed from outside, against one GROUP BY of the same facts."""

import asyncio
import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Final

import asyncpg
import psutil

from projections.store.generations import enter_the_one_in_force
from projections.store.rebuilding.making.generation import FOLDING, FOLLOWING
from services.embedded.process import Process
from services.settings import Settings
from tests.bench.bench import Bench
from tests.bench.figures import Aim, Figure, Floor
from tests.bench.rig import BenchError, Rig
from tests.bench.usage import cpu_seconds

AIM: Final = Aim(ratio_at_most=3)
_LOOK_EVERY: Final = 0.02

# Made beforehand: the floor is the counting of all days of all units alone, by the plainest statement that does it.
_ABOVE: Final = """
CREATE TEMP TABLE above AS
WITH RECURSIVE up AS (
    SELECT unit, since, until, parent AS upper FROM edge WHERE parent IS NOT NULL
    UNION ALL
    SELECT up.unit, greatest(up.since, edge.since), least(up.until, edge.until), edge.parent
    FROM up JOIN edge ON edge.unit = up.upper AND edge.since < up.until AND edge.until > up.since
    WHERE edge.parent IS NOT NULL
)
SELECT * FROM up
"""
_GROUP_BY: Final = """
CREATE TEMP TABLE counted AS
SELECT above.upper, fact.day, fact.measure, count(*) AS n
FROM fact JOIN above ON above.unit = fact.unit AND fact.day >= above.since AND fact.day < above.until
GROUP BY 1, 2, 3
"""
_ONE_LEVEL: Final = """
CREATE TEMP TABLE counted AS SELECT unit, day, measure, count(*) AS n FROM fact GROUP BY 1, 2, 3
"""


async def rebuild(bench: Bench) -> None:
    """Rebuild everything from a ledger and compare it with what is in force, then switch; verify it."""
    assert bench.filled is not None, "the case before fills it"
    settings = bench.filled.settings
    connection = await asyncpg.connect(settings.database_url)
    await enter_the_one_in_force(connection)
    events = await connection.fetchval("SELECT position FROM checkpoint")
    floor, busy = await _timed(bench.rig, connection, _ABOVE, _GROUP_BY)
    plain, _ = await _timed(bench.rig, connection, "", _ONE_LEVEL)
    before = cpu_seconds(bench.rig.postgres.pid)
    built = await _build(bench.rig, settings, connection)
    used = built.busy + cpu_seconds(bench.rig.postgres.pid) - before
    counted = built.counted
    bench.found(
        Figure(f"rebuild of {events:,} events: deciding and counting", counted, "s", _floor(_LEVELS, floor), AIM),
        Figure("rebuild: the same against one level", counted, "s", _floor(_LEVEL, plain)),
        Figure("rebuild: processor time, comparing included", used, "s", _floor(f"processor time of {_LEVELS}", busy)),
        Figure("rebuild: events decided and counted", events / counted, "events/s"),
        Figure("rebuild: deciding alone", built.folded, "s"),
        Figure("rebuild: counting in sets", counted - built.folded, "s"),
        Figure("rebuild: every row compared with what is in force", built.compared - counted, "s"),
        Figure("rebuild: peak memory of its processes", built.peak / 2**20, "MiB"),
    )
    bench.found(Figure("rebuild: compared again and switched", await _run(bench.rig, settings, "rebuild"), "s"))
    bench.found(Figure("verify", await _run(bench.rig, settings, "verify"), "s"))
    await connection.close()


_LEVELS: Final = "one GROUP BY of the same facts, all levels"
_LEVEL: Final = "one GROUP BY of the same facts, one level"


def _floor(name: str, value: float) -> Floor:
    return Floor(name, value)


async def _timed(rig: Rig, connection: asyncpg.Connection, before: str, statement: str) -> tuple[float, float]:
    """Run a statement with the memory that a rebuild takes; give its seconds, and those of PostgreSQL's processors."""
    await connection.execute("SET work_mem = '128MB'; SET jit = off")
    if before:
        await connection.execute(before)
        await connection.execute("ANALYZE above")
    busy, started = cpu_seconds(rig.postgres.pid), time.perf_counter()
    await connection.execute(statement)
    seconds, busy = time.perf_counter() - started, cpu_seconds(rig.postgres.pid) - busy
    await connection.execute("DROP TABLE IF EXISTS above, counted")
    return seconds, busy


@dataclasses.dataclass(slots=True)
class _Built:
    """The seconds after which all was decided, counted and compared; bytes at the most, seconds of processors."""

    folded: float = 0.0
    counted: float = 0.0
    compared: float = 0.0
    peak: int = 0
    busy: float = 0.0


async def _build(rig: Rig, settings: Settings, connection: asyncpg.Connection) -> _Built:
    command, started = _start(rig, settings, "rebuild", "--no-switch"), time.perf_counter()
    built = _Built()
    held: dict[int, int] = {}
    busy: dict[int, float] = {}
    while command.alive:
        phase = await connection.fetchval("SELECT phase FROM generation")
        seconds = time.perf_counter() - started
        if not built.folded and phase not in {None, FOLDING}:
            built.folded = seconds
        if not built.counted and phase == FOLLOWING:
            built.counted = seconds
        _note(command.pid, held, busy)
        await asyncio.sleep(_LOOK_EVERY)
    _require_done(command)
    built.compared = time.perf_counter() - started
    built.counted = built.counted or built.compared
    built.peak, built.busy = sum(held.values()), sum(busy.values())
    return built


def _note(pid: int, held: dict[int, int], busy: dict[int, float]) -> None:
    """Note the most memory (Linux, proc(5): VmHWM) and the processor time of a process and of those below it."""
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in processes:
            status = Path(f"/proc/{process.pid}/status").read_text()
            lines = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")]
            held[process.pid] = max(held.get(process.pid, 0), *lines, 0)
            times = process.cpu_times()
            busy[process.pid] = times.user + times.system
    except (psutil.NoSuchProcess, OSError):
        return


async def _run(rig: Rig, settings: Settings, what: str) -> float:
    command, started = _start(rig, settings, what), time.perf_counter()
    while command.alive:  # noqa: ASYNC110 - another process
        await asyncio.sleep(_LOOK_EVERY)
    _require_done(command)
    return time.perf_counter() - started


def _start(rig: Rig, settings: Settings, *words: str) -> Process:
    command = Process(words[0], rig.folder / "logs" / f"{words[0]}.log")
    environ = {**os.environ, **settings.as_environment()}
    command.start([sys.executable, "-m", "services.cli", *words], environ=environ)
    return command


def _require_done(command: Process) -> None:
    if command.exit != "exit code 0":
        raise BenchError(f"the command found differences, or failed ({command.exit}):\n{command.tail()}")
