"""One message that can't be processed among many: it is found at once, alone, and the log stays readable."""

from __future__ import annotations

from projections.store.log.outcome_sql import DECIDED
from tests.fault.load import told_of
from tests.fault.projecting import bench
from tests.oracle.telling import admitted, founded, root

MANY = 1_500
REFUSED_DAY = "1999-09-09"


async def test_it_costs_ten_lines_and_one_traceback(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await on.connection.execute(f"ALTER TABLE fact ADD CHECK (day <> '{REFUSED_DAY}')")
        await on.publish(root(since="1990-01-01"), founded("u1", "trung-uong", "1990-01-01"))
        log = [admitted("u1", "2023-01-01", f"e{n}") for n in range(MANY)]
        log.insert(1_100, admitted("u1", REFUSED_DAY, "poison"))
        await on.send(*map(told_of, log))
        with on.projector() as running:
            await on.settled()
            said = running.command.process.log.read_text()
        outcomes = [outcome for _, outcome, _ in await on.outcomes()]
        assert outcomes.count("counted") == MANY
        assert outcomes.count("rejected") == 1
        detail = await on.connection.fetchval(f"SELECT detail FROM {DECIDED} AS said WHERE outcome = 'rejected'")
        assert "violates check constraint" in detail
        assert "Failing row" not in detail + said  # the row has the member's reference
        assert len(said.splitlines()) <= 10
        assert said.count("Traceback") == 1
        assert "waiting" not in said  # nothing is slept over
