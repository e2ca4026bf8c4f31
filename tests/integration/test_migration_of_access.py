"""A database of the version before access was on the log: each generation gets its table, empty, and goes on."""

from __future__ import annotations

import asyncpg

from projections.store.live.projection import Projection
from projections.store.schema.migrate import upgrade
from services.settings import Settings
from services.verification.rebuilding import go_back, rebuild
from tests.integration.test_migration_of_plans import FIFTH_VERSION
from tests.integration.test_verify import ACCOUNT, SIZES, quietly, told, verified
from tests.oracle.broken_down import without_pieces
from tests.oracle.spoiling import without_running_sums
from tests.oracle.telling import ROOT, granted
from tests.property.system import messages
from tests.servers import connect

WITHOUT = told()
STANDING = "SELECT position, account, role, granted FROM {}.standing_grant"


async def test_every_generation_has_the_table_and_is_carried_forward_with_it(database: str) -> None:
    settings = Settings(database_url=database)
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(messages(WITHOUT))
    await live.close()
    await rebuild(settings, quietly, sizes=SIZES)
    connection: asyncpg.Connection = await connect(database)
    try:
        gone = (
            *without_pieces("g2"),
            "DROP TABLE g2.packed",
            "DROP TABLE g2.access_grant CASCADE",
            "DROP TABLE g2.former_fact",
            "ALTER TABLE g2.fact DROP person",
        )
        for statement in (*FIFTH_VERSION, *gone, *without_running_sums("g2")):
            await connection.execute(statement)
        await upgrade(database)
        assert [await connection.fetch(STANDING.format(each)) for each in ("g1", "g2")] == [[], []]
        assert not (await verified(database)).comparison
        live = await Projection.open(database, root=ROOT, sizes=SIZES)
        await live.apply(messages([*WITHOUT, granted("u1", ACCOUNT, "keeper", "first", by=ROOT)]))
        await live.close()
        given = [(len(WITHOUT) + 1, f"a-{ACCOUNT}", "keeper", True)]
        assert [tuple(row) for row in await connection.fetch(STANDING.format("g2"))] == given
        # And so is the one that is kept as the way back.
        back = await go_back(settings, quietly, sizes=SIZES)
        assert back.switched is not None
        assert not back.comparison, back.comparison
        assert [tuple(row) for row in await connection.fetch(STANDING.format("g1"))] == given
    finally:
        await connection.close()
