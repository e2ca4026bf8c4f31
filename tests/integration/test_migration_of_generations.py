"""A database of the version before generations: all that was decided and counted is in the first one afterwards."""

from __future__ import annotations

import asyncpg

from projections.store.schema.migrate import upgrade
from tests.integration.test_migration_of_plans import SECOND_VERSION
from tests.integration.test_rebuild import connection as connection  # noqa: PLC0414 - a fixture
from tests.integration.test_verify import verified


async def test_what_was_decided_and_counted_before_is_the_first_generation(
    database: str, connection: asyncpg.Connection
) -> None:
    before = await connection.fetch("SELECT * FROM verdict ORDER BY position")
    for statement in SECOND_VERSION:
        await connection.execute(statement)
    await upgrade(database)
    assert await connection.fetch("SELECT * FROM verdict ORDER BY position") == before
    assert {row["outcome"] for row in before} == {"duplicate", "parked", "rejected", "retracted"}
    done = await verified(database)
    assert not done.comparison, done.comparison
