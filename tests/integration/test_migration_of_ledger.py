"""A database in which the ledger said itself what became of its messages: the verdicts say the same afterwards."""

from __future__ import annotations

import asyncpg

from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from projections.store.schema.migrate import upgrade
from services.settings import Settings
from services.verification.rebuilding import rebuild
from tests.integration.test_migration_of_plans import FOURTH_VERSION
from tests.integration.test_rebuild import connection as connection  # noqa: PLC0414 - a fixture
from tests.integration.test_rebuild import more
from tests.integration.test_verify import SIZES, quietly, verified
from tests.oracle.telling import ROOT

OUTCOMES = f"SELECT * FROM {DECIDED} AS said ORDER BY position"
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'ledger'"


async def test_what_the_ledger_said_is_said_by_the_verdicts(database: str, connection: asyncpg.Connection) -> None:
    right = await connection.fetch(OUTCOMES)
    for statement in FOURTH_VERSION:
        await connection.execute(statement)
    told = await connection.fetch(f"SELECT {', '.join(dict(right[0]))} FROM ledger ORDER BY position")
    assert told == right
    await upgrade(database)
    assert await connection.fetch(OUTCOMES) == right
    assert {row["outcome"] for row in right} >= {"applied", "counted", "duplicate", "parked", "rejected", "retracted"}
    assert not {row[0] for row in await connection.fetch(COLUMNS)} & {"outcome", "held_at", "retracted_at"}
    # It goes on from there, and what is made anew beside it differs in nothing.
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(more(3))
    await live.close()
    assert not (await verified(database)).comparison
    done = await rebuild(Settings(database_url=database), quietly, sizes=SIZES)
    assert not done.comparison, done.comparison
    assert done.switched is not None
