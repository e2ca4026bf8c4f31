"""The continuous check: silent where all is well, and it says what is wrong where a hand was in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import asyncpg
import httpx
import pytest

from projections.store.reading.invariants import ledger_is_whole, root_is_all, rows_make_total
from projections.store.reading.snapshot import snapshot
from tests.fault.projecting import bench, eventually
from tests.integration.test_proofs import FACTS, WORLD
from tests.integration.test_rebuild import connection as connection  # noqa: PLC0414 - a fixture
from tests.integration.test_verify import told
from tests.oracle.spoiling import NUMBERED, day_raised, month_raised
from tests.oracle.telling import ROOT

SAMPLES = 120
DAY = 20230105


COUNTER = "UPDATE counter SET n = n + 1 WHERE unit = (SELECT no FROM unit WHERE id = '{unit}') AND measure = 1"


def raised(unit: str) -> str:
    """Add to what a unit has on a day and in its month."""
    number = NUMBERED.format(unit=unit)
    return "; ".join((day_raised(DAY, unit=number), month_raised(DAY // 100, unit=number)))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as made:
        yield made


async def found(pool: asyncpg.Pool) -> dict[str, list[str]]:
    """Check everything, any unit often enough to have had each."""
    async with snapshot(pool) as opened:
        rows = [await rows_make_total(opened, Random(seed)) for seed in range(SAMPLES)]
        once = {
            "root": await root_is_all(opened, ROOT),
            "ledger": await ledger_is_whole(opened, 0),
            "later": await ledger_is_whole(opened, 12),
        }
    said = {"rows": [row for row in rows if row], **{name: [text] for name, text in once.items() if text}}
    return {name: texts for name, texts in said.items() if texts}


async def test_nothing_is_said_where_all_is_well(
    database: str, connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    assert await found(pool) == {}


async def test_nothing_is_said_of_an_empty_database(database: str, pool: asyncpg.Pool) -> None:
    async with snapshot(pool) as opened:
        assert await root_is_all(opened, ROOT) is None
        assert await rows_make_total(opened, Random(1)) is None
        assert await ledger_is_whole(opened, 0) is None


@pytest.mark.parametrize(
    ("statement", "names", "words"),
    [
        (raised(ROOT), {"root", "rows"}, "admissions"),
        (raised("u1"), {"rows"}, "admissions"),
        ("DELETE FROM fact WHERE position = 10", {"rows"}, "rows 18, total 19"),
        (
            "UPDATE tally SET n = n + 1 WHERE type = 'member.transferred' AND outcome = 'counted'",
            {"root"},
            "transfers_in",
        ),
        ("DELETE FROM ledger WHERE position = 14", {"ledger", "later"}, "messages, not"),
        ("DELETE FROM ledger WHERE position = 5", {"ledger"}, "positions 1 to"),
        (f"DELETE FROM ledger WHERE position = {len(told())}", {"ledger", "later"}, "the ledger ends at"),
    ],
)
async def test_what_is_wrong_is_said(
    connection: asyncpg.Connection, pool: asyncpg.Pool, statement: str, names: set[str], words: str
) -> None:
    await connection.execute(statement)
    said = await found(pool)
    assert said.keys() == names
    assert any(words in text for texts in said.values() for text in texts), said


async def test_the_metrics_of_the_projector_show_it(party: str, database: str) -> None:
    async with bench(party, database) as on:
        with on.projector() as running:
            await on.publish(*WORLD, *FACTS)
            await on.settled()

            async def metric(line: str) -> bool:
                async with httpx.AsyncClient(timeout=60) as client:
                    answer = await client.get(f"{running.url}/metrics")
                return line in answer.text.splitlines()

            async def well() -> bool:
                return await metric('tonghop_invariant_broken{invariant="ledger_is_whole"} 0.0')

            async def broken() -> bool:
                return await metric('tonghop_invariant_broken{invariant="root_is_all"} 1.0')

            await eventually(well, running.said)
            assert await metric('tonghop_invariant_failures_total{invariant="root_is_all"} 0.0')
            await on.connection.execute(COUNTER.format(unit=ROOT))
            await eventually(broken, running.said)
            assert "trung-uong has admissions: 9, 8 are counted" in running.said
