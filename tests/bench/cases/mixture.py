"""The worst mixture of questions, and what a quick one and the health of the service feel of it (decision 0027)."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from services.settings import Address
from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import EMPTY, report, settle, year_to_date
from tests.bench.figures import Aim, quantiles
from tests.bench.rig import BenchError
from tests.bench.world import ROOT

WARM_UP: Final = 3.0
"""Seconds in which the attackers come, before anything is measured."""
EVERY: Final = 0.02
"""Seconds between two questions of one who is held up by none of the others."""
WIDE: Final = 3_000
WIDE_UNIT: Final = "bench-wide"
QUICK_AIM: Final = Aim(at_most=250)
HEALTH_AIM: Final = Aim(at_most=50)

_WIDE: Final = """
WITH made AS (SELECT max(no) AS last FROM unit),
units AS (
    INSERT INTO unit (no, id, established, since, name, level, large, vast)
    SELECT last + n, CASE n WHEN 1 THEN $1 ELSE $1 || '-' || n END, 0, DATE '2000-01-01', 'Đảng bộ rộng ' || n,
        CASE n WHEN 1 THEN 'grassroots' ELSE 'cell' END, n = 1, n = 1
    FROM made, generate_series(1, $2::integer + 1) AS n
    RETURNING no, name, level
),
edges AS (
    INSERT INTO edge
    SELECT units.no, DATE '2000-01-01', 'infinity',
        CASE WHEN units.level = 'cell' THEN made.last + 1 ELSE (SELECT no FROM unit WHERE id = $3) END
    FROM units, made
),
names AS (INSERT INTO unit_name SELECT no, DATE '2000-01-01', 'infinity', name, name FROM units)
INSERT INTO unit_level SELECT no, DATE '2000-01-01', 'infinity', level FROM units
"""
_NARROW: Final = """
WITH gone AS (DELETE FROM unit WHERE id = $1 OR starts_with(id, $1 || '-') RETURNING no),
edges AS (DELETE FROM edge USING gone WHERE edge.unit = gone.no),
names AS (DELETE FROM unit_name USING gone WHERE unit_name.unit = gone.no)
DELETE FROM unit_level USING gone WHERE unit_level.unit = gone.no
"""


async def mixture(bench: Bench) -> None:
    """Ask the worst of all at once, from several clients, while one asks quick questions and one for the health."""
    await bench.rig.start_missing()
    await settle(bench)
    connection = await bench.rig.connect_database()
    await connection.execute(_WIDE, WIDE_UNIT, WIDE, ROOT)
    try:
        quick, health = await _felt(bench, bench.parameters.requests)
        bench.found(*quantiles("mixture: report of a province by month, nobody else asking", quick))
        bench.found(*quantiles("mixture: /healthz, nobody else asking", health))
        async with _attacked(bench):
            await asyncio.sleep(WARM_UP)
            quick, health = await _felt(bench, bench.parameters.requests)
        bench.found(*quantiles("mixture: report of a province by month, under attack", quick, aim=QUICK_AIM))
        bench.found(*quantiles("mixture: /healthz, under attack", health, aim=HEALTH_AIM))
    finally:
        await connection.execute(_NARROW, WIDE_UNIT)
        await connection.close()


async def _felt(bench: Bench, number: int) -> tuple[list[float], list[float]]:
    """Ask quick questions, no two alike, and for the health, each over a connection of its own, side by side."""
    spans = year_to_date(bench.parameters.seed)
    units = iter(bench.world.provinces * (number // len(bench.world.provinces) + 1))
    targets = (report(next(units), span, "month") for span in spans)
    health = (EMPTY for _ in count())
    one, other = await asyncio.gather(
        _timed(bench.rig.settings.http, targets, number), _timed(bench.rig.settings.http, health, number)
    )
    return one, other


async def _timed(address: Address, targets: Iterator[str], number: int) -> list[float]:
    sample = []
    async with Client(address) as client:
        for _ in range(number):
            target = next(targets)
            answer = await client.get(target)
            if answer.status != 200:
                raise BenchError(f"{target} answers {answer.status}: {answer.body[:300]!r}")
            sample.append(answer.seconds)
            await asyncio.sleep(EVERY)
    return sample


@asynccontextmanager
async def _attacked(bench: Bench) -> AsyncIterator[None]:
    """Let a process of its own attack until the block ends: what is measured is the service, not its attackers."""
    command = (sys.executable, "-m", "tests.bench.attacking", str(bench.rig.settings.http), ROOT, WIDE_UNIT)
    pipe = asyncio.subprocess.PIPE
    attackers = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield
    finally:
        told, _ = await attackers.communicate(b"")  # which ends its input
    bench.remarks.append(f"mixture: what the attackers were told meanwhile: {told.decode()}")
