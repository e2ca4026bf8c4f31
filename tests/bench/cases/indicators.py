"""Indicators over HTTP: targets, declared figures and rates of the root and of provinces, and targets handed down."""

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import ask, settle
from tests.bench.catching_up import listening, publish
from tests.bench.figures import Aim, quantiles
from tests.bench.plans import YEARS, Plans
from tests.bench.rig import BenchError
from tests.bench.world import LAST_DAY, ROOT

SHARE: Final = 4
"""A question about all that was handed down is worth as many of the others."""


class _Targets(msgspec.Struct):
    targets: list[msgspec.Raw]
    figures: list[msgspec.Raw]


async def indicators(bench: Bench) -> None:
    """Ask for indicators: targets of twenty years beside the figures declared already, as of the days of two years."""
    plans, parameters = Plans(bench.world, bench.parameters.seed + 1), bench.parameters
    await bench.rig.start_missing()
    async with listening(bench.rig) as commits:
        await commits.reach((await publish(bench.rig, plans.targets())).last)
    await settle(bench)
    random, aim = Random(parameters.seed), Aim(at_most=20)
    provinces = bench.world.provinces
    kinds = {
        "root": ((_of(ROOT, on) for on in _days(random)), aim, parameters.requests),
        "province": ((_of(random.choice(provinces), on) for on in _days(random)), aim, parameters.requests),
        "root, as-now": ((f"{_of(ROOT, on)}&basis=as-now" for on in _days(random)), None, parameters.requests),
        "root, targets by child": (
            (_of(ROOT, on, "targets") for on in _days(random)),
            None,
            max(parameters.requests // SHARE, 2),
        ),
    }
    async with Client(bench.rig.settings.http) as client:
        await _check(client)
        for name, (targets, wanted, number) in kinds.items():
            sample, empty = await ask(client, targets, number)
            bench.found(*quantiles(f"indicators: {name}", sample, ("the empty answer", empty), wanted))


async def _check(client: Client) -> None:
    """Hold how many targets and figures the root has against what was published. Raises BenchError."""
    found = msgspec.json.decode((await client.get(_of(ROOT, LAST_DAY))).body, type=_Targets)
    if len(found.targets) != len(YEARS) + 2 or not found.figures:  # a year each, this one, and the term
        raise BenchError(f"{len(found.targets)} targets and {len(found.figures)} figures of the root")


def _days(random: Random) -> Iterator[dt.date]:
    """Give days of the last two years, no two in a row alike, so that no cache helps."""
    while True:
        yield LAST_DAY - dt.timedelta(days=random.randrange(700))


def _of(unit: str, on: dt.date, what: str = "indicators") -> str:
    return f"/v1/units/{unit}/{what}?on={on}"
