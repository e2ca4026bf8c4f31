"""A ledger filled by COPY with a hierarchy and facts about it: row by row what the projector would have written."""

import asyncio
import datetime as dt
import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from services.publishing.lines import Line
from tests.bench.reforming import Reform
from tests.bench.world import Facts, World, of_twenty_years

COLUMNS: Final = (*("position", "published_at", "publisher", "id", "type", "subject", "first", "body"),)
PROCESSES: Final = 2
LATE: Final = 15
"""Of a hundred facts so many come after the reform."""
_AT_ONCE: Final = 20_000
_BEGAN: Final = dt.datetime(2003, 12, 1, tzinfo=dt.UTC)


class _Told(msgspec.Struct):
    type: str
    subject: str


def ledger_rows(lines: Iterable[Line], first: int) -> Iterator[tuple[Any, ...]]:
    """Give the rows of events that hold at once, from a position on; what is not among the columns is NULL."""
    told = msgspec.json.Decoder(_Told).decode
    for position, line in enumerate(lines, first):
        said = told(line.body)
        at = _BEGAN + dt.timedelta(seconds=position)
        yield position, at, line.publisher, line.id, said.type, said.subject, True, line.body


class Moments(NamedTuple):
    """Positions of a ledger that was filled: the last of the units, the last before the reform, the last of all."""

    units: int
    before_reform: int
    last: int


async def fill(url: str, units: int, events: int, seed: int) -> tuple[Counter[str], Moments]:
    """Fill an empty ledger with a world, so many facts over twenty years, late among them the reform.

    Return how many facts there are by measure, and the moments. The checkpoint says that all of it is projected, and no
    read model holds any of it yet.
    """
    world = World(units, seed)
    await _copy(url, world.establishments(), 1)
    late = events * LATE // 100
    reform = list(Reform(world).events())
    before = len(world.units) + events - late
    contributions = await _facts(url, (units, seed, 0), len(world.units) + 1, events - late)
    await _copy(url, reform, before + 1)
    contributions += await _facts(url, (units, seed, PROCESSES), before + len(reform) + 1, late, alone=True)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "UPDATE checkpoint SET (position, as_of) = (SELECT position, published_at FROM ledger"
            " ORDER BY position DESC LIMIT 1)"
        )
        await connection.execute("VACUUM (ANALYZE) ledger")
    finally:
        await connection.close()
    return contributions, Moments(len(world.units), before, before + len(reform) + late)


async def _facts(
    url: str, world: tuple[int, int, int], first: int, events: int, *, alone: bool = False
) -> Counter[str]:
    """Fill with facts from a position on, in as many processes as there are; ``world`` is its size, seed and series."""
    units, seed, series = world
    share = -(-events // PROCESSES)
    contributions = Counter[str]()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        parts = [
            _Part(url, units, seed, series + n, max(0, min(share, events - n * share)), first + n * share, alone)
            for n in range(PROCESSES)
        ]
        filling = (loop.run_in_executor(pool, _fill_part, part) for part in parts)
        for made in await asyncio.gather(*filling):
            contributions.update(made)
    return contributions


class _Part(NamedTuple):
    url: str
    units: int
    seed: int
    number: int
    events: int
    first: int
    alone: bool
    """Cells speak for themselves: after the reform a commune may be gone."""


def _fill_part(part: _Part) -> Counter[str]:
    world = World(part.units, part.seed)
    cells = [(cell, cell) for cell, _ in world.cells] if part.alone else None
    facts = Facts(world, part.seed * 1000 + part.number)
    for begun in range(0, part.events, _AT_ONCE):
        number = min(_AT_ONCE, part.events - begun)
        asyncio.run(_copy(part.url, facts.make(number, of_twenty_years, cells), part.first + begun))
    return facts.contributions


async def _copy(url: str, lines: Iterable[Line], first: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("ledger", columns=COLUMNS, records=ledger_rows(lines, first))
    finally:
        await connection.close()
