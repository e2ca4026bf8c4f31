"""A rebuild beside the live one, timed from outside, against one GROUP BY of the same facts in the same PostgreSQL."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

import asyncpg

from projections.store.rebuilding.generation import FOLDING, FOLLOWING
from services.embedded.process import Process
from tests.bench.bench import Bench
from tests.bench.figures import Aim, Figure, Floor
from tests.bench.rig import BenchError, Rig

AIM: Final = Aim(ratio_at_most=3)
_LOOK_EVERY: Final = 0.02

# Made beforehand: the floor is the counting of all days of all units alone, by the plainest statement that does it.
_ABOVE = """
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
_GROUP_BY = """
CREATE TEMP TABLE counted AS
SELECT above.upper, fact.day, fact.measure, count(*) AS n
FROM fact JOIN above ON above.unit = fact.unit AND fact.day >= above.since AND fact.day < above.until
GROUP BY 1, 2, 3
"""


async def rebuild(bench: Bench) -> None:
    """Rebuild everything from the ledger and compare it with the live one, which goes on; then switch."""
    await bench.rig.start_missing()
    connection = await bench.rig.connect_database()
    events = await connection.fetchval("SELECT position FROM checkpoint")
    floor = Floor("one GROUP BY of the same facts", await _group_by(connection))
    folded, counted, compared, peak = await _build(bench.rig, connection)
    bench.found(
        Figure(f"rebuild of {events:,} events: deciding and counting", counted, "s", floor, AIM),
        Figure("rebuild: events decided and counted", events / counted, "events/s"),
        Figure("rebuild: deciding alone", folded, "s"),
        Figure("rebuild: counting in sets", counted - folded, "s"),
        Figure("rebuild: every row compared with the live one", compared - counted, "s"),
        Figure("rebuild: peak memory of its process", peak / 2**20, "MiB"),
    )
    switching = time.perf_counter()
    await _run(bench.rig)
    bench.found(Figure("rebuild: compared again and switched", time.perf_counter() - switching, "s"))
    await connection.close()


async def _group_by(connection: asyncpg.Connection) -> float:
    for statement in ("SET work_mem = '128MB'", "SET jit = off", _ABOVE, "ANALYZE above"):
        await connection.execute(statement)
    started = time.perf_counter()
    await connection.execute(_GROUP_BY)
    seconds = time.perf_counter() - started
    await connection.execute("DROP TABLE above, counted")
    return seconds


async def _build(rig: Rig, connection: asyncpg.Connection) -> tuple[float, float, float, int]:
    """Return the seconds after which all was decided, counted and compared, and the most bytes that it held."""
    command, started = _start(rig, "--no-switch"), time.perf_counter()
    folded, counted, peak = 0.0, 0.0, 0
    while command.alive:
        phase = await connection.fetchval("SELECT phase FROM generation")
        seconds = time.perf_counter() - started
        if not folded and phase not in {None, FOLDING}:
            folded = seconds
        if not counted and phase == FOLLOWING:
            counted = seconds
        peak = max(peak, _held(command.pid))
        await asyncio.sleep(_LOOK_EVERY)
    _require_done(command)
    return folded, counted or time.perf_counter() - started, time.perf_counter() - started, peak


async def _run(rig: Rig) -> None:
    command = _start(rig)
    while command.alive:  # noqa: ASYNC110 - another process
        await asyncio.sleep(_LOOK_EVERY)
    _require_done(command)


def _start(rig: Rig, *options: str) -> Process:
    command = Process("rebuild", rig.folder / "logs" / "rebuild.log")
    environ = {**os.environ, **rig.settings.as_environment()}
    command.start([sys.executable, "-m", "services.cli", "rebuild", *options], environ=environ)
    return command


def _require_done(command: Process) -> None:
    if command.exit != "exit code 0":
        raise BenchError(f"the rebuild found differences, or failed ({command.exit}):\n{command.tail()}")


def _held(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
