"""What the migrations make is what the metadata says: by Alembic's comparison, and to the letter by the catalogs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from projections.store.schema import access_tables, tables

MIRROR: Final = "mirror"

COLUMNS: Final = """
SELECT relname, row_number() OVER (PARTITION BY relname ORDER BY attnum), attname, format_type(atttypid, atttypmod),
    attnotnull, attidentity, attstorage, collname, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_collation ON pg_collation.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
    AND relname <> 'alembic_version'
"""
RELATIONS: Final = """
SELECT relname, reloptions, obj_description(oid, 'pg_class'), pg_get_viewdef(oid)
FROM pg_class
WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind IN ('r', 'v') AND relname <> 'alembic_version'
"""
CONSTRAINTS: Final = """
SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
WHERE relnamespace = CAST(:schema AS regnamespace) AND relname <> 'alembic_version'
"""
INDEXES: Final = """
SELECT tablename, indexname, replace(indexdef, :schema || '.', '')
FROM pg_indexes WHERE schemaname = :schema AND tablename <> 'alembic_version'
"""
KINDS: Final = (COLUMNS, RELATIONS, CONSTRAINTS, INDEXES)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection to a migrated database; nothing that is done on it stays."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database), poolclass=NullPool
    )
    try:
        async with engine.connect() as opened:
            yield opened
    finally:
        await engine.dispose()


def _drift(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True, "include_schemas": True}
    context = MigrationContext.configure(connection, opts=options)
    found: list[Any] = compare_metadata(context, [tables.LOG, access_tables.ACCESS, tables.in_schema("g1")])  # type: ignore[arg-type]
    return found


async def test_alembic_finds_no_drift(connection: AsyncConnection) -> None:
    assert await connection.run_sync(_drift) == []


async def test_alembic_would_find_drift(connection: AsyncConnection) -> None:
    for change in (
        "ALTER TABLE g1.unit ALTER large DROP NOT NULL",
        "DROP INDEX ledger_key",
        "ALTER TABLE pause ALTER passed TYPE integer",
        "DROP TABLE g1.target CASCADE",
    ):
        await connection.execute(text(change))
    found = await connection.run_sync(_drift)
    kinds = {each[0] if isinstance(each, tuple) else each[0][0] for each in found}
    assert kinds == {"add_table", "add_index", "modify_type", "modify_nullable"}


def _mirror(connection: Connection, metadata: Any) -> None:
    there = tables.in_schema(MIRROR, metadata)
    there.create_all(connection)
    if metadata is tables.LOG:
        connection.execute(tables.UNCOMPRESSED.against(there.tables[f"{MIRROR}.ledger"]))
        tables.in_schema(MIRROR, access_tables.ACCESS).create_all(connection)
        return
    connection.execute(tables.AS_IT_IS.against(there.tables[f"{MIRROR}.packed"]))
    connection.execute(tables.AS_IT_IS.against(there.tables[f"{MIRROR}.breakdown"]))
    connection.execute(tables.UNPACKED.against(there.tables[f"{MIRROR}.breakdown"]))
    connection.execute(tables.APART.against(there.tables[f"{MIRROR}.breakdown_year"]))
    connection.execute(tables.UNPACKED.against(there.tables[f"{MIRROR}.as_now_past"]))
    connection.execute(tables.WHOLE.against(there.tables[f"{MIRROR}.running_sum"]))
    for name, definition in tables.VIEWS.items():
        connection.execute(text(f"CREATE VIEW {name} AS {definition}"))


@pytest.mark.parametrize(("schema", "metadata"), [("public", tables.LOG), ("g1", tables.GENERATION)])
async def test_each_table_is_what_the_metadata_says(connection: AsyncConnection, schema: str, metadata: Any) -> None:
    await connection.execute(text(f"CREATE SCHEMA {MIRROR}"))
    found = {}
    await connection.execute(text(f"SET LOCAL search_path = {MIRROR}, public"))
    await connection.run_sync(_mirror, metadata)
    for each in (schema, MIRROR):
        await connection.execute(text(f"SET LOCAL search_path = {each}, public"))
        found[each] = [
            sorted((tuple(row) for row in await connection.execute(text(kind), {"schema": each})), key=repr)
            for kind in KINDS
        ]
    for is_now, should in zip(found[schema], found[MIRROR], strict=True):
        assert is_now == should
        assert is_now
