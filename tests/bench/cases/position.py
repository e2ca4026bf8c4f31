"""Reports as known at earlier positions of the log, and why two positions differ, asked over HTTP: alone, several."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Final

import msgspec

from services.settings import Address
from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.filled import asked
from tests.bench.cases.reports import Span, ask, report, twenty_years, year_to_date
from tests.bench.figures import Aim, Figure, quantiles
from tests.bench.filling import Moments
from tests.bench.reforming import Reform
from tests.bench.rig import BenchError
from tests.bench.usage import peak_memory
from tests.bench.world import HISTORY_FIRST, LAST_DAY, ROOT

MONTH: Final = 95_000
"""Events of a month at national size (domain, Magnitudes: 1,140,000 a year)."""
SHARE: Final = 20
"""A question of the past is worth as many of the others."""
WARM_UP: Final = 4
"""So that each process that answers slow questions has begun, and has the tree."""
LATELY: Final = Aim(at_most=100)
EVER: Final = Aim(at_most=1000)
AT_ONCE: Final = 4
"""Clients that ask at once. Two questions are worked on at a time: a client has its answer after two of these."""
TOGETHER: Final = Aim(at_most=2000)
HELD: Final = Aim(at_most=1000)
"""MB of all processes of the API together."""


class _Report(msgspec.Struct):
    position: int
    total: dict[str, int]


async def position(bench: Bench) -> None:
    """Position: a month back, half way, before the reform; root, provinces, differences to now; several at once."""
    assert bench.filled is not None, "the case before fills it"
    moments, seed = bench.filled.moments, bench.parameters.seed
    number = max(bench.parameters.requests // SHARE, 2)
    provinces = Reform(bench.world).kept
    async with asked(bench) as (process, settings):
        async with Client(settings.http) as client:
            await _require_sound(client)
            for name, targets, aim in _kinds(moments, provinces, seed):
                sample, empty = await ask(client, targets, number, WARM_UP)
                bench.found(*quantiles(f"as known then: {name}", sample, ("the empty answer", empty), aim))
        together = await _at_once(settings.http, moments, provinces, seed, number)
        bench.found(*quantiles(f"as known then: {AT_ONCE} clients, any positions", together, aim=TOGETHER))
        held = peak_memory(process.pid) / 2**20
        bench.found(Figure("as known then: most memory of the API's processes", held, "MB", aim=HELD))


def _kinds(moments: Moments, provinces: Sequence[str], seed: int) -> Iterator[tuple[str, Iterator[str], Aim]]:
    random = Random(seed)
    for when, (at, aim) in _positions(moments).items():
        for length, spans in (("year", year_to_date), ("20 years", twenty_years)):
            yield f"root, by child, {length}, {when}", _at(at, ((ROOT, s) for s in spans(seed))), aim
            of_provinces = ((random.choice(provinces), s) for s in spans(seed))
            yield f"province, by child, {length}, {when}", _at(at, of_provinces), aim
        yield f"difference at the root, {when} and now", _differences(ROOT, at, seed), aim


def _positions(moments: Moments) -> dict[str, tuple[int, Aim]]:
    """Return the positions asked for, with what is aimed at; a month is less where there is less of the log."""
    month = min(MONTH, (moments.last - moments.before_reform) // 2)
    return {
        "a month back": (moments.last - month, LATELY),
        "before the reform": (moments.before_reform, EVER),
        "half way": ((moments.last + moments.units) // 2, EVER),
    }


async def _at_once(address: Address, moments: Moments, provinces: Sequence[str], seed: int, number: int) -> list[float]:
    """Let several clients ask for reports of the root and of provinces, each time at another position."""

    async def one(extra: int) -> list[float]:
        random = Random(seed + extra)
        questions = (
            f"{report(random.choice((ROOT, random.choice(provinces))), span)}"
            f"&position={random.randint(moments.units, moments.last)}"
            for span in twenty_years(seed + extra)
        )
        seconds = []
        async with Client(address) as client:
            for question in islice(questions, number):
                answer = await client.get(question)
                if answer.status != 200:
                    raise BenchError(f"{question} answers {answer.status}: {answer.body[:300]!r}")
                seconds.append(answer.seconds)
        return seconds

    samples = await asyncio.gather(*map(one, range(AT_ONCE)))
    return [seconds for sample in samples for seconds in sample]


async def _require_sound(client: Client) -> None:
    """Hold the total of the last position to that of now. Raises BenchError."""
    asked_now = report(ROOT, (HISTORY_FIRST, LAST_DAY), "none")
    now = await _read(client, asked_now)
    then = await _read(client, f"{asked_now}&position={now.position}")
    if then != now:
        raise BenchError(f"as known at the last position {then}, now {now}")


async def _read(client: Client, target: str) -> _Report:
    return msgspec.json.decode((await client.get(target)).body, type=_Report)


def _at(at: int, asked_of: Iterator[tuple[str, Span]]) -> Iterator[str]:
    return (f"{report(unit, span)}&position={at}" for unit, span in asked_of)


def _differences(unit: str, at: int, seed: int) -> Iterator[str]:
    return (f"/v1/units/{unit}/difference?from={first}&to={last}&position={at}" for first, last in year_to_date(seed))
