"""A national database of its own, filled by COPY: twenty years of facts, late among them the reform; made anew once."""

import dataclasses
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from events.catalogue import MEASURES
from projections.rules.counting.periods import MONTH_BASE
from projections.rules.counting.state import SIZES
from projections.store.generations import enter
from projections.store.rebuilding.making.generation import Generation, LedgerSource
from projections.store.rebuilding.switching import drop_all_but
from projections.store.running_sql import taken_apart
from projections.store.schema.migrate import upgrade
from services.embedded.process import Process
from services.settings import Settings
from services.verification.rebuilding import bring_up
from tests import servers
from tests.bench.bench import Bench, Filled
from tests.bench.figures import Figure
from tests.bench.filling import fill
from tests.bench.rig import STOP, BenchError, answering
from tests.bench.world import ROOT

DATABASE: Final = "filled"
_NO_BUS: Final = "nats://127.0.0.1:1"
"""Its ledger says more than the stream does: the API is not to compare them."""
_TOTALS: Final = f"""
SELECT measure, sum(n) FROM ({taken_apart("running_sum")}) AS apart
WHERE unit = (SELECT no FROM unit WHERE id = '{ROOT}') AND period >= {MONTH_BASE} GROUP BY 1
"""


async def filled(bench: Bench) -> None:
    """Fill a database of its own with a history and the reform in it, and make what is in force."""
    if bench.filled is not None:
        return
    url = bench.rig.postgres.database_url(DATABASE)
    await servers.execute(bench.rig.postgres, f"CREATE DATABASE {DATABASE}")
    await upgrade(url)
    parameters, started = bench.parameters, time.perf_counter()
    contributions, moments = await fill(url, parameters.units, parameters.rebuild_events, parameters.seed)
    filling = time.perf_counter() - started
    connection = await asyncpg.connect(url)
    await _make_first(url, connection, contributions)
    bench.found(
        Figure("national database: events in its ledger", moments.last, "events"),
        Figure("national database: its ledger filled", filling, "s"),
        Figure("national database: made from that", time.perf_counter() - started - filling, "s"),
    )
    await connection.close()
    bench.filled = Filled(dataclasses.replace(bench.rig.settings, database_url=url), moments)


async def emptied(bench: Bench) -> None:
    """Drop that database again."""
    if bench.filled is not None:
        await servers.execute(bench.rig.postgres, f"DROP DATABASE {DATABASE} WITH (FORCE)")
        bench.filled = None


@asynccontextmanager
async def asked(bench: Bench) -> AsyncIterator[tuple[Process, Settings]]:
    """Run an API on that database alone, for as long as the block lasts."""
    assert bench.filled is not None, "the case before fills it"
    settings = dataclasses.replace(
        bench.filled.settings,
        http=servers.free_address(),
        metrics_http=servers.free_address(),
        nats_url=_NO_BUS,
    )
    process = Process("national", bench.rig.folder / "logs" / "national.log")
    process.start([sys.executable, "-m", "services.cli", "api"], environ={**os.environ, **settings.as_environment()})
    try:
        await answering(process, settings.http)
        yield process, settings
    finally:
        process.stop(STOP)


async def _make_first(url: str, connection: asyncpg.Connection, contributions: Counter[str]) -> None:
    """Make what is in force, and hold its root against what was said."""
    made = Generation(LedgerSource(url, ROOT, SIZES), connection, "g2", "g1")
    await made.open()
    await bring_up(made, lambda *_: None)
    await connection.execute("UPDATE checkpoint SET generation = 2; DELETE FROM generation WHERE name = 'g2'")
    await drop_all_but(connection, {2})
    await enter(connection, "g2")
    counted = {MEASURES[number - 1]: n for number, n in await connection.fetch(_TOTALS)}
    if counted != dict(contributions):
        raise BenchError(f"counted {counted}, filled with {contributions}")
    await connection.execute("VACUUM (ANALYZE)")
