"""A database of the version before sheets: its receipts go on, each as one part."""

from __future__ import annotations

import json

import asyncpg

from projections.store.schema.migrate import upgrade
from services.api import kept_receipts
from services.api.kept_receipts import KeptItem
from tests.integration.test_migration_of_plans import EIGHTH_VERSION
from tests.servers import connect


async def test_a_receipt_of_before_counts_what_it_has(database: str) -> None:
    connection: asyncpg.Connection = await connect(database)
    try:
        for statement in EIGHTH_VERSION:
            await connection.execute(statement)
        items = [["a", "1", "accepted", 5], ["a", "2", "refused", None, "invalid_field"], ["a", "3", "accepted", 6]]
        insert = "INSERT INTO receipt (id, account, items, answered_at) VALUES ('r-1', 'admin', $1, now())"
        await connection.execute(insert, json.dumps(items))
        await upgrade(database)
    finally:
        await connection.close()
    async with asyncpg.create_pool(database, min_size=0, max_size=1) as pool:
        kept = await kept_receipts.find(pool, "r-1", "admin")
        assert kept == ([KeptItem(*each) for each in items], True, 3)
        ((head,), more) = await kept_receipts.page(pool, "admin", before=None, limit=1)
        assert (head.id, head.items, head.accepted, more) == ("r-1", 3, 2, None)
        await kept_receipts.sweep(pool, 1)
        assert await kept_receipts.find(pool, "r-1", "admin") is not None
        await kept_receipts.sweep(pool, -1)
        assert await kept_receipts.find(pool, "r-1", "admin") is None
