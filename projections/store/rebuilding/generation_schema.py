"""The schema of a new generation: tables, indexes and views as those of the generation in use have them."""

from __future__ import annotations

from typing import Final

import asyncpg

from projections.store.generations import enter

BULK: Final = ("fact", "counter", "running_sum", "breakdown")
"""Tables that are filled at one go: they get their indexes afterwards."""
SEARCHED: Final = "unit_name"
"""The table in which names are searched: all but its keys is made afterwards, as trigrams cost more than the rows."""

_OURS: Final = "NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
_TABLES = f"""
SELECT relname AS name, array_to_string(reloptions, ', ') AS options
FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r' AND {_OURS} ORDER BY relname
"""
# With the schema in the search path its name is not in the definition.
_VIEWS = f"""
SELECT relname AS name, pg_get_viewdef(oid) AS definition
FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'v' AND {_OURS} ORDER BY relname
"""
_KEYS = """
SELECT pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u')
"""
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE indrelid = $1::text::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


async def make_schema(connection: asyncpg.Connection, schema: str, like: str) -> None:
    """Make the tables, empty, and the views; the bulk tables without indexes. The caller owns the transaction.

    The session sees the new schema afterwards.
    """
    await enter(connection, like)
    views = await connection.fetch(_VIEWS, like)
    await connection.execute(f"CREATE SCHEMA {schema}")
    for name, options in await connection.fetch(_TABLES, like):
        what = "INCLUDING ALL EXCLUDING INDEXES" if name in (*BULK, SEARCHED) else "INCLUDING ALL"
        having = f" WITH ({options})" if options else ""
        await connection.execute(f"CREATE TABLE {schema}.{name} (LIKE {like}.{name} {what}){having}")
    await _make_keys(connection, SEARCHED, schema, like)
    await enter(connection, schema)
    for name, definition in views:
        await connection.execute(f"CREATE VIEW {name} AS {definition}")


async def make_indexes(connection: asyncpg.Connection, table: str, schema: str, like: str) -> None:
    """Give a table the keys and indexes that it has in another generation and does not have yet, and statistics.

    The caller owns the transaction.
    """
    if table in BULK:
        await _make_keys(connection, table, schema, like)
    for (definition,) in await connection.fetch(_INDEXES, f"{like}.{table}"):
        await connection.execute(definition.replace(f" ON {like}.{table} ", f" ON {schema}.{table} ", 1))
    await connection.execute(f"ANALYZE {schema}.{table}")


async def _make_keys(connection: asyncpg.Connection, table: str, schema: str, like: str) -> None:
    for (definition,) in await connection.fetch(_KEYS, f"{like}.{table}"):
        await connection.execute(f"ALTER TABLE {schema}.{table} ADD {definition}")


async def drop_schema(connection: asyncpg.Connection, schema: str) -> None:
    """Drop a generation that is not in use, and what is known of it. The caller owns the transaction."""
    await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    await connection.execute("DELETE FROM generation WHERE name = $1", schema)
