"""Who said nothing, asked over HTTP while a good part of the cells declares: the whole country, and a province."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Final

import msgspec

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import Span, ask, settle, year_to_date
from tests.bench.catching_up import listening, publish
from tests.bench.figures import Aim, Figure, quantiles
from tests.bench.plans import Plans
from tests.bench.rig import BenchError
from tests.bench.world import HISTORY_FIRST, LAST_DAY, ROOT, YEAR_FIRST

SHARE: Final = 10
"""A question over the whole country is worth as many of the others."""
WARM_UP: Final = 4
HIGHER: Final = ("central", "province", "upper")
_AIMS: Final = {
    **dict.fromkeys(
        ("root, cells, year", "root, cells, month", "root, cells, days that cut two months", "province, cells, year"),
        Aim(at_most=100),
    ),
    "root, all levels, year": Aim(at_most=200),
}
"""The issue's: at the root over cells, and over all levels."""
_AT_ONCE: Final = 4


class _List(msgspec.Struct):
    count: int


class _Answer(msgspec.Struct):
    asked: int
    silent: _List
    declared_zero: _List
    admitted_nobody: _List


async def silence(bench: Bench) -> None:
    """Silence: cells declare, then the root and provinces ask who said nothing."""
    plans, parameters = Plans(bench.world, bench.parameters.seed), bench.parameters
    await bench.rig.start_missing()
    async with listening(bench.rig) as commits:
        await commits.reach((await publish(bench.rig, plans.figures(HIGHER))).last)
        declared = await publish(bench.rig, plans.totals(parameters.declared))
        await commits.reach(declared.last)
    await settle(bench)
    number = max(parameters.requests // SHARE, 2)
    random = Random(parameters.seed)
    kinds = {
        "root, cells, year": (silence_of(ROOT, span) for span in year_to_date(parameters.seed)),
        "root, cells, month": (silence_of(ROOT, span) for span in _month()),
        "root, cells, days that cut two months": (silence_of(ROOT, span) for span in _cutting()),
        "root, all levels, year": (silence_of(ROOT, span, "") for span in year_to_date(parameters.seed)),
        "root, all levels, 20 years": (silence_of(ROOT, span, "") for span in _twenty_years()),
        "province, cells, year": (
            silence_of(random.choice(bench.world.provinces), span) for span in year_to_date(parameters.seed)
        ),
        "commune, all levels, year": (
            silence_of(random.choice(bench.world.cells)[1], span, "") for span in year_to_date(parameters.seed)
        ),
    }
    async with Client(bench.rig.settings.http) as client:
        found = await _check(client, bench)
        bench.found(
            Figure("silence: cells looked at", found.asked, "cells"),
            Figure("silence: cells that said nothing this year", found.silent.count, "cells"),
            Figure("silence: cells that declared zero", found.declared_zero.count, "cells"),
        )
        for name, targets in kinds.items():
            sample, empty = await ask(client, targets, number, WARM_UP)
            bench.found(*quantiles(f"silence: {name}", sample, ("the empty answer", empty), _AIMS.get(name)))
    bench.found(*quantiles("silence: root, cells, year, four at once", await _at_once(bench, number)))


async def _check(client: Client, bench: Bench) -> _Answer:
    """Ask for the year, and hold what can be known against what was published. Raises BenchError."""
    answer = msgspec.json.decode((await client.get(silence_of(ROOT, (YEAR_FIRST, LAST_DAY)))).body, type=_Answer)
    spoken = min(bench.parameters.declared, len(bench.world.cells))
    silent, zero, nobody = answer.silent.count, answer.declared_zero.count, answer.admitted_nobody.count
    if answer.asked != len(bench.world.cells) or not 0 < zero < spoken or not silent <= nobody <= answer.asked:
        raise BenchError(f"of {len(bench.world.cells)} cells, {spoken} of which declared: {answer}")
    return answer


async def _at_once(bench: Bench, number: int) -> list[float]:
    """Let several clients ask the root, each for another year to date."""

    async def one(seed: int) -> list[float]:
        async with Client(bench.rig.settings.http) as client:
            targets = (silence_of(ROOT, span) for span in year_to_date(seed))
            return [(await client.get(target)).seconds for target in islice(targets, number)]

    samples = await asyncio.gather(*(one(bench.parameters.seed + extra) for extra in range(_AT_ONCE)))
    return [seconds for sample in samples for seconds in sample]


def silence_of(unit: str, span: Span, level: str = "cell") -> str:
    """Write the question for who said nothing; of all levels where none is named."""
    return f"/v1/units/{unit}/silence?from={span[0]}&to={span[1]}" + (f"&level={level}" if level else "")


def _cutting() -> Iterator[Span]:
    """Give five weeks that begin and end within a month, over and over."""
    while True:
        yield from (
            (LAST_DAY - dt.timedelta(weeks=back + 5), LAST_DAY - dt.timedelta(weeks=back)) for back in range(40)
        )


def _twenty_years() -> Iterator[Span]:
    """Give all days up to one of the last, over and over."""
    while True:
        yield from ((HISTORY_FIRST, LAST_DAY - dt.timedelta(days=back)) for back in range(40))


def _month() -> Iterator[Span]:
    """Give the last month up to each of its days, over and over."""
    first = LAST_DAY.replace(day=1)
    while True:
        yield from ((first, first.replace(day=day)) for day in range(LAST_DAY.day, 0, -1))
