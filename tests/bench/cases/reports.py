"""Questions over HTTP: reports and drill-down at several levels, each beside the empty answer of the same server."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import product
from random import Random
from typing import Final

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.figures import Aim, quantiles
from tests.bench.rig import BenchError
from tests.bench.world import HISTORY_FIRST, LAST_DAY, ROOT, YEAR_FIRST

EMPTY: Final = "/healthz"
WARM_UP: Final = 20
VARIED: Final = 40
"""Days by which each end of a range varies: 1600 ranges, no two questions of a kind alike, so that no cache helps."""

SPLIT: Final = "split=sex,ethnicity,age_band,education,occupation"

Span = tuple[dt.date, dt.date]


def year_to_date(seed: int) -> Iterator[Span]:
    """Give ranges from the first days of the year to the last days before today, in a random order, over and over."""
    return _varied(YEAR_FIRST, LAST_DAY, seed)


def months_to_date(seed: int) -> Iterator[Span]:
    """Give ranges of whole months of the last years: those of which a reader has breakdowns."""
    random = Random(seed)
    while True:
        first = dt.date(LAST_DAY.year - random.randrange(3), random.randint(1, 6), 1)
        yield first, dt.date(first.year, random.randint(8, 10) + 1, 1) - dt.timedelta(1)


def twenty_years(seed: int) -> Iterator[Span]:
    """Give ranges of about twenty years, likewise."""
    return _varied(HISTORY_FIRST, LAST_DAY, seed)


def root_by_child(spans: Iterable[Span]) -> Iterator[str]:
    """Ask for the root's report by child, the default measures."""
    return (report(ROOT, span) for span in spans)


def report(unit: str, span: Span, by: str = "child", basis: str = "as-was") -> str:
    """Write the question for a report."""
    return f"/v1/units/{unit}/report?from={span[0]}&to={span[1]}&by={by}&basis={basis}"


def asked(unit: str, span: Span, more: str) -> str:
    """Write the question for a report by child that asks for more."""
    return f"{report(unit, span)}&{more}"


def drill_down(unit: str, span: Span) -> str:
    """Write the question for the first page of the events under a number."""
    return f"/v1/units/{unit}/events?measure=admissions&from={span[0]}&to={span[1]}"


async def reports(bench: Bench) -> None:
    """Report and drill down: one client, keep-alive, the empty answer asked for in turn with each question."""
    await bench.rig.start_missing()
    await settle(bench)
    seed = bench.parameters.seed
    random = Random(seed)
    world = bench.world
    kinds: list[tuple[str, Iterator[str], Aim | None]] = [
        ("root, by child, year", root_by_child(year_to_date(seed)), Aim(at_most=5)),
        ("root, by child, 20 years", root_by_child(twenty_years(seed)), Aim(at_most=8)),
        ("province, by child, year", (report(random.choice(world.provinces), s) for s in year_to_date(seed)), None),
        ("province, by child, 20 years", (report(random.choice(world.provinces), s) for s in twenty_years(seed)), None),
        ("root, by month, year", (report(ROOT, s, "month") for s in year_to_date(seed)), None),
        ("root, by level:upper, year", (report(ROOT, s, "level:upper") for s in year_to_date(seed)), Aim(at_most=20)),
        ("root, by facet:sex, year", (report(ROOT, s, "facet:sex") for s in year_to_date(seed)), Aim(at_most=10)),
        (
            "root, by facet:occupation, 20 years",
            (report(ROOT, s, "facet:occupation") for s in twenty_years(seed)),
            Aim(at_most=10),
        ),
        (
            "root, by facet:sex,age_band, 20 years",
            (report(ROOT, s, "facet:sex,age_band") for s in twenty_years(seed)),
            Aim(at_most=50),
        ),
        ("root, by child, two years compared", (asked(ROOT, s, "compare=last-year") for s in year_to_date(seed)), None),
        ("root, by child, split of five, months", (asked(ROOT, s, SPLIT) for s in months_to_date(seed)), None),
        (
            "province, by child, months",
            (report(random.choice(world.provinces), s) for s in months_to_date(seed)),
            None,
        ),
        (
            "province, by child, split of five, months",
            (asked(random.choice(world.provinces), s, SPLIT) for s in months_to_date(seed)),
            None,
        ),
        ("cell, by child, 20 years", (report(random.choice(world.cells)[0], s) for s in twenty_years(seed)), None),
        ("drill-down page, root, year", (drill_down(ROOT, s) for s in year_to_date(seed)), None),
        (
            "drill-down page, province, year",
            (drill_down(random.choice(world.provinces), s) for s in year_to_date(seed)),
            Aim(at_most=10),
        ),
        (
            "drill-down page, cell, 20 years",
            (drill_down(random.choice(world.cells)[0], s) for s in twenty_years(seed)),
            None,
        ),
    ]
    async with Client(bench.rig.settings.http) as client:
        for name, targets, aim in kinds:
            sample, empty = await ask(client, targets, bench.parameters.requests)
            bench.found(*quantiles(f"report: {name}", sample, ("the empty answer", empty), aim))


async def ask(
    client: Client, targets: Iterator[str], number: int, warm_up: int = WARM_UP
) -> tuple[list[float], list[float]]:
    """Ask `number` different questions, each followed by the empty one; what warms up is left out."""
    sample, empty = [], []
    warm_up = min(warm_up, number)
    for index in range(warm_up + number):
        target = next(targets)
        answer, nothing = await client.get(target), await client.get(EMPTY)
        if answer.status != 200 or nothing.status != 200:
            raise BenchError(f"{target} answers {answer.status}: {answer.body[:300]!r}")
        if index >= warm_up:
            sample.append(answer.seconds)
            empty.append(nothing.seconds)
    return sample, empty


async def settle(bench: Bench) -> None:
    """Do what autovacuum and the checkpointer have done in any service that has stood for some minutes."""
    connection = await bench.rig.connect_database()
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
    await connection.close()


def _varied(first: dt.date, last: dt.date, seed: int) -> Iterator[Span]:
    pairs = list(product(range(VARIED), repeat=2))
    Random(seed).shuffle(pairs)
    while True:
        for late, early in pairs:
            yield first + dt.timedelta(days=late), last - dt.timedelta(days=early)
