"""A unit nests a thousand units by its own rights, and moves one near the bottom: nothing falls, and it can be rebuilt.

With unbounded depth the move was `malformed` (the interpreter's stack), and verify, rebuild and restore ended for good.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from projections.store.log.outcome_sql import DECIDED
from services.embedded.postgres import PostgresServer
from tests import servers
from tests.fault.projecting import bench
from tests.integration.restoring import tonghop
from tests.oracle.telling import ROOT, Said, admitted, founded, moved, root

CELL = "c0"
"""The unit that attacks: it stands one level below the root."""
NESTED = 1_000
DEEPEST = 63
"""Of those that it nests: the last that is not more than 64 levels below the root."""


def attack() -> list[Said]:
    """Nest units, each founded by the attacker under the one before, and move some that stand near the bottom."""
    nested = [CELL, *(f"n{m}" for m in range(1, NESTED))]
    log = [founded(f"n{m}", over, "2020-01-01", "cell", by=CELL) for m, over in enumerate(nested, start=1)]
    log += [moved(f"n{DEEPEST}", f"n{DEEPEST - 2}", "2021-01-01", "up", by=CELL)]
    log += [
        moved("n1", f"n{DEEPEST}", "2021-01-01", "ring", by=CELL),
        moved("n950", "n948", "2021-01-01", "far", by=CELL),
    ]
    return [*log, admitted(f"n{DEEPEST}", "2023-01-05", "deep", by=CELL)]


async def test_nesting_without_end_is_refused_and_everything_can_be_made_anew(
    party: str, database: str, postgres: PostgresServer
) -> None:
    async with bench(party, database) as on:
        told = [root(), founded(CELL, ROOT, "2010-01-01"), *attack()]
        await on.publish(*told)
        with on.projector() as running:
            await on.settled()
            running.command.stop()
        outcomes = await on.outcomes()
        assert Counter((outcome, reason) for _, outcome, reason in outcomes) == {
            ("applied", None): 2 + DEEPEST + 1,
            ("rejected", "too_deep"): 1,
            ("parked", "unknown_unit"): NESTED - DEEPEST - 1 + 1,
            ("rejected", "cycle"): 1,
            ("counted", None): 1,
        }
        assert (2 + DEEPEST + 1, "rejected", "too_deep") in outcomes
        for command in (("verify",), ("verify", "--from-log"), ("rebuild",)):
            done = await tonghop(on.settings, *command)
            assert done.code == 0, done.said
        async with servers.fresh_database(postgres) as another:
            done = await tonghop(replace(on.settings, database_url=another), "restore", "--from-log")
            assert done.code == 0, done.said
            connection = await servers.connect(another)
            rows = await connection.fetch(f"SELECT position, outcome, reason FROM {DECIDED} AS said ORDER BY position")
            assert [tuple(row) for row in rows] == outcomes
            await connection.close()
