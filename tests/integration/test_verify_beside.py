"""`tonghop verify` beside a projector that goes on: what comes after the position compared is no difference."""

from __future__ import annotations

import asyncio

import asyncpg

from projections.store.live.projection import Projection
from projections.store.rebuilding.making.generation import COUNTERS
from services.settings import Settings
from services.verification.verifying import verify
from tests.fault.projecting import eventually
from tests.integration.test_verify import told
from tests.oracle.telling import ROOT, retracted
from tests.property.system import messages

WAITS = "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND relation = 'public.ledger'::regclass"


async def test_what_is_taken_back_meanwhile_is_no_difference(database: str) -> None:
    log = messages([*told(), retracted("c1", "r2", "a-c1-0")])
    projection = await Projection.open(database, root=ROOT)
    await projection.apply(log[:-1])
    locking: list[asyncio.Task[asyncpg.transaction.Transaction]] = []

    async def lock() -> asyncpg.transaction.Transaction:
        transaction = projection._connection.transaction()
        await transaction.start()
        await projection._connection.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
        return transaction

    def counted(phase: str, done: int, of: int) -> None:
        """Keep everybody else from the ledger when nothing is left but to compare."""
        if (phase, done) == (COUNTERS, of):
            locking.append(asyncio.create_task(lock()))

    watcher = await asyncpg.connect(database)

    async def waits() -> bool:
        return bool(await watcher.fetchval(WAITS))

    try:
        verifying = asyncio.create_task(verify(Settings(database_url=database), counted))
        await eventually(waits, "nobody compares the ledger")
        await projection.apply(log)
        await (await locking[0]).commit()
        comparison = (await verifying).comparison
        assert comparison.position == len(log) - 1
        assert not comparison, comparison
        assert (await verify(Settings(database_url=database), lambda *_: None)).comparison.position == len(log)
    finally:
        await watcher.close()
        await projection.close()
