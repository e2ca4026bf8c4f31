"""Reports as known at earlier positions of the log, and why two positions differ, asked over HTTP."""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import Span, ask, report, settle, twenty_years, year_to_date
from tests.bench.figures import Aim, quantiles
from tests.bench.rig import BenchError
from tests.bench.world import HISTORY_FIRST, LAST_DAY, ROOT

MONTH: Final = 95_000
"""Events of a month at national size (domain, Magnitudes: 1,140,000 a year)."""
SHARE: Final = 10
"""A question of the past is worth as many of the others."""
LATELY: Final = Aim(at_most=100)
EVER: Final = Aim(at_most=1000)


class _Report(msgspec.Struct):
    position: int
    total: dict[str, int]


async def position(bench: Bench) -> None:
    """Position: a month back, and where as much came before as since; the root, provinces, and differences to now."""
    await bench.rig.start_missing()
    await settle(bench)
    parameters, random = bench.parameters, Random(bench.parameters.seed)
    number = max(parameters.requests // SHARE, 2)
    async with Client(bench.rig.settings.http) as client:
        now = await _read(client, report(ROOT, (HISTORY_FIRST, LAST_DAY), "none"))
        units = len(bench.world.units)
        lately, ever = max(now.position - MONTH, units), (now.position + units) // 2
        await _require_sound(client, now)
        provinces = bench.world.provinces
        kinds: list[tuple[str, Iterator[str], Aim]] = []
        for when, at, aim in (("a month back", lately, LATELY), ("half way", ever, EVER)):
            for length, spans in (("year", year_to_date), ("20 years", twenty_years)):
                kinds += [
                    (f"root, by child, {length}, {when}", _at(at, ((ROOT, s) for s in spans(parameters.seed))), aim),
                    (
                        f"province, by child, {length}, {when}",
                        _at(at, ((random.choice(provinces), s) for s in spans(parameters.seed))),
                        aim,
                    ),
                ]
            kinds.append((f"difference at the root, {when} and now", _differences(ROOT, at, parameters.seed), aim))
        for name, targets, aim in kinds:
            sample, empty = await ask(client, targets, number)
            bench.found(*quantiles(f"as known then: {name}", sample, ("the empty answer", empty), aim))


async def _require_sound(client: Client, now: _Report) -> None:
    """Hold the total of the last position to that of now. Raises BenchError."""
    then = await _read(client, f"{report(ROOT, (HISTORY_FIRST, LAST_DAY), 'none')}&position={now.position}")
    if then != now:
        raise BenchError(f"as known at the last position {then}, now {now}")


async def _read(client: Client, target: str) -> _Report:
    return msgspec.json.decode((await client.get(target)).body, type=_Report)


def _at(at: int, asked: Iterator[tuple[str, Span]]) -> Iterator[str]:
    return (f"{report(unit, span)}&position={at}" for unit, span in asked)


def _differences(unit: str, at: int, seed: int) -> Iterator[str]:
    return (f"/v1/units/{unit}/difference?from={first}&to={last}&position={at}" for first, last in year_to_date(seed))
