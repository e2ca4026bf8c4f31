"""Backlogs: the units, then facts over twenty years, then recent ones on their own and while somebody reads."""

import asyncio
from contextlib import suppress

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.floors import COPY, PUSH, PUSH_COST
from tests.bench.cases.reports import root_by_child, year_to_date
from tests.bench.catching_up import catch_up, publish
from tests.bench.figures import Aim, Figure, quantiles
from tests.bench.usage import costliest_statements, forget_statements
from tests.bench.world import of_twenty_years, recent

LIVE = "live, recent days"
AIM = Aim(at_least=38_000)


async def establishing(bench: Bench) -> None:
    """Units: the whole hierarchy as a backlog."""
    bench.backlogs["units"] = await publish(bench.rig, bench.world.establishments())
    caught_up = await catch_up(bench.rig, bench.backlogs["units"])
    bench.rig.stop_projector()
    bench.found(
        Figure("units in the hierarchy", len(bench.world.units), "units"),
        Figure("units established", caught_up.rate, "events/s"),
    )
    bench.shares["units established"] = caught_up.usage.shares()


async def history(bench: Bench) -> None:
    """History: facts on the days of twenty years, each as likely."""
    backlog = bench.backlogs["history"] = await publish(
        bench.rig, bench.facts.make(bench.parameters.events, of_twenty_years)
    )
    caught_up = await catch_up(bench.rig, backlog)
    bench.rig.stop_projector()
    bench.found(
        Figure("made and published in atomic batches", backlog.rate, "events/s"),
        Figure("from the projector's start to its first commit, all units loaded", caught_up.starting, "s"),
        Figure("live, days of 20 years", caught_up.rate, "events/s", bench.floor(PUSH)),
    )
    bench.shares["live, days of 20 years"] = caught_up.usage.shares()


async def quiet(bench: Bench) -> None:
    """Live: recent facts, nobody reads."""
    backlog = bench.backlogs["quiet"] = await publish(bench.rig, bench.facts.make(bench.parameters.events, recent))
    connection = await bench.rig.connect_database()
    await forget_statements(connection)
    caught_up = await catch_up(bench.rig, backlog)
    bench.rig.stop_projector()
    bench.statements[LIVE] = await costliest_statements(connection)
    await connection.close()
    bench.found(
        Figure(LIVE, caught_up.rate, "events/s", bench.floor(PUSH), AIM),
        Figure(
            "processor time of the projector", caught_up.microseconds("projector"), "µs/event", bench.floor(PUSH_COST)
        ),
        Figure("processor time of PostgreSQL", caught_up.microseconds("postgres"), "µs/event", bench.floor(PUSH_COST)),
    )
    bench.shares[LIVE] = caught_up.usage.shares()


async def loaded(bench: Bench) -> None:
    """Live while it is read: recent facts, and one client that asks for the root's report without a pause.

    Projector and API are left running.
    """
    backlog = bench.backlogs["loaded"] = await publish(bench.rig, bench.facts.make(bench.parameters.events, recent))
    await bench.rig.start_api()
    sample: list[float] = []
    reading = asyncio.create_task(_read(bench, sample))
    try:
        caught_up = await catch_up(bench.rig, backlog)
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    name = "live, recent days, while a client reads"
    bench.found(Figure(name, caught_up.rate, "events/s", bench.floor(LIVE)))
    bench.found(*quantiles("report: root, child, year, while the projector catches up", sample))
    bench.shares[name] = caught_up.usage.shares()


async def against_copy(bench: Bench) -> None:
    """Hold the live rate against the COPY of its ledger rows alone."""
    live = bench.floor(LIVE)
    bench.found(Figure(f"{LIVE}, against COPY", live.value if live else None, "events/s", bench.floor(COPY)))


async def memory(bench: Bench) -> None:
    """Memory: the most that a projector of this run has held."""
    bench.rig.note_memory()
    peak = bench.rig.peak_memory / 2**20
    bench.found(Figure("projector, peak resident memory", peak, "MB", aim=Aim(at_most=400)))


async def _read(bench: Bench, sample: list[float]) -> None:
    async with Client(bench.rig.settings.http) as client:
        for target in root_by_child(year_to_date(bench.parameters.seed)):
            sample.append((await client.get(target)).seconds)  # noqa: PERF401 - it ends by being cancelled
