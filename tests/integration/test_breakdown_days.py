"""What large pieces of breakdowns come to by days: made where it is missing, read in place of facts, never outlived."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import numpy as np
import pytest

from projections.rules.counting.breakdown import FACT, records
from projections.rules.counting.breakdown_days import SIZE, up_to_each_day
from projections.rules.counting.state import Sizes
from projections.store.batch import breakdown_days, breakdowns
from projections.store.batch.breakdown_days import add_days
from projections.store.batch.breakdowns import Breakdowns, sum_up
from projections.store.generations import enter_the_one_in_force
from projections.store.live.projection import Projection
from tests.integration.test_api import client_of, get
from tests.oracle.telling import ROOT, Said, admitted, founded, root
from tests.property.system import messages
from tests.servers import connect

UNIT: Final = 1
MONTH: Final = 200_202_301
LARGE: Final = 8


@pytest.fixture(autouse=True)
def _large_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdown_days, "WORTH", LARGE * FACT.itemsize)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await connect(database)
    await enter_the_one_in_force(opened)
    yield opened
    await opened.close()


def facts(n: int, first: int = 1) -> bytes:
    """Make facts of one day after the other, of two measures."""
    each = np.arange(first, first + n, dtype=np.int64)
    return records(each % 2 + 1, each % 28 + 1, each % 3).tobytes()


async def put(connection: asyncpg.Connection, *pieces: bytes, summed: bool = True) -> None:
    await connection.execute(
        "INSERT INTO breakdown (unit, month, summed, rows) SELECT $1, $2, $3, unnest($4::bytea[])",
        *(UNIT, MONTH, summed, list(pieces)),
    )


async def with_days(connection: asyncpg.Connection) -> int:
    """Count the pieces that have them; they are of their rows."""
    found = await connection.fetch("SELECT rows, days FROM breakdown WHERE days IS NOT NULL")
    assert all(days == up_to_each_day(np.frombuffer(rows, FACT)) for rows, days in found)
    return len(found)


async def test_large_pieces_that_are_summed_up_get_them(connection: asyncpg.Connection) -> None:
    await put(connection, facts(LARGE), facts(LARGE - 1))
    await put(connection, facts(LARGE), summed=False)
    assert not await add_days(connection, 1_000)
    assert await with_days(connection) == 1
    assert await connection.fetchval("SELECT octet_length(rows) FROM breakdown WHERE days IS NOT NULL") == 80


async def test_some_are_made_at_a_time(connection: asyncpg.Connection) -> None:
    await put(connection, facts(LARGE), facts(2 * LARGE), facts(LARGE))
    assert await add_days(connection, LARGE)
    assert await connection.fetchval("SELECT octet_length(rows) FROM breakdown WHERE days IS NOT NULL") == 160
    assert [await add_days(connection, LARGE) for _ in range(2)] == [True, False]
    assert await with_days(connection) == 3


@pytest.mark.parametrize("other", ["days || days", "substr(days, 1, 124)"])
async def test_those_of_other_codes_are_made_anew(connection: asyncpg.Connection, other: str) -> None:
    await put(connection, facts(LARGE))
    await add_days(connection, 1)
    await connection.execute(f"UPDATE breakdown SET days = {other}")
    await add_days(connection, 1)
    assert await with_days(connection) == 1


async def test_pieces_that_are_put_together_leave_none_behind(connection: asyncpg.Connection) -> None:
    await put(connection, *(facts(LARGE, first) for first in range(10)))
    await add_days(connection, 1_000)
    assert await with_days(connection) == 10
    await sum_up(connection)
    assert await connection.fetchval("SELECT count(*) FROM breakdown") == 1
    assert await with_days(connection) == 0
    await add_days(connection, 1_000)
    assert await with_days(connection) == 1


async def test_facts_that_are_taken_off_again_take_them_along(connection: asyncpg.Connection) -> None:
    await put(connection, facts(2 * LARGE))
    await add_days(connection, 1_000)
    gone = np.frombuffer(facts(LARGE - 1), FACT).copy()
    gone["what"] *= -1
    await put(connection, gone.tobytes(), summed=False)
    await sum_up(connection)
    await add_days(connection, 1_000)
    assert await connection.fetchval("SELECT octet_length(rows) FROM breakdown") == (LARGE + 1) * FACT.itemsize
    assert await with_days(connection) == 1


async def test_they_are_made_while_no_events_come(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breakdowns, "AT_ONCE", LARGE)
    await put(connection, facts(LARGE), facts(LARGE))
    written = Breakdowns()
    for n in (1, 2):
        assert written.due
        await written.rest(connection)
        assert await with_days(connection) == n
    assert not written.due


def told() -> list[Said]:
    cells = [f"c{n}" for n in range(5)]
    days = [f"2023-01-{day:02}" for day in range(1, 11)]
    units = [root(), *(founded(cell, ROOT, "2010-01-01", "cell") for cell in cells)]
    return [*units, *(admitted("c0", day, f"a-{day}", facets={"sex": "female"}) for day in days)]


async def test_they_are_read_in_place_of_facts_where_they_are_of_these_codes(
    database: str, connection: asyncpg.Connection
) -> None:
    projection = await Projection.open(database, root=ROOT, sizes=Sizes(large=3, vast=4))
    await projection.apply(messages(told()))
    await projection.close()
    await sum_up(connection)
    await add_days(connection, 1_000)
    assert await with_days(connection) == 1
    await connection.execute("UPDATE breakdown SET rows = rows || rows")  # so that it is seen who reads them
    async with client_of(database, smallest_cell=1) as client:

        async def women(first: int, last: int) -> int:
            asked = f"from=2023-01-{first:02}&to=2023-01-{last:02}&by=facet:sex&measures=admissions"
            found = await get(client, f"/v1/units/{ROOT}/report?{asked}")
            return next(int(row["values"]["admissions"]) for row in found["rows"] if row["code"] == "female")

        assert [await women(*days) for days in ((1, 1), (1, 4), (4, 10), (5, 7), (11, 31))] == [1, 4, 7, 3, 0]
        for other in (SIZE - 4, SIZE + 4):
            await connection.execute(f"UPDATE breakdown SET days = substr(days || days, 1, {other})")
            assert await women(5, 7) == 6
