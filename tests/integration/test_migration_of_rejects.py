"""A database of the version before the limit on rejects and the chain: what it rejected is counted by publisher."""

from __future__ import annotations

import asyncpg

from projections.store.live.projection import Projection
from projections.store.log import hash_chain
from projections.store.schema.migrate import upgrade
from services.settings import Settings
from services.verification.rebuilding import go_back, rebuild
from tests.integration.test_migration_of_plans import THIRD_VERSION
from tests.integration.test_rebuild import connection as connection  # noqa: PLC0414 - a fixture
from tests.integration.test_verify import SIZES, quietly, verified
from tests.oracle.broken_down import without_pieces
from tests.oracle.spoiling import without_running_sums

OF_THE_SECOND = (
    *without_pieces("g2"),
    "ALTER TABLE g2.fact DROP person",
    "DROP TABLE g2.packed",
    "DROP TABLE g2.access_grant CASCADE",
    "DROP TABLE g2.former_fact",
    *without_running_sums("g2"),
    "DROP TABLE g2.publisher_rejects",
    "ALTER TABLE g2.verdict ADD first boolean",
    "UPDATE g2.verdict SET first = ledger.first FROM ledger WHERE ledger.position = verdict.position",
)
REJECTS = "SELECT * FROM publisher_rejects ORDER BY 1, 2"


async def test_every_generation_counts_what_it_rejected(database: str, connection: asyncpg.Connection) -> None:
    settings = Settings(database_url=database)
    links = await connection.fetch("SELECT * FROM chain")
    right = await connection.fetch(REJECTS)
    assert [tuple(row)[:3] for row in right] == [("c0", "invalid_field", 1), ("c0", "unknown_type", 1)]
    await rebuild(settings, quietly, sizes=SIZES)
    for statement in (*THIRD_VERSION, *OF_THE_SECOND):
        await connection.execute(statement)
    await upgrade(database)
    assert await connection.fetch(REJECTS) == await connection.fetch(REJECTS.replace("FROM ", "FROM g2.")) == right
    done = await verified(database)
    assert not done.comparison, done.comparison
    # The ledger is chained by whoever loads it first.
    assert await connection.fetch("SELECT * FROM chain") == []
    await (await Projection.open(database)).close()
    assert await connection.fetch("SELECT * FROM chain") == links
    assert await hash_chain.head(connection) == tuple(links[-1])
    # The way back has its own count, and is carried forward with it.
    back = await go_back(settings, quietly, sizes=SIZES)
    assert back.switched is not None
    assert not back.comparison, back.comparison
