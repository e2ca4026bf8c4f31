"""Rows made for COPY by hand read back from a real PostgreSQL as what they were."""

from __future__ import annotations

import datetime as dt

import asyncpg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from projections.rules.counting.batch_changes import FactRow, LedgerRow
from projections.store.batch import copying
from projections.store.batch.copying import fact_rows, ledger_rows, sending, whole

WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=600)
TEXTS = st.none() | WORDS
BLOBS = st.binary(max_size=1_100)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
INTEGERS = st.integers(-(2**31), 2**31 - 1)
TIMES = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(9999, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
MAYBE = st.none() | NUMBERS
LEDGER = st.builds(
    LedgerRow,
    *(NUMBERS, TIMES, st.none() | BLOBS, st.none() | BLOBS, TEXTS, TEXTS, TEXTS, TEXTS, BLOBS),
    first=st.booleans(),
)
FACTS = st.builds(
    FactRow, INTEGERS, st.dates(), st.integers(-(2**15), 2**15 - 1), NUMBERS, NUMBERS, st.none() | NUMBERS
)
QUICKLY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def _sent(connection: asyncpg.Connection, table: str, columns: tuple[str, ...], rows: bytes) -> list[tuple]:  # type: ignore[type-arg]
    await connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS sent_{table} (LIKE {table})")
    await connection.execute(f"TRUNCATE sent_{table}")
    await connection.copy_to_table(f"sent_{table}", columns=columns, source=sending(whole([rows])), format="binary")
    return [tuple(row) for row in await connection.fetch(f"SELECT {', '.join(columns)} FROM sent_{table}")]


@given(rows=st.lists(LEDGER, max_size=8))
@QUICKLY
async def test_rows_of_the_ledger(database: str, rows: list[LedgerRow]) -> None:
    connection = await asyncpg.connect(database)
    try:
        found = await _sent(connection, "ledger", copying.LEDGER, ledger_rows(rows))
    finally:
        await connection.close()
    assert found == [tuple(getattr(row, name) for name in copying.LEDGER) for row in rows]


@given(rows=st.lists(FACTS, max_size=50))
@example(rows=[FactRow(1, day, 1, 1, 0, None) for day in (dt.date.min, dt.date.max)])
@QUICKLY
async def test_rows_of_facts(database: str, rows: list[FactRow]) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("SET search_path = g1, public")
        found = await _sent(connection, "fact", FactRow._fields, fact_rows(rows))
    finally:
        await connection.close()
    assert found == [tuple(row) for row in rows]
